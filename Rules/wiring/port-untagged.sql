-- title: A port of the integration bridge has no VLAN and hears all networks
-- severity: critical
-- precision: certain
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: A port without a tag is a trunk of every local VLAN: until the agent binds it, the guest
--   hears flooded frames of all networks on the node, and can send into them. A live migration
--   plugs ports so, and a port that is administratively down stays so.
-- fix: ovs-vsctl set Port DEVICE tag=4095 at once; then toggle the port (openstack port set
--   --disable PORT, then --enable). Set isolate_vif in nova's os_vif section on all compute nodes.
-- references: LP1734320, LP1767422, LP1930414, CVE-2018-14636
-- needs: ovsdb-dump, neutron-ports
SELECT p.node || ' ' || p.name AS subject,
  CASE WHEN n.id IS NULL THEN 'names port ' || p.iface_id
    ELSE 'port ' || coalesce(nullif(n.name, ''), n.id) END
    || ' has no tag and is a trunk of every VLAN of ' || p.bridge AS message,
  p.file, p.line
FROM v_switch_port p LEFT JOIN neutron_port n ON n.id = p.iface_id
WHERE p.iface_id IS NOT NULL AND p.tag IS NULL AND p.trunks = '[]' AND p.ofport > 0
  AND p.type NOT IN ('patch', 'vxlan', 'gre', 'geneve')
  -- Bridges on which the agent noted networks; the parent port of a trunk has a bridge of its own.
  AND EXISTS (
    SELECT 1 FROM ovs_port o
    WHERE o.node = p.node AND o.bridge = p.bridge AND o.network IS NOT NULL AND o.name <> p.name)
ORDER BY 1;

/* test: plugged and not bound
INSERT INTO neutron_port (id, name) VALUES ('p', 'web'), ('q', 'db');
INSERT INTO ovs_port (node, bridge, name, tag, network, trunks) VALUES
  ('n1', 'br-int', 'tap1', NULL, NULL, '[]'), ('n1', 'br-int', 'tap2', 3, 'net', '[]');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p'), ('n1', 'tap2', 'tap2', 8, 'q');
expect: n1 tap1
*/
/* test: a trunk of the dead VLAN, a bridge without the agent's networks, a port that is not open
INSERT INTO neutron_port (id, name) VALUES ('p', 'web'), ('q', 'db'), ('r', 'trunk'), ('s', 'gone');
INSERT INTO ovs_port (node, bridge, name, tag, network, trunks) VALUES
  ('n1', 'br-int', 'tap1', NULL, NULL, '["4095"]'), ('n1', 'br-int', 'tap2', 3, 'net', '[]'),
  ('n1', 'tbr-1', 'tap3', NULL, NULL, '[]'), ('n1', 'br-int', 'tap4', NULL, NULL, '[]'),
  ('n1', 'br-int', 'br-int', NULL, NULL, '[]');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id) VALUES
  ('n1', 'tap1', 'tap1', 7, 'p'), ('n1', 'tap2', 'tap2', 8, 'q'), ('n1', 'tap3', 'tap3', 9, 'r'),
  ('n1', 'tap4', 'tap4', -1, 's'), ('n1', 'br-int', 'br-int', 65534, NULL);
expect: nothing
*/
