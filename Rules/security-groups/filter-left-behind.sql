-- title: A port's chains or a group's address set outlived it
-- severity: low
-- precision: likely
-- population: chains and address sets: SELECT (SELECT count(*) FROM iptables_chain WHERE name LIKE
--   'neutron-openvswi-%') + (SELECT count(*) FROM ipset)
-- why: The agent did not hear that the port or the group went. What is left does no harm by itself:
--   it slows the filter down, and a name that is used again begins with old content.
-- fix: Restart the node's Open vSwitch agent, which removes what it does not know.
-- false-positives: A port or group that was deleted between the capture of Neutron's answers and
--   that of the node.
-- references: LP1463331, LP1373287
-- needs: drift:security-chain, iptables, ipset, neutron-ports, neutron-security-groups,
--   neutron-security-group-rules
WITH known AS (
  SELECT id FROM neutron_security_group
  UNION SELECT id FROM neutron_address_group
  UNION SELECT remote_group FROM neutron_security_group_rule WHERE remote_group IS NOT NULL
  UNION SELECT remote_address_group FROM neutron_security_group_rule
    WHERE remote_address_group IS NOT NULL
),
name(name) AS (
  -- N, the family and as much of the group's id as fits into 29 characters.
  SELECT substr('NIPv4' || id, 1, 29) FROM known
  UNION SELECT substr('NIPv6' || id, 1, 29) FROM known
)
SELECT d.node || ' ' || d.name AS subject, d.place || ': ' || d.wanted AS message, d.file, d.line
FROM drift d
WHERE d.code = 'security-chain' AND d.kind = 'extra' AND d.severity = 'low'
UNION ALL
SELECT s.node || ' ' || s.name, 'no security group or address group of Neutron''s has that id',
  s.file, s.line
FROM ipset s
WHERE s.namespace = 'root' AND (s.name GLOB 'NIPv4*-*' OR s.name GLOB 'NIPv6*-*')
  AND s.name NOT IN (SELECT name FROM name)
  AND NOT EXISTS (
    SELECT 1 FROM gap g
    WHERE g.format IN ('neutron-security-groups', 'neutron-security-group-rules'))
  AND EXISTS (SELECT 1 FROM neutron_security_group)
  -- A tenant's view of the API does not show other tenants' groups.
  AND EXISTS (SELECT 1 FROM neutron_segment)
ORDER BY 1;

/* test: a chain and a set
INSERT INTO neutron_segment (network) VALUES ('net');
INSERT INTO neutron_security_group (id) VALUES ('01234567-89ab-cdef-0123-456789abcdef');
INSERT INTO ipset (id, node, name)
  VALUES (1, 'n1', 'NIPv401234567-89ab-cdef-0123-'), (2, 'n1', 'NIPv4abcdef01-89ab-cdef-0123-');
INSERT INTO drift (code, kind, severity, name, node, place, wanted, found) VALUES
  ('security-chain', 'extra', 'low', 'neutron-openvswi-i0a', 'n1', 'IPv4', 'no port', '4 rules');
expect: n1 NIPv4abcdef01-89ab-cdef-0123-
expect: n1 neutron-openvswi-i0a
*/
/* test: a group's, an address group's, somebody else's, and a tenant's view
INSERT INTO neutron_segment (network) VALUES ('net');
INSERT INTO neutron_security_group (id) VALUES ('01234567-89ab-cdef-0123-456789abcdef');
INSERT INTO neutron_address_group (id) VALUES ('abcdef01-89ab-cdef-0123-456789abcdef');
INSERT INTO ipset (id, node, name) VALUES
  (1, 'n1', 'NIPv401234567-89ab-cdef-0123-'), (2, 'n1', 'NIPv6abcdef01-89ab-cdef-0123-'),
  (3, 'n1', 'blocklist');
expect: nothing
*/
/* test: Neutron's groups were not captured
INSERT INTO ipset (id, node, name) VALUES (1, 'n1', 'NIPv401234567-89ab-cdef-0123-');
INSERT INTO gap (path, format, reason)
  VALUES ('neutron/security-groups.json', 'neutron-security-groups', 'missing');
expect: unknown
*/
