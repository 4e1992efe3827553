-- title: A port's packets do not pass its filter
-- severity: critical
-- precision: certain
-- population: ports with port security: SELECT count(*) FROM neutron_port WHERE device_owner LIKE
--   'compute:%' AND coalesce(is_port_security_enabled, 1)
-- why: Port security is on, and the node has no way from the guest's plug into the filter of its
--   port, or leads past it. The guest is neither held to its addresses nor protected by its
--   security groups.
-- fix: Toggle the port (openstack port set --disable PORT, then --enable), else restart the node's
--   Open vSwitch agent, which writes the filter anew.
-- references: LP1489111
-- needs: drift:security-chain, drift:security-rule, drift:port-wiring, iptables, ip6tables,
--   neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  d.place || ': wanted ' || d.wanted || ', found ' || coalesce(d.found, 'none') AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'security-chain' AND d.object_kind = 'port' AND d.severity = 'critical'
  -- A file that was not captured looks like a node without chains.
  AND (d.place NOT LIKE 'IPv4%'
    OR EXISTS (SELECT 1 FROM capture_file c WHERE c.format = 'iptables' AND c.node = d.node)
      AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'iptables' AND g.node = d.node))
  AND (d.place NOT LIKE 'IPv6%'
    OR EXISTS (SELECT 1 FROM capture_file c WHERE c.format = 'ip6tables' AND c.node = d.node)
      AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ip6tables' AND g.node = d.node))
ORDER BY 1, 2;

/* test: a plug that no rule leads into a filter
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES ('security-chain', 'missing', 'critical', 'port', 'p', 'web', 'n1', 'br-int table 60',
    'table 71', NULL);
expect: n1 web
*/
/* test: an unfiltered port's row leads elsewhere, and a chain was left behind
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES
  ('security-chain', 'different', 'medium', 'port', 'p', 'web', 'n1', 'br-int table 60',
    'table 73: port security is off', 'table 71'),
  ('security-chain', 'extra', 'low', 'device', 'neutron-openvswi-i01234567-8', NULL, 'n1', 'IPv4',
    'no port 01234567-8… in Neutron', '4 rules');
expect: nothing
*/
/* test: a node's rules were not captured
INSERT INTO drift_unknown (code, node, reason)
  VALUES ('security-rule', 'n1', 'IPv4 rules of the root namespace: not captured');
expect: unknown
*/
/* test: chains that are missing, since their file is
INSERT INTO gap (node, path, format, reason)
  VALUES ('n1', 'root/iptables-save_-c.txt', 'iptables', 'missing');
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES ('security-chain', 'missing', 'critical', 'port', 'p', 'web', 'n1', 'IPv4', 'a filter',
    'no chain of Neutron''s');
expect: unknown
*/
/* test: chains that are missing from their file
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES ('security-chain', 'missing', 'critical', 'port', 'p', 'web', 'n1', 'IPv4', 'a filter',
    'no chain of Neutron''s');
expect: n1 web
*/
