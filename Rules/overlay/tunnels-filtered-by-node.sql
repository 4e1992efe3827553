-- title: A node's own packet filter drops what tunnels bring
-- severity: high
-- precision: likely
-- population: tunnels: SELECT count(*) FROM v_tunnel
-- why: Tunnels' packets come in by the node's INPUT chain. A rule there drops them, and no rule
--   before it lets them pass: other nodes of the overlay do not reach this one.
-- fix: Allow the tunnels' protocol (VXLAN UDP 4789, Geneve UDP 6081, GRE protocol 47) from the
--   other nodes' tunnel addresses before that rule.
-- false-positives: A node whose tunnels go by an interface that another filter admits.
-- references: LP1839252
-- needs: iptables, ovsdb-dump
WITH tunnel AS (
  SELECT DISTINCT i.node, i.type,
    CASE i.type WHEN 'vxlan' THEN coalesce(json_extract(i.options, '$.dst_port'), '4789')
      WHEN 'geneve' THEN coalesce(json_extract(i.options, '$.dst_port'), '6081') END AS port
  FROM ovs_interface i
  JOIN ovs_port p ON p.node = i.node AND p.name = i.port
  JOIN ovs_bridge b ON b.node = p.node AND b.name = p.bridge
  WHERE i.type IN ('vxlan', 'geneve', 'gre') AND i.remote_ip LIKE '%.%'
    -- The userspace datapath takes its packets before the node's filter sees them.
    AND b.datapath_type <> 'netdev'
)
SELECT r.node || ' ' || t.type AS subject, '"' || r.rule || '" drops it' AS message, r.file, r.line
FROM tunnel t
JOIN iptables_rule r ON r.node = t.node AND r.namespace = 'root' AND r.table_name = 'filter'
  AND r.chain = 'INPUT' AND r.family = 4 AND r.target IN ('DROP', 'REJECT')
-- Only a rule that names the tunnel, for all sources and devices.
WHERE (t.port IS NOT NULL AND r.rule LIKE '%-p udp %--dport ' || t.port || ' %'
    OR t.type = 'gre' AND (r.rule LIKE '%-p gre %' OR r.rule LIKE '%-p 47 %'))
  AND r.source_prefix IS NULL AND r.destination_prefix IS NULL AND r.in_interface IS NULL
  AND r.rule NOT LIKE '%!%'
  -- Whatever may let it pass before: an ACCEPT that does not name something else, another chain.
  AND NOT EXISTS (
    SELECT 1 FROM iptables_rule e
    WHERE e.node = r.node AND e.namespace = 'root' AND e.table_name = 'filter' AND e.family = 4
      AND e.source = r.source AND e.chain = 'INPUT' AND e.position < r.position
      AND e.rule NOT LIKE '% -i lo %' AND e.rule NOT LIKE '%ESTABLISHED%'
      AND e.target NOT IN ('DROP', 'REJECT', 'LOG')
      AND NOT (e.rule LIKE '%--dport %' AND e.rule NOT LIKE '%--dport ' || t.port || ' %')
      AND e.target NOT LIKE 'neutron-%')
ORDER BY 1, 3, 4;

/* test: VXLAN is dropped
INSERT INTO ovs_bridge (node, name) VALUES ('n1', 'br-tun');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-tun', 'vxlan-1');
INSERT INTO ovs_interface (node, port, name, type, remote_ip)
  VALUES ('n1', 'vxlan-1', 'vxlan-1', 'vxlan', '192.0.2.2');
INSERT INTO iptables_rule (node, table_name, chain, position, target, rule) VALUES
  ('n1', 'filter', 'INPUT', 1, 'ACCEPT', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
  ('n1', 'filter', 'INPUT', 2, 'DROP', '-A INPUT -p udp -m udp --dport 4789 -j DROP');
expect: n1 vxlan
*/
/* test: let pass before, another protocol, or a node with the userspace datapath
INSERT INTO ovs_bridge (node, name, datapath_type)
  VALUES ('n1', 'br-tun', ''), ('n2', 'br-tun', 'netdev');
INSERT INTO ovs_port (node, bridge, name)
  VALUES ('n1', 'br-tun', 'vxlan-1'), ('n2', 'br-tun', 'vxlan-1');
INSERT INTO ovs_interface (node, port, name, type, remote_ip) VALUES
  ('n1', 'vxlan-1', 'vxlan-1', 'vxlan', '192.0.2.2'),
  ('n2', 'vxlan-1', 'vxlan-1', 'vxlan', '192.0.2.1');
INSERT INTO iptables_rule (node, table_name, chain, position, target, source_prefix, rule) VALUES
  ('n1', 'filter', 'INPUT', 1, 'ACCEPT', '192.0.2.0/24', '-A INPUT -s 192.0.2.0/24 -j ACCEPT'),
  ('n1', 'filter', 'INPUT', 2, 'DROP', NULL, '-A INPUT -p udp -m udp --dport 4789 -j DROP'),
  ('n1', 'filter', 'INPUT', 3, 'DROP', NULL, '-A INPUT -p udp -m udp --dport 6081 -j DROP'),
  ('n2', 'filter', 'INPUT', 1, 'DROP', NULL, '-A INPUT -p udp -m udp --dport 4789 -j DROP');
expect: nothing
*/
