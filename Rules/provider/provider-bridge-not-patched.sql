-- title: A bridge to a physical network is not connected to the integration bridge
-- severity: high
-- precision: certain
-- population: bridges to physical networks: SELECT count(*) FROM v_provider_bridge
-- why: The patch between them is the only way from guests and routers to the physical network.
-- fix: Restart the node's Open vSwitch agent, which makes the patch ports again.
-- needs: ovsdb-dump, neutron-agents
SELECT b.node || ' ' || b.bridge AS subject,
  'no pair of patch ports between ' || b.bridge || ' and another bridge' AS message, o.file, o.line
FROM v_provider_bridge b JOIN ovs_bridge o ON o.node = b.node AND o.name = b.bridge
WHERE NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ovsdb-dump' AND g.node = b.node)
  AND NOT EXISTS (
    SELECT 1 FROM v_switch_port p JOIN v_switch_port q
      ON q.node = p.node AND q.name = p.peer AND q.peer = p.name AND q.bridge <> p.bridge
    WHERE p.node = b.node AND p.bridge = b.bridge)
  -- Before Open vSwitch had patch ports, or by configuration, a veth pair does the same.
  AND NOT EXISTS (
    SELECT 1 FROM v_switch_port p
    WHERE p.node = b.node AND p.bridge = b.bridge AND p.name LIKE 'phy-%' AND p.type <> 'patch')
ORDER BY 1;

/* test: the far end is gone
INSERT INTO neutron_agent (id, host, bridge_mappings) VALUES ('a', 'n1', '{"physnet":"br-ex"}');
INSERT INTO ovs_bridge (node, name) VALUES ('n1', 'br-ex');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-ex', 'phy-br-ex');
INSERT INTO ovs_interface (node, port, name, type, peer)
  VALUES ('n1', 'phy-br-ex', 'phy-br-ex', 'patch', 'int-br-ex');
expect: n1 br-ex
*/
/* test: both ends name each other
INSERT INTO neutron_agent (id, host, bridge_mappings) VALUES ('a', 'n1', '{"physnet":"br-ex"}');
INSERT INTO ovs_bridge (node, name) VALUES ('n1', 'br-ex');
INSERT INTO ovs_port (node, bridge, name)
  VALUES ('n1', 'br-ex', 'phy-br-ex'), ('n1', 'br-int', 'int-br-ex');
INSERT INTO ovs_interface (node, port, name, type, peer) VALUES
  ('n1', 'phy-br-ex', 'phy-br-ex', 'patch', 'int-br-ex'), ('n1', 'int-br-ex', 'int-br-ex', 'patch', 'phy-br-ex');
expect: nothing
*/
