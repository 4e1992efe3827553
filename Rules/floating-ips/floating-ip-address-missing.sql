-- title: A router's gateway does not hold a floating IP
-- severity: high
-- precision: certain
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: Where floating IPs are not distributed, the gateway's device has their addresses and answers
--   ARP for them, also for those that only forward ports. This one it does not have: nobody outside
--   finds it.
-- fix: Restart the L3 agent of the node named. Disassociating the floating IP and associating it
--   again sets its address anew.
-- references: LP1896735
-- needs: drift:floating-address, ip-addr, neutron-floatingips, neutron-routers, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'floating-address' AND d.kind = 'missing'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ip-addr')
ORDER BY 1, 2, 3, 4;

/* test: no address
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-address', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r qg-1',
    '192.0.2.10', 'none');
expect: n1 192.0.2.10
*/
/* test: an address too many is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-address', 'extra', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r qg-1',
    'not associated', '192.0.2.10/32 of router r');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('floating-address', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-address', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r qg-1',
    '192.0.2.10', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-addr', 'missing');
expect: unknown
*/
