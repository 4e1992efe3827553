-- title: A node filters no port, though Neutron's ports are to be filtered
-- severity: critical
-- precision: likely
-- population: nodes: SELECT count(*) FROM node
-- why: The Open vSwitch agent's configuration switches its packet filter off. Security groups are
--   taken by the API and enforced by nothing: every guest of the node may send and receive all.
-- fix: Set firewall_driver in the section [securitygroup] of the node's openvswitch_agent.ini to
--   openvswitch or iptables_hybrid, as on other nodes, and restart the agent.
-- false-positives: Nodes whose ports are filtered outside of them, by the network card or the
--   fabric.
-- needs: agent-configuration, neutron-ports, neutron-agents
WITH off AS (
  SELECT o.node, o.name, o.value, o.file, o.line
  FROM agent_option o
  WHERE o.section = 'securitygroup' AND o.path LIKE '%openvswitch_agent.ini'
    AND (o.name = 'firewall_driver'
        AND lower(o.value) IN ('noop', 'neutron.agent.firewall.noopfirewalldriver')
      OR o.name = 'enable_security_group' AND lower(o.value) IN ('false', '0', 'no', 'off'))
    -- Of an option that stands twice, the last one counts.
    AND NOT EXISTS (
      SELECT 1 FROM agent_option l
      WHERE l.node = o.node AND l.section = o.section AND l.name = o.name AND l.path = o.path
        AND l.line > o.line)
),
filtered AS (
  SELECT h.node, count(*) AS ports
  FROM neutron_port p JOIN v_host_node h ON h.host = p.host
  WHERE p.is_port_security_enabled AND p.device_owner LIKE 'compute:%'
    AND p.vif_type IN ('ovs', 'vhostuser')
    AND EXISTS (SELECT 1 FROM neutron_port_security_group g WHERE g.port = p.id)
  GROUP BY h.node
)
SELECT o.node AS subject,
  o.name || ' is ' || o.value || ', and ' || f.ports || ' port'
    || CASE f.ports WHEN 1 THEN '' ELSE 's' END || ' with security groups are on the node'
    AS message,
  o.file, o.line
FROM off o JOIN filtered f ON f.node = o.node
ORDER BY 1, 2;

/* test: no driver
INSERT INTO agent_option (node, path, section, name, value, line)
  VALUES ('n1', '/etc/neutron/openvswitch_agent.ini', 'securitygroup', 'firewall_driver', 'noop',
    3);
INSERT INTO neutron_port (id, device_owner, host, vif_type, is_port_security_enabled)
  VALUES ('p', 'compute:nova', 'n1', 'ovs', 1);
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g');
expect: n1
*/
/* test: a driver further down, the server's file, and a node whose ports ask for no filter
INSERT INTO agent_option (node, path, section, name, value, line) VALUES
  ('n1', '/etc/neutron/openvswitch_agent.ini', 'securitygroup', 'firewall_driver', 'noop', 3),
  ('n1', '/etc/neutron/openvswitch_agent.ini', 'securitygroup', 'firewall_driver', 'openvswitch',
    9),
  ('n1', '/etc/neutron/ml2_conf.ini', 'securitygroup', 'firewall_driver', 'noop', 3),
  ('n2', '/etc/neutron/openvswitch_agent.ini', 'securitygroup', 'firewall_driver', 'noop', 3);
INSERT INTO neutron_port (id, device_owner, host, vif_type, is_port_security_enabled)
  VALUES ('p', 'compute:nova', 'n1', 'ovs', 1), ('q', 'compute:nova', 'n2', 'ovs', 0);
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g');
expect: nothing
*/
