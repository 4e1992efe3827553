-- title: A provider network's VLAN is put into another network
-- severity: critical
-- precision: certain
-- population: bridges to physical networks: SELECT count(*) FROM v_provider_bridge
-- why: The flow at the physical bridge translates between the provider's VLAN and a local VLAN that
--   is another network's here. Guests of both hear each other's broadcasts, and the network itself
--   is cut off on this node.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1806052
-- needs: drift:provider-inbound, drift:provider-outbound, openflow-flows, ovsdb-dump,
--   neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code IN ('provider-inbound', 'provider-outbound')
  AND d.kind = 'different'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: inbound and outbound
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('provider-inbound', 'different', 'critical', 'net', 'blue', 'n1', 'br-int table 0',
    'vlan physnet 200 into VLAN 2', 'into VLAN 3'),
  ('provider-outbound', 'different', 'critical', 'other', 'red', 'n1', 'br-ex table 2',
    'VLAN 3 out as vlan physnet 201', 'set_field 200');
expect: n1 blue
expect: n1 red
*/
/* test: no flow is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('provider-inbound', 'missing', 'high', 'net', 'blue', 'n1', 'br-int table 0',
    'vlan physnet 200 into VLAN 2', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('provider-inbound', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('provider-inbound', 'different', 'critical', 'net', 'blue', 'n1', 'br-int table 0',
    'vlan physnet 200 into VLAN 2', 'into VLAN 3'),
  ('provider-outbound', 'different', 'critical', 'other', 'red', 'n1', 'br-ex table 2',
    'VLAN 3 out as vlan physnet 201', 'set_field 200');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
