-- title: A bridge of Neutron has hidden flows for its controller
-- severity: medium
-- precision: certain
-- population: controllers of switches: SELECT count(*) FROM ovsdb_row WHERE table_name =
--   'Controller'
-- why: A bridge that reaches its controller in band has flows of its own before all others, which
--   no list of flows shows. They let ARP, DHCP and the controller's traffic pass by the pipeline.
-- fix: ovs-vsctl set Bridge BRIDGE other_config:disable-in-band=true; agents of 2023.1 and later
--   set it themselves.
-- references: LP1992953
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
  'connection_mode of its controller ' || c.target || ' is '
    || CASE c.mode WHEN 'in-band' THEN 'in-band' ELSE 'not set, which is in-band' END
    || ', and disable-in-band is not true' AS message,
  c.file, c.line
FROM controller c
JOIN own o ON o.node = c.node AND o.name = trim(c.bridge, '"')
WHERE c.mode IN ('in-band', '["set",[]]')
  AND coalesce(c.other_config, '') NOT LIKE '%"disable-in-band","true"%'
  -- Without addresses to reach there are no hidden flows.
  AND (c.target LIKE 'tcp:%' OR c.target LIKE 'ssl:%')
ORDER BY 1;

/* test: not set
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net');
INSERT INTO ovsdb_row (node, table_name, uuid, columns) VALUES
  ('n1', 'Bridge', 'b', '{"name":"\"br-int\"","controller":"[\"uuid\",\"c\"]"}'),
  ('n1', 'Controller', 'c',
    '{"target":"\"tcp:127.0.0.1:6633\"","connection_mode":"[\"set\",[]]"}');
expect: n1 br-int
*/
/* test: out of band, or switched off
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net'), ('n2', 'br-int', 'tap2', 2, 'net');
INSERT INTO ovsdb_row (node, table_name, uuid, columns) VALUES
  ('n1', 'Bridge', 'b', '{"name":"\"br-int\"","controller":"[\"uuid\",\"c1\"]"}'),
  ('n1', 'Controller', 'c1',
    '{"target":"\"tcp:127.0.0.1:6633\"","connection_mode":"\"out-of-band\""}'),
  ('n2', 'Bridge', 'b', '{"name":"\"br-int\"","controller":"[\"uuid\",\"c2\"]",
    "other_config":"[\"map\",[[\"disable-in-band\",\"true\"]]]"}'),
  ('n2', 'Controller', 'c2',
    '{"target":"\"tcp:127.0.0.1:6633\"","connection_mode":"[\"set\",[]]"}');
expect: nothing
*/
