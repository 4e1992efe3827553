-- title: Two subnets of a router overlap
-- severity: high
-- precision: certain
-- population: routers: SELECT count(*) FROM neutron_router
-- why: The router has two ways to the same addresses and takes the longer prefix, or the first one:
--   packets for the other subnet's guests go into the wrong network.
-- fix: openstack router remove subnet ROUTER SUBNET for one of them; give that subnet a CIDR of its
--   own.
-- needs: neutron-routers, neutron-ports, neutron-subnets
WITH plugged AS (
  SELECT DISTINCT x.id AS router, coalesce(nullif(x.name, ''), x.id) AS router_name, s.id AS subnet,
    coalesce(nullif(s.name, ''), s.id) AS subnet_name, s.cidr, s.family, s.file, s.line,
    CAST(substr(s.cidr, instr(s.cidr, '/') + 1) AS INTEGER) AS length,
    CASE s.family WHEN 4 THEN
      '[' || replace(substr(s.cidr, 1, instr(s.cidr, '/') - 1), '.', ',') || ']' END AS octets
  FROM neutron_router x
  JOIN neutron_port p ON p.device_id = x.id
  JOIN neutron_fixed_ip f ON f.port = p.id
  JOIN neutron_subnet s ON s.id = f.subnet
  WHERE p.device_owner IN ('network:router_interface', 'network:router_interface_distributed',
      'network:ha_router_replicated_interface', 'network:router_gateway')
),
number AS (
  SELECT *, CASE WHEN json_valid(octets) THEN
    json_extract(octets, '$[0]') * 16777216 + json_extract(octets, '$[1]') * 65536
      + json_extract(octets, '$[2]') * 256 + json_extract(octets, '$[3]') END AS first
  FROM plugged
)
SELECT a.router_name AS subject,
  a.cidr || ' (' || a.subnet_name || ') and ' || b.cidr || ' (' || b.subnet_name || ') overlap'
    AS message,
  b.file, b.line
FROM number a JOIN number b ON b.router = a.router AND b.family = a.family AND b.subnet > a.subnet
WHERE a.cidr = b.cidr
  OR a.first >> (32 - min(a.length, b.length)) = b.first >> (32 - min(a.length, b.length))
ORDER BY 1, 2;

/* test: a part of another one, and the same twice
INSERT INTO neutron_router (id, name) VALUES ('r', 'edge'), ('q', 'core');
INSERT INTO neutron_subnet (id, name, family, cidr) VALUES
  ('s', 'big', 4, '10.0.0.0/16'), ('t', 'small', 4, '10.0.128.0/24'),
  ('u', 'six', 6, '2001:db8::/64'), ('v', 'seven', 6, '2001:db8::/64');
INSERT INTO neutron_port (id, device_id, device_owner) VALUES
  ('1', 'r', 'network:router_interface'), ('2', 'r', 'network:router_interface'),
  ('3', 'q', 'network:router_interface'), ('4', 'q', 'network:router_interface');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES
  ('1', '10.0.0.1', 's'), ('2', '10.0.128.1', 't'), ('3', '2001:db8::1', 'u'),
  ('4', '2001:db8::2', 'v');
expect: edge
expect: core
*/
/* test: neighbours, two addresses of one subnet, and another router's
INSERT INTO neutron_router (id, name) VALUES ('r', 'edge'), ('q', 'core');
INSERT INTO neutron_subnet (id, name, family, cidr) VALUES
  ('s', 'one', 4, '10.0.0.0/24'), ('t', 'two', 4, '10.0.1.0/24'), ('u', 'three', 4, '10.0.0.0/24');
INSERT INTO neutron_port (id, device_id, device_owner) VALUES
  ('1', 'r', 'network:router_interface'), ('2', 'r', 'network:router_interface'),
  ('3', 'q', 'network:router_interface'), ('4', 'r', 'network:router_interface');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES
  ('1', '10.0.0.1', 's'), ('2', '10.0.1.1', 't'), ('3', '10.0.0.1', 'u'), ('4', '10.0.0.2', 's');
expect: nothing
*/
