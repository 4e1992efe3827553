-- title: A flow drops everything that a port sends
-- severity: high
-- precision: certain
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: The agent blocks a port whose admin state is down by one flow of table 0 that takes all its
--   frames. The flow is still there, and Neutron has the port up: the guest hears, and nobody hears
--   it.
-- fix: openstack port set --disable PORT, then --enable; if the flow stays, restart the node's Open
--   vSwitch agent.
-- references: LP1930414, LP1959564
-- needs: drift:port-blocked, openflow-flows, ovsdb-dump, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'port-blocked' AND d.kind = 'extra'
ORDER BY 1, 2, 3, 4;

/* test: a row of the dead VLAN on a port that is up
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-blocked', 'extra', 'high', 'p', 'web', 'n1', 'br-int table 0',
    'administratively up', 'in_port=7 actions=drop');
expect: n1 web
*/
/* test: another comparison of the same port
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-vlan', 'different', 'critical', 'p', 'web', 'n1', 'tap1', 'VLAN 2', 'VLAN 3');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('port-blocked', 'n1', 'not captured');
expect: unknown
*/
