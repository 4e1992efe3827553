-- title: A port may use half of all addresses or more
-- severity: info
-- precision: possible
-- population: allowed address pairs: SELECT count(*) FROM neutron_address_pair
-- why: Allowed address pairs name what a port may send from beside its own addresses. Pairs that
--   cover half of all addresses switch anti-spoofing off; where a rule admits the port's security
--   group, it may admit everybody. Old agents end on a pair of prefix length 0.
-- fix: openstack port unset --allowed-address ip-address=PREFIX PORT, then set the few that it
--   needs.
-- false-positives: Servers that route for others, such as firewalls and the nodes of container
--   clusters.
-- references: OSSA-2015-012, CVE-2015-3221, LP1867119, LP1461054
-- needs: neutron-ports
WITH pair AS (
  SELECT DISTINCT port, prefix, instr(prefix, ':') > 0 AS is_ipv6,
    CAST(substr(prefix, instr(prefix, '/') + 1) AS INTEGER) AS length
  FROM neutron_address_pair WHERE instr(prefix, '/') > 0
),
wide AS (
  SELECT port, is_ipv6, group_concat(prefix, ', ') AS prefixes
  FROM pair WHERE length <= 16
  GROUP BY port, is_ipv6 HAVING sum(1.0 / (1 << length)) >= 0.5
)
SELECT coalesce(nullif(p.name, ''), p.id) AS subject,
  'may use ' || w.prefixes || coalesce(' on network ' || nullif(n.name, ''), '') AS message,
  p.file, p.line
FROM wide w JOIN neutron_port p ON p.id = w.port
LEFT JOIN neutron_network n ON n.id = p.network
ORDER BY 1, 2;

/* test: all of IPv4, and the two halves of IPv6
INSERT INTO neutron_port (id, name) VALUES ('p', 'one'), ('q', 'two');
INSERT INTO neutron_address_pair (port, mac, prefix) VALUES
  ('p', NULL, '0.0.0.0/0'), ('q', NULL, '::/1'), ('q', NULL, '8000::/1');
expect: one
expect: two
*/
/* test: a quarter twice, private networks, single addresses
INSERT INTO neutron_port (id, name) VALUES ('p', 'one'), ('q', 'two');
INSERT INTO neutron_address_pair (port, mac, prefix) VALUES
  ('p', 'fa:16:3e:00:00:01', '0.0.0.0/2'), ('p', 'fa:16:3e:00:00:02', '0.0.0.0/2'),
  ('q', NULL, '10.0.0.0/8'), ('q', NULL, '192.0.2.1/32'), ('q', NULL, '::1/128');
expect: nothing
*/
