-- title: A connection is still open that no rule of the port allows
-- severity: high
-- precision: likely
-- population: tracked connections: SELECT count(*) FROM conntrack
-- why: Packets of connections that are tracked pass before the rules are asked. When a rule goes,
--   the agent has to make the kernel forget the connections that it allowed: this one it did not,
--   and it stays open as long as it is used.
-- fix: conntrack -D -w ZONE on the node, with the connection's addresses; look into the agent's log
--   for conntrack.
-- false-positives: A data connection that a protocol helper (FTP, SIP) let in beside one that is
--   allowed.
-- references: LP1335375, LP1580377, LP1668958
-- needs: conntrack, iptables, neutron-ports, neutron-security-groups, neutron-security-group-rules
WITH port AS (
  SELECT DISTINCT z.node, z.zone, n.id, n.name
  FROM v_port_conntrack_zone z
  JOIN (SELECT id, name, substr(id, 1, 11) AS owner FROM neutron_port
    WHERE coalesce(is_port_security_enabled, 1)) n ON n.owner = z.owner
),
connection AS (
  SELECT c.node, c.zone, c.source, c.destination, c.destination_port, c.file, c.line,
    CASE WHEN instr(c.source, ':') > 0 THEN 6 ELSE 4 END AS family
  FROM conntrack c
  WHERE c.namespace = 'root' AND c.protocol = 6 AND c.state = 'ESTABLISHED' AND c.zone > 0
),
filtered AS (
  SELECT c.*, p.id AS port, p.name, CASE f.address WHEN c.destination THEN 'ingress'
    ELSE 'egress' END AS direction
  FROM connection c
  JOIN port p ON p.node = c.node AND p.zone = c.zone
  JOIN neutron_fixed_ip f ON f.port = p.id AND f.address IN (c.source, c.destination)
)
SELECT x.node || ' ' || coalesce(nullif(x.name, ''), x.port) AS subject,
  x.direction || ' TCP ' || x.source || ' to ' || x.destination || ':' || x.destination_port
    || ' is established in zone ' || x.zone || ', and no rule names TCP with that port'
    AS message,
  x.file, x.line
FROM filtered x
WHERE EXISTS (SELECT 1 FROM neutron_port_security_group s WHERE s.port = x.port)
  AND NOT EXISTS (
    SELECT 1 FROM gap g
    WHERE g.format IN ('neutron-security-groups', 'neutron-security-group-rules'))
  -- Any far end counts: what remote groups and prefixes hold is not asked here.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port_security_group s
    JOIN neutron_security_group_rule r ON r.security_group = s.security_group
    WHERE s.port = x.port AND r.direction = x.direction AND r.family = x.family
      AND (r.protocol IS NULL OR lower(r.protocol) IN ('tcp', '6', 'any', '0'))
      AND (r.port_minimum IS NULL OR x.destination_port
        BETWEEN r.port_minimum AND coalesce(r.port_maximum, r.port_minimum)))
  -- A tenant's view does not show every group of a port.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port_security_group s
    WHERE s.port = x.port
      AND NOT EXISTS (SELECT 1 FROM neutron_security_group g WHERE g.id = s.security_group))
ORDER BY 1, 2, 3, 4;

/* test: no rule has the port
INSERT INTO neutron_port (id, name) VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web');
INSERT INTO neutron_fixed_ip (port, address)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', '10.0.0.1');
INSERT INTO neutron_security_group (id) VALUES ('g');
INSERT INTO neutron_port_security_group (port, security_group)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'g');
INSERT INTO neutron_security_group_rule
  (id, security_group, direction, family, protocol, port_minimum, port_maximum)
  VALUES ('r', 'g', 'ingress', 4, 'tcp', 80, 80);
INSERT INTO iptables_rule (node, table_name, target, physical_in, ct_zone)
  VALUES ('n1', 'raw', 'CT', 'tap01234567-89', 4097);
INSERT INTO conntrack
  (node, namespace, protocol, source, destination, destination_port, zone, state)
  VALUES ('n1', 'root', 6, '10.0.0.2', '10.0.0.1', 22, 4097, 'ESTABLISHED');
expect: n1 web
*/
/* test: a rule has it, the port opened it, or it is over
INSERT INTO neutron_port (id, name) VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web');
INSERT INTO neutron_fixed_ip (port, address)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', '10.0.0.1');
INSERT INTO neutron_security_group (id) VALUES ('g');
INSERT INTO neutron_port_security_group (port, security_group)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'g');
INSERT INTO neutron_security_group_rule
  (id, security_group, direction, family, protocol, port_minimum, port_maximum) VALUES
  ('r', 'g', 'ingress', 4, 'tcp', 20, 30), ('s', 'g', 'egress', 4, NULL, NULL, NULL);
INSERT INTO iptables_rule (node, table_name, target, physical_in, ct_zone)
  VALUES ('n1', 'raw', 'CT', 'tap01234567-89', 4097);
INSERT INTO conntrack
  (node, namespace, protocol, source, destination, destination_port, zone, state) VALUES
  ('n1', 'root', 6, '10.0.0.2', '10.0.0.1', 22, 4097, 'ESTABLISHED'),
  ('n1', 'root', 6, '10.0.0.1', '10.0.0.2', 5000, 4097, 'ESTABLISHED'),
  ('n1', 'root', 6, '10.0.0.2', '10.0.0.1', 99, 4097, 'TIME_WAIT');
expect: nothing
*/
/* test: Neutron's rules were not captured
INSERT INTO gap (path, format, reason)
  VALUES ('neutron/security-group-rules.json', 'neutron-security-group-rules', 'missing');
expect: unknown
*/
