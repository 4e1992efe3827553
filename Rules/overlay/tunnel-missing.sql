-- title: Two nodes of an overlay network have no tunnel to each other
-- severity: high
-- precision: certain
-- population: tunnels: SELECT count(*) FROM v_tunnel
-- why: Guests of one network on both nodes reach each other only through this tunnel. The agent that
--   missed the notice of the other one's tunnel address does not ask again.
-- fix: Restart the Open vSwitch agent of the node that lacks the port; check local_ip on both.
-- references: LP1853613, LP2004041
-- needs: ovsdb-dump, neutron-agents
WITH tunnel_end AS (
  SELECT h.node, a.tunnel_address AS address, a.file, a.line
  FROM neutron_agent a JOIN v_host_node h ON h.host = a.host
  WHERE a.tunnel_address IS NOT NULL AND a.tunnel_types <> '[]'
),
overlay AS (
  SELECT DISTINCT node, network FROM v_network_local_vlan
  WHERE network_type IN ('vxlan', 'gre', 'geneve')
),
missing AS (
  SELECT a.node, b.node AS remote, b.address, b.file, b.line,
    (SELECT count(*) FROM overlay x JOIN overlay y USING (network)
      WHERE x.node = a.node AND y.node = b.node) AS networks
  FROM tunnel_end a JOIN tunnel_end b ON b.node <> a.node
  LEFT JOIN (
    SELECT DISTINCT node, remote_ip FROM ovs_interface WHERE remote_ip IS NOT NULL) i
    ON i.node = a.node AND i.remote_ip = b.address
  WHERE i.node IS NULL
    AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ovsdb-dump' AND g.node = a.node)
)
SELECT node || ' to ' || remote AS subject,
  'no tunnel port to ' || address || ', and both nodes have ports of ' || networks
    || ' overlay network' || CASE networks WHEN 1 THEN '' ELSE 's' END AS message,
  file, line
FROM missing WHERE networks > 0
ORDER BY 1;

/* test: one direction is missing
INSERT INTO neutron_agent (id, host, tunnel_address, tunnel_types) VALUES
  ('a', 'n1', '192.0.2.1', '["vxlan"]'), ('b', 'n2', '192.0.2.2', '["vxlan"]');
INSERT INTO neutron_port (id, host) VALUES ('p', 'n1'), ('q', 'n2');
INSERT INTO ovs_port (node, name, tag, network, network_type, other_config) VALUES
  ('n1', 'tap1', 1, 'net', 'vxlan', '{"tag":"1"}'), ('n2', 'tap2', 5, 'net', 'vxlan', '{"tag":"5"}');
INSERT INTO ovs_interface (node, name, remote_ip) VALUES ('n2', 'vxlan-1', '192.0.2.1');
expect: n1 to n2
*/
/* test: nodes that share no overlay network
INSERT INTO neutron_agent (id, host, tunnel_address, tunnel_types) VALUES
  ('a', 'n1', '192.0.2.1', '["vxlan"]'), ('b', 'n2', '192.0.2.2', '["vxlan"]');
INSERT INTO ovs_port (node, name, tag, network, network_type, other_config) VALUES
  ('n1', 'tap1', 1, 'one', 'vxlan', '{"tag":"1"}'), ('n2', 'tap2', 5, 'other', 'vxlan', '{"tag":"5"}'),
  ('n1', 'tap3', 2, 'flat', 'vlan', '{"tag":"2"}'), ('n2', 'tap4', 6, 'flat', 'vlan', '{"tag":"6"}');
expect: nothing
*/
