-- title: A guest reaches a node's own services
-- severity: critical
-- precision: likely
-- population: sockets of nodes: SELECT count(*) FROM socket WHERE namespace = 'root' AND path IS
--   NULL
-- why: A packet of a guest arrives at the node's own stack by a way that agents do not leave open
--   everywhere, and services of the node listen there: one of them that has a hole opens the node,
--   and with it all its guests.
-- fix: Take the address or device named out of the tenants' networks, or close the services to it
--   in the node's INPUT chain.
-- false-positives: The packet that was traced may be of another protocol than the service; the
--   node's packet filter may refuse that one.
-- references: OSSN-0018, OSSN-0069
-- needs: reach, ss-local|ss
WITH way AS (
  SELECT DISTINCT source, target_node AS node, target_device AS device, packet, file, line
  FROM leak
  WHERE source_kind = 'guest' AND target_kind = 'stack' AND target_namespace = 'root'
    AND border = 'host' AND exposure IS NULL AND verdict = 'confirmed'
),
service AS (
  SELECT s.node, group_concat(DISTINCT s.transport || ' ' || s.port) AS ports
  FROM socket s
  WHERE s.namespace = 'root' AND s.path IS NULL AND s.port IS NOT NULL
    AND (s.transport = 'tcp' AND s.state = 'LISTEN' OR s.transport = 'udp' AND s.state = 'UNCONN')
    AND coalesce(s.address, '0.0.0.0') IN ('0.0.0.0', '::', '*')
  GROUP BY s.node
)
SELECT w.node || ' ' || w.device AS subject,
  w.source || ' reaches it (' || w.packet || '), and the node listens on ' || v.ports AS message,
  w.file, w.line
FROM way w JOIN service v ON v.node = w.node
ORDER BY 1, 2;

/* test: a way into the node, and ssh
INSERT INTO leak (source_kind, source, target_kind, target_node, target_namespace, target_device,
    border, exposure, verdict, packet)
  VALUES ('guest', 'web', 'stack', 'n1', 'root', 'br-ex', 'host', NULL, 'confirmed', 'icmp');
INSERT INTO socket (id, node, namespace, transport, state, port)
  VALUES (1, 'n1', 'root', 'tcp', 'LISTEN', 22);
expect: n1 br-ex
*/
/* test: a way that is open everywhere, a router's stack, and a node that listens to itself
INSERT INTO leak (source_kind, source, target_kind, target_node, target_namespace, target_device,
    border, exposure, verdict, packet) VALUES
  ('guest', 'web', 'stack', 'n1', 'root', 'br-ex', 'host', 'bridge-mac', 'confirmed', 'icmp'),
  ('guest', 'web', 'stack', 'n1', 'qrouter-1', 'qr-1', 'router', NULL, 'confirmed', 'icmp'),
  ('guest', 'web', 'stack', 'n2', 'root', 'br-ex', 'host', NULL, 'confirmed', 'icmp');
INSERT INTO socket (id, node, namespace, transport, state, address, port) VALUES
  (1, 'n1', 'root', 'tcp', 'LISTEN', NULL, 22), (2, 'n2', 'root', 'tcp', 'LISTEN', '127.0.0.1', 22);
expect: nothing
*/
/* test: nobody looked at all packets
INSERT INTO reach_unknown (reason) VALUES ('nobody looked at all packets');
expect: unknown
*/
