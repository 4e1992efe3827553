-- title: A device of a guest or router is down
-- severity: high
-- precision: certain
-- population: devices of guests and routers: SELECT count(*) FROM v_neutron_device
-- why: Nothing passes a device that is administratively down, and the kernel removes the routes through
--   it, also those that do not come back with it.
-- fix: ip link set DEVICE up in the namespace named; restart the L3 agent where routes went with it.
-- needs: ip-link, neutron-ports
SELECT d.node || ' ' || d.interface AS subject,
  CASE d.role
    WHEN 'qr' THEN 'router interface' WHEN 'qg' THEN 'gateway of a router'
    WHEN 'sg' THEN 'centralised SNAT port' WHEN 'fg' THEN 'floating IP gateway'
    WHEN 'rfp' THEN 'link to the floating IP namespace' WHEN 'fpr' THEN 'link to the router'
    WHEN 'ha' THEN 'VRRP port' WHEN 'ns' THEN 'DHCP port' ELSE 'plug of a port' END
    || ' is administratively down in ' || d.namespace
    || coalesce(', port ' || (
      SELECT nullif(n.name, '') FROM neutron_port n WHERE substr(n.id, 1, 11) = d.owner), '')
    AS message,
  d.file, d.line
FROM v_neutron_device d
WHERE NOT d.is_up
  -- The standby node of an HA router may keep its gateway down: what has a VRRP port beside it must
  -- be known to be active.
  AND NOT (d.role = 'qg' AND EXISTS (
      SELECT 1 FROM v_neutron_device v
      WHERE v.node = d.node AND v.namespace = d.namespace AND v.role = 'ha')
    AND NOT EXISTS (
      SELECT 1 FROM ha_state h
      WHERE h.node = d.node AND d.namespace IN ('qrouter-' || h.router, 'snat-' || h.router)
        AND h.state IN ('primary', 'master')))
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port n WHERE substr(n.id, 1, 11) = d.owner AND NOT n.is_admin_up)
ORDER BY 1;

/* test: a router interface and a tap
INSERT INTO link (node, namespace, name, is_up) VALUES
  ('n1', 'qrouter-1', 'qr-01234567-89', 0), ('n1', 'root', 'tapabcdef01-23', 0),
  ('n1', 'qrouter-1', 'rfp-01234567-8', 0);
expect: n1 qr-01234567-89
expect: n1 tapabcdef01-23
expect: n1 rfp-01234567-8
*/
/* test: up, not Neutron's, of a port that is down, or the gateway of a node that may wait
INSERT INTO link (node, namespace, name, is_up) VALUES
  ('n1', 'qrouter-1', 'qr-01234567-89', 1), ('n1', 'root', 'eth7', 0),
  ('n1', 'root', 'tapabcdef01-23', 0), ('n2', 'qrouter-1', 'qg-01234567-89', 0),
  ('n2', 'qrouter-1', 'ha-01234567-89', 1), ('n2', 'qrouter-2', 'qg-abcdef01-23', 0),
  ('n2', 'qrouter-2', 'ha-abcdef01-23', 1);
INSERT INTO neutron_port (id, is_admin_up) VALUES ('abcdef01-2345-6789-abcd-ef0123456789', 0);
INSERT INTO ha_state (node, router, state) VALUES ('n2', '1', 'backup');
expect: nothing
*/
