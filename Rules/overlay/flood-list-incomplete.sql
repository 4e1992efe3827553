-- title: A network's broadcasts do not reach all of its nodes
-- severity: high
-- precision: certain
-- population: local VLANs of networks: SELECT count(*) FROM v_network_local_vlan
-- why: Broadcasts, and frames to addresses that are not known yet, are copied to the tunnels of one
--   flow. Behind a tunnel that it lacks nobody hears ARP or DHCP of this node, though known
--   addresses may still answer.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1978088, LP1853613
-- needs: drift:tunnel-flood, openflow-flows, ovsdb-dump, neutron-agents, neutron-ports,
--   neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'tunnel-flood' AND d.kind = 'missing'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: one tunnel of two
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-flood', 'missing', 'high', 'net', 'blue', 'n1', 'br-tun table 22, VLAN 2',
    'to 192.0.2.2, 192.0.2.3', 'to 192.0.2.2');
expect: n1 blue
*/
/* test: more than was asked for reaches no port
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-flood', 'extra', 'medium', 'net', 'blue', 'n1', 'br-tun table 22, VLAN 2',
    'to 192.0.2.2', 'to 192.0.2.2, 192.0.2.3');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('tunnel-flood', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-flood', 'missing', 'high', 'net', 'blue', 'n1', 'br-tun table 22, VLAN 2',
    'to 192.0.2.2, 192.0.2.3', 'to 192.0.2.2');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
