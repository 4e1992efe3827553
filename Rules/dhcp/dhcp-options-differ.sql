-- title: A DHCP server tells guests other options than Neutron has for their subnet
-- severity: medium
-- precision: certain
-- population: subnets with DHCP: SELECT count(*) FROM neutron_subnet WHERE is_dhcp_enabled
-- why: Guests configure themselves by these options when they start and when they renew their
--   lease: with a wrong router, name server or route they lose their way out, names or metadata.
-- fix: openstack subnet set with the same value again makes the DHCP agent write the options anew;
--   else restart the DHCP agent of the node named.
-- references: LP1982569
-- needs: drift:dhcp-option, drift:dhcp-server, neutron-networks, neutron-subnets
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  'option ' || d.place || ': wanted ' || d.wanted || ', found '
    || coalesce(d.found, 'none')
    AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'dhcp-option'
ORDER BY 1, 2;

/* test: another router
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found)
  VALUES ('dhcp-option', 'different', 'subnet', 's', 'lan', 'n1', 'router', '10.0.0.1',
    '10.0.0.66');
expect: n1 lan
*/
/* test: a guest's address is another matter
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found)
  VALUES ('dhcp-host', 'missing', 'port', 'p', 'web', 'n1', 'dnsmasq of network red',
    'fa:16:3e:00:00:01 gets 10.0.0.1', 'none');
expect: nothing
*/
/* test: options of an old release do not tell their subnet
INSERT INTO drift_unknown (code, node, reason)
  VALUES ('dhcp-option', 'n1', 'options of subnet lan: none carries its tag');
expect: unknown
*/
