-- title: The switch can be programmed over the network
-- severity: high
-- precision: likely
-- population: sockets of nodes: SELECT count(*) FROM socket WHERE namespace = 'root' AND path IS
--   NULL
-- why: The switch database (port 6640) and the agent's OpenFlow controller (6633) ask nobody for a
--   password, and Neutron needs them on the loopback address alone. Whoever reaches them rewires
--   every guest of the node.
-- fix: ovs-vsctl set-manager ptcp:6640:127.0.0.1; set of_listen_address to 127.0.0.1 in the section
--   [ovs] of openvswitch_agent.ini, and restart the agent.
-- false-positives: Nodes whose switch a second controller programs, behind a packet filter.
-- references: OSSN-0018
-- needs: ss-local|ss
SELECT s.node || ' ' || s.transport || ' ' || s.port AS subject,
  'listens on ' || coalesce(s.address, 'every address') || coalesce(' (' || (
      SELECT group_concat(DISTINCT p.name) FROM socket_process p WHERE p.socket = s.id) || ')', '')
    AS message,
  s.file, s.line
FROM socket s
WHERE s.namespace = 'root' AND s.transport = 'tcp' AND s.state = 'LISTEN' AND s.port IN (6633, 6640)
  AND coalesce(s.address, '') NOT LIKE '127.%'
  AND coalesce(s.address, '') NOT IN ('::1', '[::1]', '::ffff:127.0.0.1')
  AND coalesce(s.interface, '') <> 'lo'
  -- Nodes that have a switch.
  AND EXISTS (SELECT 1 FROM ovs_bridge b WHERE b.node = s.node)
ORDER BY 1, 2;

/* test: the switch database for all, the controller on an address
INSERT INTO ovs_bridge (node, name) VALUES ('n1', 'br-int');
INSERT INTO socket (id, node, namespace, transport, state, address, port) VALUES
  (1, 'n1', 'root', 'tcp', 'LISTEN', NULL, 6640),
  (2, 'n1', 'root', 'tcp', 'LISTEN', '192.0.2.1', 6633);
expect: n1 tcp 6640
expect: n1 tcp 6633
*/
/* test: for the node itself, another service, and a node without a switch
INSERT INTO ovs_bridge (node, name) VALUES ('n1', 'br-int');
INSERT INTO socket (id, node, namespace, transport, state, address, port) VALUES
  (1, 'n1', 'root', 'tcp', 'LISTEN', '127.0.0.1', 6640),
  (2, 'n1', 'root', 'tcp', 'LISTEN', '::1', 6633),
  (3, 'n1', 'root', 'tcp', 'LISTEN', NULL, 22), (4, 'n2', 'root', 'tcp', 'LISTEN', NULL, 6640);
expect: nothing
*/
