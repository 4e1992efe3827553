-- title: A bridge of Neutron takes flows from another controller
-- severity: critical
-- precision: likely
-- population: controllers of switches: SELECT count(*) FROM ovsdb_row WHERE table_name =
--   'Controller'
-- why: The agent controls its bridges from the node itself. A controller elsewhere may change every
--   flow: what tenants are kept apart by is in its hands.
-- fix: ovs-vsctl get-controller BRIDGE, and find out who set it; restart the node's Open vSwitch
--   agent, which sets its own controller again.
-- false-positives: A cloud whose switches are steered by another controller beside Neutron's agent
--   on purpose.
-- needs: ovsdb-dump
WITH own AS (
  -- Bridges that the agent works on.
  SELECT node, bridge AS name FROM v_provider_bridge
  UNION SELECT DISTINCT node, bridge FROM ovs_port WHERE network IS NOT NULL AND tag IS NOT NULL
  UNION SELECT DISTINCT p.node, p.bridge FROM ovs_port p
    JOIN ovs_interface i ON i.node = p.node AND i.port = p.name WHERE i.remote_ip IS NOT NULL
),
control AS MATERIALIZED (
  SELECT node, uuid, columns, file, line FROM ovsdb_row WHERE table_name = 'Controller'
),
switch AS MATERIALIZED (
  SELECT node, columns FROM ovsdb_row WHERE table_name = 'Bridge'
),
controller AS MATERIALIZED (
  SELECT b.node, json_extract(b.columns, '$.name') AS bridge, c.file, c.line,
    json_extract(b.columns, '$.other_config') AS other_config,
    trim(json_extract(c.columns, '$.target'), '"') AS target,
    trim(json_extract(c.columns, '$.connection_mode'), '"') AS mode
  FROM switch b
  JOIN control c ON c.node = b.node AND instr(json_extract(b.columns, '$.controller'), c.uuid) > 0
)
SELECT DISTINCT c.node || ' ' || o.name AS subject,
  'its controller is ' || c.target AS message, c.file, c.line
FROM controller c
JOIN own o ON o.node = c.node AND o.name = trim(c.bridge, '"')
WHERE c.target <> ''
  AND c.target NOT LIKE 'unix:%' AND c.target NOT LIKE 'punix:%'
  AND c.target NOT LIKE 'tcp:127.%' AND c.target NOT LIKE 'ssl:127.%'
  AND c.target NOT LIKE 'ptcp:%:127.%' AND c.target NOT LIKE 'pssl:%:127.%'
  AND c.target NOT LIKE '%[::1]%' AND c.target NOT LIKE '%:localhost:%'
  -- The agent may be told to listen on an address of the node.
  AND NOT EXISTS (
    SELECT 1 FROM agent_option a
    WHERE a.node = c.node AND lower(a.section) = 'ovs' AND a.name = 'of_listen_address'
      AND a.value <> '' AND instr(c.target, a.value) > 0)
ORDER BY 1;

/* test: a controller elsewhere
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net');
INSERT INTO ovsdb_row (node, table_name, uuid, columns) VALUES
  ('n1', 'Bridge', 'b', '{"name":"\"br-int\"","controller":"[\"uuid\",\"c\"]"}'),
  ('n1', 'Controller', 'c', '{"target":"\"tcp:192.0.2.9:6653\""}');
expect: n1 br-int
*/
/* test: the node itself, an address that the agent is told, somebody's own bridge
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net'), ('n2', 'br-int', 'tap2', 2, 'net');
INSERT INTO agent_option (node, section, name, value)
  VALUES ('n2', 'ovs', 'of_listen_address', '192.0.2.2');
INSERT INTO ovsdb_row (node, table_name, uuid, columns) VALUES
  ('n1', 'Bridge', 'b', '{"name":"\"br-int\"","controller":"[\"uuid\",\"c1\"]"}'),
  ('n1', 'Controller', 'c1', '{"target":"\"tcp:127.0.0.1:6633\""}'),
  ('n1', 'Bridge', 'l', '{"name":"\"br-lan\"","controller":"[\"uuid\",\"c2\"]"}'),
  ('n1', 'Controller', 'c2', '{"target":"\"tcp:192.0.2.9:6653\""}'),
  ('n2', 'Bridge', 'b', '{"name":"\"br-int\"","controller":"[\"uuid\",\"c3\"]"}'),
  ('n2', 'Controller', 'c3', '{"target":"\"tcp:192.0.2.2:6633\""}');
expect: nothing
*/
