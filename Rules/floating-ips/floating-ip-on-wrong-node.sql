-- title: A floating IP is alive on a node that it does not belong to
-- severity: high
-- precision: likely
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: The port moved, or the router's kind changed, and the node that served the floating IP
--   before still answers for it while the right one does not.
-- fix: Restart the L3 agent of the node named. It drops what is not its own; the other node's agent
--   has to be restarted as well if the floating IP does not appear there.
-- false-positives: A server that migrated while nodes were captured.
-- references: LP1796491, LP1718788
-- needs: drift:floating-address, drift:floating-route, ip-addr, ip-route-4|ip-route,
--   neutron-floatingips, neutron-routers, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code IN ('floating-address', 'floating-route')
  AND d.kind IN ('twice', 'wrong-node')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('ip-addr', 'ip-route-4', 'ip-route'))
  -- Where two nodes hold it, another rule names both.
  AND (
    SELECT count(DISTINCT h.node) FROM v_floating_ip_holder h
    WHERE h.floating_ip = d.object AND h.how <> 'dnat') < 2
ORDER BY 1, 2, 3, 4;

/* test: here, and nowhere else
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-route', 'twice', 'high', 'f', '192.0.2.10', 'n1', 'fip-x', 'on n2', '192.0.2.10/32');
expect: n1 192.0.2.10
*/
/* test: no longer associated is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-route', 'extra', 'high', 'f', '192.0.2.10', 'n1', 'fip-x',
    'no such floating IP is associated', '192.0.2.10/32');
expect: nothing
*/
/* test: on two nodes is another finding
INSERT INTO neutron_floating_ip (id, address) VALUES ('f', '192.0.2.10');
INSERT INTO address (node, namespace, interface, address) VALUES
  ('n1', 'qrouter-r', 'qg-1', '192.0.2.10'), ('n2', 'qrouter-s', 'qg-2', '192.0.2.10');
INSERT INTO drift (code, kind, object, name, node, place, wanted, found) VALUES
  ('floating-address', 'twice', 'f', '192.0.2.10', 'n2', 'qrouter-s qg-2', 'on n1',
    '192.0.2.10/32');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('floating-address', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-route', 'twice', 'high', 'f', '192.0.2.10', 'n1', 'fip-x', 'on n2', '192.0.2.10/32');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-addr', 'missing');
expect: unknown
*/
