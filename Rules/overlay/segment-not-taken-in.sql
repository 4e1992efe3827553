-- title: What tunnels bring for a network is dropped
-- severity: high
-- precision: certain
-- population: local VLANs of networks: SELECT count(*) FROM v_network_local_vlan
-- why: The node has ports of the network, and no flow that puts the network's tunnel id into its
--   local VLAN: frames from other nodes end in the tunnel bridge.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- needs: drift:tunnel-vlan, openflow-flows, ovsdb-dump, neutron-networks, neutron-agents
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'tunnel-vlan' AND d.kind = 'missing'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: no flow for the tunnel id
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-vlan', 'missing', 'high', 'net', 'blue', 'n1', 'br-tun',
    'tunnel id 100 into VLAN 2', 'none');
expect: n1 blue
*/
/* test: into another VLAN is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-vlan', 'different', 'critical', 'net', 'blue', 'n1', 'br-tun table 4',
    'tunnel id 100 into VLAN 2', 'into VLAN 3');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('tunnel-vlan', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-vlan', 'missing', 'high', 'net', 'blue', 'n1', 'br-tun',
    'tunnel id 100 into VLAN 2', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
