-- title: A port lacks rules since two of its groups admit overlapping ranges of ports
-- severity: high
-- precision: likely
-- population: ports with several groups: SELECT count(*) FROM (SELECT port FROM
--   neutron_port_security_group GROUP BY port HAVING count(*) > 1)
-- why: The openvswitch firewall merges what a port's groups admit. In old releases it fails over
--   ranges of ports that overlap or touch and admit different groups: the port then gets none of
--   its flows.
-- fix: Make the ranges apart or equal in the groups, then restart the node's Open vSwitch agent;
--   upgrade Neutron.
-- false-positives: The flows may be missing for another reason, such as an agent that does not run.
-- references: OSSA-2019-002, CVE-2019-10876, LP1813007
-- needs: neutron-security-group-rules, neutron-ports, drift:security-rule, drift:security-member
WITH lacking AS (
  SELECT DISTINCT object AS port, name, node, file, line
  FROM drift
  WHERE code IN ('security-rule', 'security-member') AND kind = 'missing' AND object_kind = 'port'
    AND place LIKE '% table %'
),
asked AS (
  SELECT l.port, l.node, l.name, l.file, l.line, m.security_group, r.direction, r.family,
    r.protocol, r.port_minimum AS first, r.port_maximum AS last
  FROM lacking l
  JOIN neutron_port_security_group m ON m.port = l.port
  JOIN neutron_security_group_rule r ON r.security_group = m.security_group
  WHERE r.remote_group IS NOT NULL AND r.port_minimum IS NOT NULL AND r.port_maximum IS NOT NULL
    AND lower(r.protocol) NOT IN ('icmp', '1', 'icmpv6', 'ipv6-icmp', '58')
)
SELECT DISTINCT a.node || ' ' || coalesce(nullif(a.name, ''), a.port) AS subject,
  'flows are missing; ' || a.direction || ' ' || a.protocol || ' ' || a.first || '-' || a.last
    || ' and ' || b.first || '-' || b.last || ' of two groups overlap' AS message,
  a.file, a.line
FROM asked a JOIN asked b
  ON b.port = a.port AND b.node = a.node AND b.security_group > a.security_group
    AND b.direction = a.direction AND b.family = a.family AND b.protocol = a.protocol
    AND b.first <= a.last + 1 AND a.first <= b.last + 1
    AND (b.first <> a.first OR b.last <> a.last)
ORDER BY 1, 2;

/* test: flows are missing, and ranges overlap
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g'), ('p', 'h');
INSERT INTO neutron_security_group_rule
  (id, security_group, direction, family, protocol, port_minimum, port_maximum, remote_group) VALUES
  ('r', 'g', 'ingress', 4, 'tcp', 1, 100, 'g'), ('s', 'h', 'ingress', 4, 'tcp', 80, 80, 'h');
INSERT INTO drift (code, kind, object_kind, object, name, node, place)
  VALUES ('security-member', 'missing', 'port', 'p', 'web', 'n1',
    'br-int table 82, new connections');
expect: n1 web
*/
/* test: they are there, or the ranges are equal or apart, or iptables filters
INSERT INTO neutron_port_security_group (port, security_group)
  VALUES ('p', 'g'), ('p', 'h'), ('q', 'g'), ('q', 'i'), ('r', 'g'), ('r', 'h');
INSERT INTO neutron_security_group_rule
  (id, security_group, direction, family, protocol, port_minimum, port_maximum, remote_group) VALUES
  ('r', 'g', 'ingress', 4, 'tcp', 1, 100, 'g'), ('s', 'h', 'ingress', 4, 'tcp', 80, 80, 'h'),
  ('t', 'i', 'ingress', 4, 'tcp', 1, 100, 'i'), ('u', 'i', 'ingress', 4, 'tcp', 443, 443, 'i');
INSERT INTO drift (code, kind, object_kind, object, name, node, place) VALUES
  ('security-member', 'missing', 'port', 'q', 'web', 'n1', 'br-int table 82, new connections'),
  ('security-rule', 'missing', 'port', 'r', 'db', 'n1', 'IPv4 neutron-openvswi-i01234567-8');
expect: nothing
*/
