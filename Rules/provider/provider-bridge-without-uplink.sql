-- title: A bridge to a physical network has no physical port
-- severity: high
-- precision: certain
-- population: bridges to physical networks: SELECT count(*) FROM v_provider_bridge
-- why: What the node sends to the provider network ends in the bridge: floating IPs, SNAT and provider
--   networks of that node are cut off from the outside.
-- fix: Add the network interface or bond to the bridge (ovs-vsctl add-port), or correct
--   bridge_mappings.
-- needs: ovsdb-dump, neutron-agents
SELECT b.node || ' ' || b.bridge AS subject,
  'physical network ' || b.physical_network || ': '
    || CASE WHEN o.name IS NULL THEN 'the bridge does not exist'
      ELSE 'the bridge has no port but Open vSwitch''s own' END AS message,
  coalesce(o.file, b.file) AS file, coalesce(o.line, b.line) AS line
FROM v_provider_bridge b LEFT JOIN ovs_bridge o ON o.node = b.node AND o.name = b.bridge
WHERE NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ovsdb-dump' AND g.node = b.node)
  AND NOT EXISTS (
  SELECT 1 FROM v_switch_port p
  WHERE p.node = b.node AND p.bridge = b.bridge
    AND p.type NOT IN ('internal', 'vxlan', 'gre', 'geneve')
    -- A patch leads out where it leads to another bridge than the integration bridge.
    AND (p.type <> 'patch' OR coalesce(p.peer, '') NOT LIKE 'int-%')
    -- The far end of a veth pair to the integration bridge.
    AND p.name NOT LIKE 'phy-%')
ORDER BY 1;

/* test: only the bridge's own port and the patch to the integration bridge
INSERT INTO neutron_agent (id, host, bridge_mappings) VALUES ('a', 'n1', '{"physnet":"br-ex"}');
INSERT INTO ovs_bridge (node, name) VALUES ('n1', 'br-ex');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-ex', 'br-ex'), ('n1', 'br-ex', 'phy-br-ex');
INSERT INTO ovs_interface (node, port, name, type, peer)
  VALUES ('n1', 'br-ex', 'br-ex', 'internal', NULL), ('n1', 'phy-br-ex', 'phy-br-ex', 'patch', 'int-br-ex');
expect: n1 br-ex
*/
/* test: the bridge is not there
INSERT INTO neutron_agent (id, host, bridge_mappings) VALUES ('a', 'n1', '{"physnet":"br-ex"}');
expect: n1 br-ex
*/
/* test: a network interface, a DPDK port, a patch to another bridge
INSERT INTO neutron_agent (id, host, bridge_mappings)
  VALUES ('a', 'n1', '{"one":"br-a","two":"br-b","three":"br-c"}');
INSERT INTO ovs_port (node, bridge, name)
  VALUES ('n1', 'br-a', 'eth1'), ('n1', 'br-b', 'dpdk0'), ('n1', 'br-c', 'to-lan');
INSERT INTO ovs_interface (node, port, name, type, peer) VALUES
  ('n1', 'eth1', 'eth1', '', NULL), ('n1', 'dpdk0', 'dpdk0', 'dpdk', NULL),
  ('n1', 'to-lan', 'to-lan', 'patch', 'from-c');
expect: nothing
*/
