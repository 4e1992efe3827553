-- title: What a physical network brings for a network is dropped
-- severity: high
-- precision: certain
-- population: bridges to physical networks: SELECT count(*) FROM v_provider_bridge
-- why: The node has ports of the network, and no flow that puts the provider's VLAN into the local
--   one: what other nodes and routers send ends in the integration bridge.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- needs: drift:provider-inbound, openflow-flows, ovsdb-dump, neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'provider-inbound' AND d.kind = 'missing'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: no flow
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('provider-inbound', 'missing', 'high', 'net', 'blue', 'n1', 'br-int table 0',
    'vlan physnet 200 into VLAN 2', 'none');
expect: n1 blue
*/
/* test: the way out is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('provider-outbound', 'missing', 'high', 'net', 'blue', 'n1', 'br-ex',
    'VLAN 2 out as vlan physnet 200', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('provider-inbound', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('provider-inbound', 'missing', 'high', 'net', 'blue', 'n1', 'br-int table 0',
    'vlan physnet 200 into VLAN 2', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
