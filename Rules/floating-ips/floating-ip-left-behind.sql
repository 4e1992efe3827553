-- title: A floating IP is still alive that is no longer associated
-- severity: high
-- precision: likely
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: Neutron has taken the floating IP from its port, and a node still answers for it. If
--   somebody else gets it, two nodes do; until then what is sent to it gets to the old port.
-- fix: Restart the L3 agent of the node named. Until then ip addr del, or ip route del in the
--   floating IP namespace, silences it.
-- false-positives: A floating IP that was disassociated between the capture of Neutron's answers
--   and that of the node, or an address that somebody set by hand.
-- references: LP1796491, LP1740450, LP1817306, LP1718788
-- needs: drift:floating-address, drift:floating-route, ip-addr, ip-route-4|ip-route,
--   neutron-floatingips, neutron-routers, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code IN ('floating-address', 'floating-route')
  AND d.kind = 'extra'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('ip-addr', 'ip-route-4', 'ip-route'))
ORDER BY 1, 2, 3, 4;

/* test: an address and a route
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-address', 'extra', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r qg-1',
    'not associated', '192.0.2.10/32 of router r'),
  ('floating-route', 'extra', 'high', 'g', '192.0.2.11', 'n1', 'fip-x',
    'no such floating IP is associated', '192.0.2.11/32');
expect: n1 192.0.2.10
expect: n1 192.0.2.11
*/
/* test: on two nodes is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-address', 'twice', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r qg-1',
    'on n2', '192.0.2.10/32 of router r');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('floating-address', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-address', 'extra', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r qg-1',
    'not associated', '192.0.2.10/32 of router r'),
  ('floating-route', 'extra', 'high', 'g', '192.0.2.11', 'n1', 'fip-x',
    'no such floating IP is associated', '192.0.2.11/32');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-addr', 'missing');
expect: unknown
*/
