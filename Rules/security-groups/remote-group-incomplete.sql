-- title: A security group's address set lacks a member
-- severity: high
-- precision: certain
-- population: address sets: SELECT count(*) FROM ipset
-- why: Rules that admit a group admit the addresses of an ipset. A port whose address is missing there
--   is refused, though Neutron's rules admit it.
-- fix: Restart the Open vSwitch agent of the node named.
-- references: LP1854131
-- needs: ipset, neutron-ports, neutron-security-groups
WITH kept AS MATERIALIZED (
  -- The set's name is N, the family and as much of the group's id as fits into 29 characters.
  SELECT substr('NIPv4' || id, 1, 29) AS set_name, 4 AS family, id, name
  FROM neutron_security_group
  UNION ALL
  SELECT substr('NIPv6' || id, 1, 29), 6, id, name FROM neutron_security_group
),
named AS MATERIALIZED (
  SELECT s.id, s.node, s.namespace, s.name, s.file, s.line, g.id AS security_group, g.family,
    g.name AS group_name
  FROM ipset s JOIN kept g ON g.set_name = s.name
),
wanted AS (
  SELECT n.id, n.node, n.name, n.group_name, n.security_group, f.address, p.name AS port_name,
    p.id AS port, n.file, n.line
  FROM named n
  CROSS JOIN neutron_port_security_group m ON m.security_group = n.security_group
  JOIN neutron_port p ON p.id = m.port
  JOIN neutron_fixed_ip f ON f.port = p.id
    AND (CASE WHEN instr(f.address, ':') > 0 THEN 6 ELSE 4 END) = n.family
)
SELECT w.node || ' ' || w.name AS subject,
  'lacks ' || w.address || ' of port ' || coalesce(nullif(w.port_name, ''), w.port)
    || ', a member of group ' || coalesce(nullif(w.group_name, ''), w.security_group) AS message,
  w.file, w.line
FROM wanted w
WHERE NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ipset' AND g.node = w.node)
  AND NOT EXISTS (
    SELECT 1 FROM ipset_member m WHERE m.ipset = w.id
      AND m.prefix IN (w.address || '/32', w.address || '/128'))
  -- An address pair that covers the address may have taken its place: 0.0.0.0/0 is two halves.
  AND NOT EXISTS (
    SELECT 1 FROM ipset_member m WHERE m.ipset = w.id
      AND m.prefix NOT LIKE '%/32' AND m.prefix NOT LIKE '%/128')
ORDER BY 1, 2;

/* test: an address is missing
INSERT INTO neutron_security_group (id, name) VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web');
INSERT INTO neutron_port (id, name) VALUES ('p', 'one'), ('q', 'two');
INSERT INTO neutron_port_security_group (port, security_group) VALUES
  ('p', '01234567-89ab-cdef-0123-456789abcdef'), ('q', '01234567-89ab-cdef-0123-456789abcdef');
INSERT INTO neutron_fixed_ip (port, address)
  VALUES ('p', '10.0.0.1'), ('q', '10.0.0.2'), ('q', '2001:db8::2');
INSERT INTO ipset (id, node, name) VALUES (1, 'n1', 'NIPv401234567-89ab-cdef-0123-');
INSERT INTO ipset_member (ipset, position, prefix) VALUES (1, 0, '10.0.0.1/32');
expect: n1 NIPv401234567-89ab-cdef-0123-
*/
/* test: complete, or somebody else's set
INSERT INTO neutron_security_group (id, name) VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web');
INSERT INTO neutron_port (id, name) VALUES ('p', 'one');
INSERT INTO neutron_port_security_group (port, security_group)
  VALUES ('p', '01234567-89ab-cdef-0123-456789abcdef');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1');
INSERT INTO ipset (id, node, name)
  VALUES (1, 'n1', 'NIPv401234567-89ab-cdef-0123-'), (2, 'n1', 'blocklist');
INSERT INTO ipset_member (ipset, position, prefix) VALUES (1, 0, '10.0.0.1/32');
expect: nothing
*/
