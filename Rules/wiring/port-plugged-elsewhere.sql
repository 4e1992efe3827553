-- title: A port is live on a node that it is not bound to
-- severity: medium
-- precision: certain
-- population: ports that are bound: SELECT count(*) FROM neutron_port WHERE host IS NOT NULL
-- why: Neutron has the port on another host. A plug that was left behind by a server or router that
--   moved still hears its network, and may answer for the addresses of the one that is in use.
-- fix: Make sure that no server or router uses it there, then ovs-vsctl del-port DEVICE on the node
--   named; neutron-ovs-cleanup removes all of them where nothing runs.
-- references: F-36
-- needs: drift:port-wiring
SELECT DISTINCT d.node || ' ' || i.name AS subject,
  'port ' || coalesce(nullif(d.name, ''), d.object) || ' is wanted ' || d.wanted
    || CASE d.kind WHEN 'twice' THEN ', where it is plugged too'
      ELSE ', and is not plugged there' END
    AS message,
  i.file, i.line
FROM drift d
JOIN ovs_interface i ON i.iface_id = d.object AND i.node = d.node
JOIN ovs_port o ON o.node = i.node AND o.name = i.port
WHERE d.code = 'port-wiring' AND d.kind IN ('twice', 'wrong-node') AND coalesce(o.tag, 0) <> 4095
ORDER BY 1;

/* test: a plug of a port that is bound elsewhere
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'tap1', 3);
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES ('n1', 'tap1', 'tap1', 'p');
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES ('port-wiring', 'twice', 'high', 'port', 'p', 'web', 'n1', 'tap1', 'on n2',
    'on n1 as tap1');
expect: n1 tap1
*/
/* test: the dead VLAN reaches nobody, and a port that is plugged nowhere is another matter
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'tap1', 4095);
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES ('n1', 'tap1', 'tap1', 'p');
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES
  ('port-wiring', 'twice', 'high', 'port', 'p', 'web', 'n1', 'tap1', 'on n2', 'on n1 as tap1'),
  ('port-wiring', 'missing', 'high', 'port', 'q', 'db', 'n2', NULL, 'on n2', NULL);
expect: nothing
*/
/* test: a host that was not captured
INSERT INTO drift_unknown (code, node, reason)
  VALUES ('port-wiring', NULL, 'host compute7 was not captured');
expect: unknown
*/
