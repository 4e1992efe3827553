-- title: A port is plugged in on a node that it is not bound to
-- severity: high
-- precision: likely
-- population: ports that are bound to a node: SELECT count(*) FROM neutron_port WHERE host IS NOT
--   NULL
-- why: A migration ended half way, or an old node still has the device: the agent of the node that
--   Neutron names wires nothing, or two devices answer for one address.
-- fix: Compare openstack server show with openstack port show; let Nova finish or undo the
--   migration. On the node where the device does not belong, ovs-vsctl del-port removes it.
-- false-positives: A migration that was under way while nodes were captured.
-- references: LP1901707
-- needs: drift:port-wiring, ovsdb-dump, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'port-wiring' AND d.kind IN ('wrong-node', 'twice')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
  -- A DHCP server's port has a rule of its own.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port n WHERE n.id = d.object AND n.device_owner = 'network:dhcp')
ORDER BY 1, 2, 3, 4;

/* test: bound here, plugged there
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-wiring', 'wrong-node', 'high', 'p', 'web', 'n2', 'tap1', 'on n1', 'on n2 as tap1');
expect: n2 web
*/
/* test: plugged in nowhere is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-wiring', 'missing', 'high', 'p', 'web', 'n1', '', 'on n1', 'none');
expect: nothing
*/
/* test: a DHCP server's port
INSERT INTO neutron_port (id, device_owner) VALUES ('p', 'network:dhcp');
INSERT INTO drift (code, kind, object, name, node, wanted, found)
  VALUES ('port-wiring', 'twice', 'p', 'dhcp', 'n2', 'on n1', 'on n2 as tap1');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('port-wiring', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-wiring', 'wrong-node', 'high', 'p', 'web', 'n2', 'tap1', 'on n1', 'on n2 as tap1');
INSERT INTO gap (node, path, format, reason) VALUES ('n2', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
