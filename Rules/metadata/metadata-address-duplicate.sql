-- title: The IPv6 metadata address is in use by another server of the network
-- severity: low
-- precision: certain
-- population: addresses of IPv6 metadata: SELECT count(*) FROM address WHERE address =
--   'fe80::a9fe:a9fe'
-- why: Each DHCP server of a network sets the same link-local address for metadata. The kernel
--   finds it taken and does not use it: over IPv6 only one server answers, or none.
-- fix: One DHCP agent for the network avoids it, as do agents of 2025.1 and later; guests that ask
--   over IPv4 are not touched.
-- references: LP1953165, LP2074207
-- needs: ip-addr
SELECT a.node || ' ' || a.namespace AS subject,
  a.interface || ' may not use ' || a.address || ': somebody else has it' AS message,
  a.file, a.line
FROM address a
WHERE a.address = 'fe80::a9fe:a9fe' AND a.namespace LIKE 'qdhcp-%'
  AND EXISTS (SELECT 1 FROM json_each(a.flags) f WHERE f.value = 'dadfailed')
ORDER BY 1;

/* test: refused
INSERT INTO address (node, namespace, interface, family, address, flags)
  VALUES ('n1', 'qdhcp-net', 'tap1', 6, 'fe80::a9fe:a9fe', '["dadfailed","tentative"]');
expect: n1 qdhcp-net
*/
/* test: in use, also on two nodes
INSERT INTO address (node, namespace, interface, family, address, flags) VALUES
  ('n1', 'qdhcp-net', 'tap1', 6, 'fe80::a9fe:a9fe', '[]'),
  ('n2', 'qdhcp-other', 'tap2', 6, 'fe80::a9fe:a9fe', '["tentative"]');
expect: nothing
*/
