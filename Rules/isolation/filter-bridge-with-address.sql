-- title: A guest's bridge has an address of the node
-- severity: high
-- precision: certain
-- population: bridges of guests: SELECT count(*) FROM link WHERE namespace = 'root' AND (name LIKE
--   'qbr%' OR name LIKE 'brq%')
-- why: The bridge stands between the guest and the switch, and the node takes what is sent to the
--   bridge's own address. IPv6 gives every device a link-local address unless it is off: the guest
--   then reaches the node's services by it, past its security groups.
-- fix: sysctl -w net.ipv6.conf.DEVICE.disable_ipv6=1, or ip addr del ADDRESS dev DEVICE; upgrade
--   os-vif, which should make such bridges without IPv6.
-- references: OSSN-0069, LP1534652
-- needs: ip-addr, ip-link
SELECT a.node || ' ' || a.interface AS subject,
  'has ' || a.address || '/' || a.prefix_length AS message, a.file, a.line
FROM address a
JOIN link l ON l.node = a.node AND l.namespace = a.namespace AND l.name = a.interface
WHERE a.namespace = 'root' AND l.kind = 'bridge' AND l.is_up AND length(a.interface) = 14
  AND (a.interface LIKE 'qbr________-__'
    -- The Linux bridge agent moves the node's own addresses to the bridge of a flat network.
    OR a.interface LIKE 'brq________-__' AND a.family = 6 AND a.address LIKE 'fe80:%')
ORDER BY 1, 2;

/* test: link-local, and one that somebody added
INSERT INTO link (node, name, kind, is_up)
  VALUES ('n1', 'qbr01234567-89', 'bridge', 1), ('n1', 'qbrabcdef01-23', 'bridge', 1);
INSERT INTO address (node, interface, family, address, prefix_length) VALUES
  ('n1', 'qbr01234567-89', 6, 'fe80::1', 64), ('n1', 'qbrabcdef01-23', 4, '192.0.2.1', 24);
expect: n1 qbr01234567-89
expect: n1 qbrabcdef01-23
*/
/* test: a bridge's ports take no packets of their own; a flat network's bridge; one that is down
INSERT INTO link (node, name, kind, is_up, master) VALUES
  ('n1', 'tap01234567-89', 'tun', 1, 'qbr01234567-89'),
  ('n1', 'qvb01234567-89', 'veth', 1, 'qbr01234567-89'),
  ('n1', 'brq01234567-89', 'bridge', 1, NULL), ('n1', 'qbr01234567-89', 'bridge', 0, NULL);
INSERT INTO address (node, interface, family, address, prefix_length) VALUES
  ('n1', 'tap01234567-89', 6, 'fe80::1', 64), ('n1', 'qvb01234567-89', 6, 'fe80::2', 64),
  ('n1', 'brq01234567-89', 4, '192.0.2.1', 24), ('n1', 'qbr01234567-89', 6, 'fe80::3', 64);
expect: nothing
*/
