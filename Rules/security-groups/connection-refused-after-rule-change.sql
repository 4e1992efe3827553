-- title: A connection that the rules allow is still marked as refused
-- severity: medium
-- precision: likely
-- population: tracked connections: SELECT count(*) FROM conntrack
-- why: When the openvswitch firewall sees a packet of a connection that its rules no longer allow,
--   it marks the connection, and drops its packets from then on. The rules allow it again, and the
--   mark is still there: the connection hangs until it is forgotten.
-- fix: conntrack -D with the connection's zone and addresses, or ovs-appctl dpctl/flush-conntrack
--   with them on a node with the userspace datapath.
-- false-positives: A connection that its own end marks for another reason; rules that were changed
--   while the node was captured.
-- references: LP1915530, LP2122495, LP2154561
-- needs: conntrack|dpctl-conntrack, ovsdb-dump, neutron-ports, neutron-security-groups,
--   neutron-security-group-rules
WITH marked AS (
  SELECT c.*, v.network, CASE WHEN instr(c.source, ':') > 0 THEN 6 ELSE 4 END AS family,
    CASE c.protocol WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' END AS word
  FROM conntrack c
  JOIN v_network_local_vlan v ON v.node = c.node AND v.local_vlan = c.zone
  WHERE c.mark = 1 AND c.protocol IN (6, 17) AND coalesce(c.namespace, 'root') = 'root'
),
-- Ports on the node that filter it: the guest that it comes from, and the one that it goes to.
filtered AS (
  SELECT m.*, n.id AS port, 'ingress' AS direction
  FROM marked m
  JOIN neutron_fixed_ip f ON f.address = m.destination
  JOIN neutron_port n ON n.id = f.port AND n.network = m.network
  JOIN v_host_node h ON h.host = n.host AND h.node = m.node
  WHERE coalesce(n.is_port_security_enabled, 1)
  UNION ALL
  SELECT m.*, n.id, 'egress'
  FROM marked m
  JOIN neutron_fixed_ip f ON f.address = m.source
  JOIN neutron_port n ON n.id = f.port AND n.network = m.network
  JOIN v_host_node h ON h.host = n.host AND h.node = m.node
  WHERE coalesce(n.is_port_security_enabled, 1)
),
judged AS (
  SELECT x.*, EXISTS (
    SELECT 1 FROM neutron_port_security_group s
    JOIN neutron_security_group_rule r ON r.security_group = s.security_group
    WHERE s.port = x.port AND r.direction = x.direction AND r.family = x.family
      AND (r.protocol IS NULL OR r.protocol IN (x.word, CAST(x.protocol AS TEXT)))
      AND (r.port_minimum IS NULL OR x.destination_port
        BETWEEN r.port_minimum AND coalesce(r.port_maximum, r.port_minimum))
      AND r.remote_group IS NULL AND r.remote_address_group IS NULL
      AND coalesce(r.remote_prefix, '0.0.0.0/0') IN ('0.0.0.0/0', '::/0')) AS is_allowed
  FROM filtered x
)
SELECT j.node || ' ' || j.source || ' to ' || j.destination || ':' || j.destination_port AS subject,
  j.word || ' in zone ' || j.zone || ' has mark 1, and the rules of '
    || group_concat(j.port, ' and ') || ' allow it' AS message,
  j.file, j.line
FROM judged j
GROUP BY j.node, j.zone, j.protocol, j.source, j.source_port, j.destination, j.destination_port
HAVING min(j.is_allowed) = 1
ORDER BY 1, 3, 4;

/* test: allowed from everywhere, and marked
INSERT INTO neutron_port (id, network, host) VALUES ('p', 'net', 'n1');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1');
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g');
INSERT INTO neutron_security_group_rule
  (id, security_group, direction, family, protocol, port_minimum, port_maximum)
  VALUES ('r', 'g', 'ingress', 4, 'tcp', 20, 30);
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net', '{"tag":"2"}');
INSERT INTO conntrack (node, protocol, source, destination, destination_port, zone, mark)
  VALUES ('n1', 6, '10.0.0.2', '10.0.0.1', 22, 2, 1);
expect: n1 10.0.0.2 to 10.0.0.1:22
*/
/* test: not marked, another port, a group that may not hold the far end
INSERT INTO neutron_port (id, network, host) VALUES ('p', 'net', 'n1');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1');
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g');
INSERT INTO neutron_security_group_rule
  (id, security_group, direction, family, protocol, port_minimum, port_maximum, remote_group) VALUES
  ('r', 'g', 'ingress', 4, 'tcp', 20, 30, NULL), ('s', 'g', 'ingress', 4, 'tcp', 443, 443, 'other');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net', '{"tag":"2"}');
INSERT INTO conntrack (node, protocol, source, destination, destination_port, zone, mark) VALUES
  ('n1', 6, '10.0.0.2', '10.0.0.1', 22, 2, 0), ('n1', 6, '10.0.0.2', '10.0.0.1', 80, 2, 1),
  ('n1', 6, '10.0.0.2', '10.0.0.1', 443, 2, 1);
expect: nothing
*/
