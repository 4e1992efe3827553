-- title: A port that should carry traffic is in the dead VLAN
-- severity: high
-- precision: certain
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: New ports start in VLAN 4095, which every bridge drops; the agent moves them to their network's
--   local VLAN when it has wired them. A port that is still there has no network at all: the agent
--   failed, or declared the port dead.
-- fix: Look for the port's id in the Open vSwitch agent's log, then restart the agent or toggle the
--   port's admin state.
-- references: LP1930414, LP1959564, LP1968896
-- needs: ovsdb-dump, neutron-ports
SELECT p.node || ' ' || p.name AS subject,
  'port ' || coalesce(nullif(n.name, ''), n.id) || ' is administratively up and in VLAN 4095'
    AS message,
  p.file, p.line
FROM v_switch_port p JOIN neutron_port n ON n.id = p.iface_id
WHERE (p.tag = 4095 OR EXISTS (SELECT 1 FROM json_each(p.trunks) WHERE value = '4095'))
  AND n.is_admin_up
  -- A port that was moved away stays dead where it was, and that is right.
  AND (n.host IS NULL
    OR EXISTS (SELECT 1 FROM v_host_node h WHERE h.host = n.host AND h.node = p.node))
ORDER BY 1;

/* test: a bound port in VLAN 4095
INSERT INTO neutron_port (id, name, host, is_admin_up) VALUES ('p', 'web', 'n1', 1);
INSERT INTO ovs_interface (node, name, port, iface_id) VALUES ('n1', 'tap1', 'tap1', 'p');
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'tap1', 4095);
expect: n1 tap1
*/
/* test: a port that still waits with the agent's trunk of the dead VLAN
INSERT INTO neutron_port (id, name, host, is_admin_up) VALUES ('p', 'web', 'n1', 1);
INSERT INTO ovs_interface (node, name, port, iface_id) VALUES ('n1', 'tap1', 'tap1', 'p');
INSERT INTO ovs_port (node, bridge, name, tag, trunks) VALUES ('n1', 'br-int', 'tap1', 3, '["4095"]');
expect: n1 tap1
*/
/* test: administratively down, bound elsewhere, or wired
INSERT INTO neutron_port (id, host, is_admin_up)
  VALUES ('down', 'n1', 0), ('moved', 'n2', 1), ('wired', 'n1', 1);
INSERT INTO ovs_interface (node, name, port, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 'down'), ('n1', 'tap2', 'tap2', 'moved'), ('n1', 'tap3', 'tap3', 'wired');
INSERT INTO ovs_port (node, bridge, name, tag)
  VALUES ('n1', 'br-int', 'tap1', 4095), ('n1', 'br-int', 'tap2', 4095), ('n1', 'br-int', 'tap3', 7);
expect: nothing
*/
/* test: without Neutron's ports nothing can be said
INSERT INTO gap (path, format, reason) VALUES ('neutron/ports.json', 'neutron-ports', 'missing');
expect: unknown
*/
