-- title: A tunnel starts at another address than its node's agent reports
-- severity: high
-- precision: certain
-- population: tunnels: SELECT count(*) FROM v_tunnel
-- why: The far node sends to the address that the agent reported, and takes tunnels from there
--   only. Packets that leave with another source, or arrive for another one, belong to no tunnel
--   and are dropped.
-- fix: Set local_ip of the node's Open vSwitch agent right and restart it; ovs-vsctl del-port the
--   tunnels that it leaves.
-- references: LP1853613
-- needs: drift:tunnel-port, ovsdb-dump, openflow-flows, neutron-agents
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'tunnel-port' AND d.kind = 'different' AND d.wanted LIKE 'local end%'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: another local end
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'different', 'high', 'n1', 'n1', 'n1', 'br-tun vxlan-1',
    'local end 192.0.2.1', 'local end 192.0.2.9');
expect: n1 n1
*/
/* test: no flow for the tunnel is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'different', 'high', 'n1', 'n1', 'n1', 'br-tun vxlan-1',
    'a row of table 0 that takes its frames', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('tunnel-port', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'different', 'high', 'n1', 'n1', 'n1', 'br-tun vxlan-1',
    'local end 192.0.2.1', 'local end 192.0.2.9');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
