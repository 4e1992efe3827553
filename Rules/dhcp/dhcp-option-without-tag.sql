-- title: A DHCP option is for every client, as Neutron writes none
-- severity: high
-- precision: certain
-- population: DHCP options: SELECT count(*) FROM dhcp_option
-- why: Neutron tags every option with a subnet or a port. A line without a tag came in through the
--   value or name of a port's extra DHCP option that held a line break: a tenant writes dnsmasq's
--   configuration.
-- fix: Find the port by its extra DHCP options and take them away (openstack port unset
--   --extra-dhcp-option); restart the DHCP agent of the node named; upgrade Neutron and dnsmasq.
-- references: OSSA-2021-005, CVE-2021-40085, LP1939733, LP1943930
-- needs: dnsmasq-opts
SELECT o.node || ' ' || coalesce(nullif(n.name, ''), o.network) AS subject,
  'option ' || replace(o.code, 'option:', '') || ' ' || (
      SELECT coalesce(group_concat(value, ','), '') FROM json_each(o.option_values))
    || ' has no tag' AS message,
  o.file, o.line
FROM dhcp_option o LEFT JOIN neutron_network n ON n.id = o.network
WHERE o.tags = '[]'
ORDER BY 1, 2;

/* test: a line of somebody else
INSERT INTO dhcp_option (node, network, tags, code, option_values)
  VALUES ('n1', 'net', '[]', 'option:router', '["10.0.0.66"]');
expect: n1 net
*/
/* test: of a subnet, of a port, and a suppressed one
INSERT INTO dhcp_option (node, network, tags, code, option_values) VALUES
  ('n1', 'net', '["subnet-1"]', 'option:router', '["10.0.0.1"]'),
  ('n1', 'net', '["port-1"]', 'option:bootfile-name', '["pxe"]'),
  ('n1', 'net', '["tag0"]', 'option:router', '[]');
expect: nothing
*/
