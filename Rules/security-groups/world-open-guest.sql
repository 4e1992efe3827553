-- title: The world reaches a guest's administration or database port
-- severity: info
-- precision: possible
-- population: servers' ports: SELECT count(*) FROM neutron_port WHERE device_owner LIKE 'compute:%'
-- why: A security group admits any sender to a service that is meant for few, and the port can be
--   reached from outside: by a floating IP, a forwarded port, or as a port of an external network.
-- fix: openstack security group rule delete RULE, then create it with --remote-ip PREFIX of those
--   who need it.
-- false-positives: Servers that are meant to be reached, such as a gate for ssh.
-- needs: neutron-ports, neutron-floatingips, neutron-networks, neutron-security-group-rules
WITH service(port) AS (
  VALUES (22), (23), (445), (1433), (2375), (2379), (3306), (3389), (5432), (5900), (5985), (6379),
    (9200), (11211), (27017)
),
outside AS (
  SELECT f.port, 4 AS family, NULL AS only_port, 'floating IP ' || f.address AS way
  FROM neutron_floating_ip f WHERE f.port IS NOT NULL
  UNION ALL
  SELECT w.internal_port_id, 4, w.internal_port,
    'port ' || coalesce(w.external_port, '?') || ' of floating IP ' || f.address
  FROM neutron_port_forwarding w JOIN neutron_floating_ip f ON f.id = w.floating_ip
  WHERE w.protocol = 'tcp'
  UNION ALL
  SELECT p.id, x.family, NULL, 'external network ' || coalesce(nullif(n.name, ''), n.id)
  FROM neutron_network n
  JOIN neutron_port p ON p.network = n.id AND p.device_owner LIKE 'compute:%'
  CROSS JOIN (SELECT 4 AS family UNION ALL SELECT 6) x
  WHERE n.is_external AND EXISTS (
    SELECT 1 FROM neutron_fixed_ip a
    WHERE a.port = p.id AND (instr(a.address, ':') > 0) = (x.family = 6))
),
admitted AS (
  SELECT DISTINCT o.port, o.way, s.port AS service, r.file, r.line
  FROM outside o
  JOIN neutron_port_security_group m ON m.port = o.port
  JOIN neutron_security_group_rule r ON r.security_group = m.security_group
    AND r.direction = 'ingress' AND r.family = o.family
  JOIN service s ON s.port = coalesce(o.only_port, s.port)
  WHERE r.remote_group IS NULL AND r.remote_address_group IS NULL
    AND coalesce(r.remote_prefix, '0.0.0.0/0') IN ('0.0.0.0/0', '::/0')
    AND coalesce(lower(r.protocol), 'tcp') IN ('tcp', '6', 'any', '0')
    AND s.port BETWEEN coalesce(r.port_minimum, 1) AND coalesce(r.port_maximum, 65535)
)
SELECT coalesce(nullif(p.name, ''), p.id) AS subject,
  'any sender reaches tcp ' || (
      SELECT group_concat(service, ', ') FROM (
        SELECT DISTINCT x.service FROM admitted x
        WHERE x.port = a.port AND x.way = a.way ORDER BY 1))
    || ' by ' || a.way AS message,
  a.file, a.line
FROM admitted a JOIN neutron_port p ON p.id = a.port
WHERE coalesce(p.is_port_security_enabled, 1)
ORDER BY 1, 2, 3, 4;

/* test: ssh by a floating IP
INSERT INTO neutron_port (id, name, device_owner) VALUES ('p', 'web', 'compute:nova');
INSERT INTO neutron_floating_ip (id, address, port) VALUES ('f', '192.0.2.10', 'p');
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g');
INSERT INTO neutron_security_group_rule
  (id, security_group, direction, family, protocol, port_minimum, port_maximum)
  VALUES ('r', 'g', 'ingress', 4, 'tcp', 1, 1024);
expect: web
*/
/* test: a database by a forwarded port
INSERT INTO neutron_port (id, name, device_owner) VALUES ('p', 'db', 'compute:nova');
INSERT INTO neutron_floating_ip (id, address) VALUES ('f', '192.0.2.10');
INSERT INTO neutron_port_forwarding
  (id, floating_ip, protocol, external_port, internal_port_id, internal_port)
  VALUES ('w', 'f', 'tcp', 15432, 'p', 5432);
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g');
INSERT INTO neutron_security_group_rule (id, security_group, direction, family, remote_prefix)
  VALUES ('r', 'g', 'ingress', 4, '0.0.0.0/0');
expect: db
*/
/* test: a web server, senders that are named, no way from outside, and the other IP version
INSERT INTO neutron_port (id, name, device_owner) VALUES
  ('p', 'web', 'compute:nova'), ('q', 'gate', 'compute:nova'), ('r', 'inner', 'compute:nova'),
  ('s', 'six', 'compute:nova');
INSERT INTO neutron_floating_ip (id, address, port)
  VALUES ('f', '192.0.2.10', 'p'), ('g', '192.0.2.11', 'q'), ('h', '192.0.2.12', 's');
INSERT INTO neutron_port_security_group (port, security_group)
  VALUES ('p', 'web'), ('q', 'gate'), ('r', 'open'), ('s', 'six');
INSERT INTO neutron_security_group_rule
  (id, security_group, direction, family, protocol, port_minimum, port_maximum, remote_prefix)
  VALUES
  ('1', 'web', 'ingress', 4, 'tcp', 443, 443, NULL),
  ('2', 'gate', 'ingress', 4, 'tcp', 22, 22, '198.51.100.0/24'),
  ('3', 'open', 'ingress', 4, NULL, NULL, NULL, NULL),
  ('4', 'six', 'ingress', 6, NULL, NULL, NULL, NULL);
expect: nothing
*/
