-- title: The tunnel bridge takes no frames from one of its tunnels
-- severity: high
-- precision: certain
-- population: tunnels: SELECT count(*) FROM v_tunnel
-- why: Each tunnel has a flow in the first table that takes its frames in. Without it what the far
--   node sends is dropped, while the way there still works.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1853613
-- needs: drift:tunnel-port, openflow-flows, ovsdb-dump, neutron-agents
SELECT d.node || ' ' || d.place AS subject,
  'wanted ' || d.wanted || ', found ' || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'tunnel-port' AND d.kind = 'different' AND d.wanted LIKE 'a row of table 0%'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: no flow for it
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'different', 'high', 'n1', 'n1', 'n1', 'br-tun vxlan-1',
    'a row of table 0 that takes its frames', 'none');
expect: n1 br-tun vxlan-1
*/
/* test: a wrong local end is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'different', 'high', 'n1', 'n1', 'n1', 'br-tun vxlan-1',
    'local end 192.0.2.1', 'local end 192.0.2.9');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('tunnel-port', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'different', 'high', 'n1', 'n1', 'n1', 'br-tun vxlan-1',
    'a row of table 0 that takes its frames', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
