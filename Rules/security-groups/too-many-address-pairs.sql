-- title: A port has more allowed address pairs than Neutron takes by default
-- severity: info
-- precision: possible
-- population: ports with allowed address pairs: SELECT count(DISTINCT port) FROM
--   neutron_address_pair
-- why: Each pair becomes rules and flows on the port's node, and members of every set that names
--   the port's group. Long lists make the agent's rounds take minutes; releases without a limit let
--   any tenant do so.
-- fix: openstack port unset --allowed-address ip-address=PREFIX PORT; name one wider prefix
--   instead; keep max_allowed_address_pair small in the server's neutron.conf.
-- false-positives: A limit that was raised in a file that was not captured.
-- references: OSSA-2014-025, CVE-2014-3555, LP1336207
-- needs: neutron-ports
WITH allowed AS (
  SELECT coalesce(max(CAST(value AS INTEGER)), 10) AS pairs
  FROM agent_option
  WHERE section = 'DEFAULT' AND name = 'max_allowed_address_pair' AND value GLOB '[0-9]*'
),
listed AS (
  SELECT port, count(*) AS pairs FROM neutron_address_pair GROUP BY port
)
SELECT coalesce(nullif(p.name, ''), p.id) AS subject,
  l.pairs || ' pairs, and ' || a.pairs || ' are the limit' AS message, p.file, p.line
FROM listed l CROSS JOIN allowed a
JOIN neutron_port p ON p.id = l.port
WHERE l.pairs > a.pairs
ORDER BY 1;

/* test: eleven
INSERT INTO neutron_port (id, name) VALUES ('p', 'web');
INSERT INTO neutron_address_pair (port, prefix) VALUES ('p', '192.0.2.1/32'), ('p', '192.0.2.2/32'),
  ('p', '192.0.2.3/32'), ('p', '192.0.2.4/32'), ('p', '192.0.2.5/32'), ('p', '192.0.2.6/32'),
  ('p', '192.0.2.7/32'), ('p', '192.0.2.8/32'), ('p', '192.0.2.9/32'), ('p', '192.0.2.10/32'),
  ('p', '192.0.2.11/32');
expect: web
*/
/* test: as many with a higher limit
INSERT INTO agent_option (node, path, section, name, value)
  VALUES ('n1', '/etc/neutron/neutron.conf', 'DEFAULT', 'max_allowed_address_pair', '20');
INSERT INTO neutron_port (id, name) VALUES ('p', 'web');
INSERT INTO neutron_address_pair (port, prefix) VALUES ('p', '192.0.2.1/32'), ('p', '192.0.2.2/32'),
  ('p', '192.0.2.3/32'), ('p', '192.0.2.4/32'), ('p', '192.0.2.5/32'), ('p', '192.0.2.6/32'),
  ('p', '192.0.2.7/32'), ('p', '192.0.2.8/32'), ('p', '192.0.2.9/32'), ('p', '192.0.2.10/32'),
  ('p', '192.0.2.11/32');
expect: nothing
*/
