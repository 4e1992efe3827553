-- title: A router's namespace holds a port that is not the router's
-- severity: critical
-- precision: certain
-- population: devices of routers: SELECT count(*) FROM v_neutron_device WHERE role IN ('qr', 'qg',
--   'sg')
-- why: The device is plugged in with a port that Neutron has as somebody else's, or no longer as
--   this router's. The router forwards between it and its own networks all the same: a way between
--   tenants that no interface in Neutron shows.
-- fix: Restart the L3 agent of the node named, which removes what the router does not have; if the
--   device stays, ip link set DEVICE down in the namespace.
-- references: OSSA-2014-008, CVE-2014-0056, LP1243327
-- needs: drift:router-interface, ovsdb-dump, neutron-ports, neutron-routers
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  s.name || ' is port ' || coalesce(nullif(p.name, ''), p.id) || ', which is '
    || CASE WHEN p.device_id = '' THEN 'nobody''s'
      ELSE p.device_owner || ' of ' || p.device_id END AS message,
  d.file, d.line
FROM drift d
JOIN v_switch_port s ON s.node = d.node AND s.name = substr(d.place, instr(d.place, ' ') + 1)
JOIN neutron_port p ON p.id = s.iface_id
WHERE d.code = 'router-interface' AND d.kind = 'extra'
ORDER BY 1, 2;

/* test: another router's port
INSERT INTO neutron_port (id, name, device_id, device_owner)
  VALUES ('p', 'lan', 'other', 'network:router_interface');
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'qr-1', 3);
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES ('n1', 'qr-1', 'qr-1', 'p');
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES ('router-interface', 'extra', 'critical', 'router', 'r', 'edge', 'n1', 'qrouter-r qr-1',
    'interfaces of Neutron''s ports only', 'qr-1 with 10.0.0.1');
expect: n1 edge
*/
/* test: an interface that is missing, and a device that is no port of Neutron's
INSERT INTO neutron_port (id, name, device_id, device_owner)
  VALUES ('p', 'lan', 'r', 'network:router_interface');
INSERT INTO ovs_port (node, bridge, name, tag)
  VALUES ('n1', 'br-int', 'qr-1', 3), ('n1', 'br-int', 'qr-2', 3);
INSERT INTO ovs_interface (node, port, name, iface_id)
  VALUES ('n1', 'qr-1', 'qr-1', 'p'), ('n1', 'qr-2', 'qr-2', NULL);
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES
  ('router-interface', 'missing', 'high', 'router', 'r', 'edge', 'n1', 'qrouter-r qr-1', 'qr-1',
  NULL),
  ('router-interface', 'extra', 'critical', 'router', 'r', 'edge', 'n1', 'qrouter-r qr-2',
    'interfaces of Neutron''s ports only', 'qr-2 with 10.0.0.1');
expect: nothing
*/
