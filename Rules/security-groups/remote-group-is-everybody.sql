-- title: Rules that admit a security group admit everybody
-- severity: critical
-- precision: certain
-- population: address sets: SELECT count(*) FROM ipset
-- why: A member of the group has an allowed address pair that covers all addresses or half of them.
--   What rules admit as the group is the set of its members' addresses, so they admit any sender.
-- fix: Narrow the pair (openstack port unset --allowed-address, then set), or name a prefix in the
--   rule in place of the group. With the openvswitch firewall, upgrade Neutron too.
-- references: LP1867119, LP1461054
-- needs: ipset, openflow-flows, neutron-security-groups, neutron-security-group-rules
WITH everybody(prefix) AS (
  VALUES ('0.0.0.0/0'), ('0.0.0.0/1'), ('128.0.0.0/1'), ('::/0'), ('::/1'), ('8000::/1')
),
member AS MATERIALIZED (
  SELECT f.id FROM flow f WHERE f.table_id = 82 AND f.actions LIKE '%conjunction(%,1/2)%'
)
SELECT s.node || ' ' || coalesce(nullif(g.name, ''), g.id) AS subject,
  'set ' || s.name || ' of its members holds ' || m.prefix AS message, m.file, m.line
FROM everybody e
JOIN ipset_member m ON m.prefix = e.prefix AND NOT m.is_exception
JOIN ipset s ON s.id = m.ipset
JOIN neutron_security_group g
  ON s.name IN (substr('NIPv4' || g.id, 1, 29), substr('NIPv6' || g.id, 1, 29))
UNION ALL
-- With the openvswitch firewall: a member whose row names neither its address nor its MAC address.
SELECT f.node || ' ' || f.bridge || ' table 82',
  'members of ' || f.actions || ' are all that match "' || f.match || '"', f.file, f.line
FROM member x CROSS JOIN flow f ON f.id = x.id
WHERE NOT EXISTS (
    SELECT 1 FROM flow_match m WHERE m.flow = x.id AND m.field IN ('nw_src', 'ipv6_src', 'dl_src'))
  -- An address group that holds everything is meant so.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_security_group_rule r
    LEFT JOIN neutron_address_group a ON a.id = r.remote_address_group
    WHERE r.remote_address_group IS NOT NULL
      AND (a.id IS NULL OR a.prefixes LIKE '%"0.0.0.0/0"%' OR a.prefixes LIKE '%"::/0"%'))
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'neutron-security-group-rules')
UNION ALL
SELECT r.node || ': its rules name address sets, which were not captured', NULL, NULL, NULL
FROM iptables_rule r
WHERE r.namespace = 'root' AND r.rule LIKE '%--match-set NIP%'
  AND NOT EXISTS (
    SELECT 1 FROM capture_file c
    WHERE c.format = 'ipset' AND c.node = r.node AND c.path LIKE 'root/%')
GROUP BY r.node
ORDER BY 1, 2;

/* test: two halves of all addresses in a group's set
INSERT INTO neutron_security_group (id, name)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web');
INSERT INTO ipset (id, node, name) VALUES (1, 'n1', 'NIPv401234567-89ab-cdef-0123-');
INSERT INTO ipset_member (ipset, position, prefix, is_exception)
  VALUES (1, 0, '0.0.0.0/1', 0), (1, 1, '128.0.0.0/1', 0);
expect: n1 web
expect: n1 web
*/
/* test: a member of a conjunction without address
INSERT INTO flow (id, node, bridge, table_id, match, actions)
  VALUES (1, 'n1', 'br-int', 82, 'ct_state=+new-est,ip,reg6=0x3', 'conjunction(22,1/2)');
INSERT INTO flow_match (flow, position, field, value)
  VALUES (1, 0, 'dl_type', 2048), (1, 1, 'reg6', 3);
expect: n1 br-int table 82
*/
/* test: members with addresses, one known by its MAC, the ports' side, and somebody else's set
INSERT INTO neutron_security_group (id, name)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web');
INSERT INTO ipset (id, node, name)
  VALUES (1, 'n1', 'NIPv401234567-89ab-cdef-0123-'), (2, 'n1', 'blocklist');
INSERT INTO ipset_member (ipset, position, prefix, is_exception)
  VALUES (1, 0, '10.0.0.1/32', 0), (2, 0, '0.0.0.0/1', 0);
INSERT INTO flow (id, node, bridge, table_id, actions) VALUES
  (1, 'n1', 'br-int', 82, 'conjunction(22,1/2)'), (2, 'n1', 'br-int', 82, 'conjunction(22,1/2)'),
  (3, 'n1', 'br-int', 82, 'conjunction(22,2/2)');
INSERT INTO flow_match (flow, position, field, value)
  VALUES (1, 0, 'nw_src', 0x0a000001), (2, 0, 'dl_src', 9), (3, 0, 'reg5', 7);
expect: nothing
*/
/* test: an address group of everybody
INSERT INTO neutron_address_group (id, prefixes) VALUES ('a', '["0.0.0.0/0"]');
INSERT INTO neutron_security_group_rule (id, security_group, direction, family, remote_address_group)
  VALUES ('r', 'g', 'ingress', 4, 'a');
INSERT INTO flow (id, node, bridge, table_id, match, actions)
  VALUES (1, 'n1', 'br-int', 82, 'ct_state=+new-est,ip,reg6=0x3', 'conjunction(22,1/2)');
INSERT INTO flow_match (flow, position, field, value)
  VALUES (1, 0, 'dl_type', 2048), (1, 1, 'reg6', 3);
expect: nothing
*/
/* test: a rule that names a set, and no sets
INSERT INTO iptables_rule (node, namespace, table_name, chain, rule)
  VALUES ('n2', 'root', 'filter', 'neutron-openvswi-i01234567-8',
    '-A neutron-openvswi-i01234567-8 -m set --match-set NIPv401234567-89ab-cdef-0123- src -j RETURN');
expect: unknown
*/
