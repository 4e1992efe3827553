-- title: A port in a network's local VLAN that Neutron does not know
-- severity: critical
-- precision: likely
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: It hears the network and speaks in it without any port of Neutron: unfiltered, counted nowhere,
--   and where it sits in a router's namespace, a way between networks that nobody asked for.
-- fix: Find out who made it; if nobody needs it, ovs-vsctl del-port it. neutron-ovs-cleanup removes
--   what deleted servers left behind.
-- needs: ovsdb-dump, neutron-ports, neutron-networks
SELECT p.node || ' ' || p.name AS subject,
  'is in VLAN ' || p.tag || coalesce(' (' || (
      SELECT group_concat(coalesce(nullif(v.network_name, ''), v.network), ', ')
      FROM v_network_local_vlan v WHERE v.node = p.node AND v.local_vlan = p.tag) || ')', '')
    || CASE WHEN p.iface_id IS NULL THEN ' and names no port of Neutron'
      ELSE ' and names port ' || p.iface_id || ', which Neutron does not have' END
    || coalesce('; it is in namespace ' || (
      SELECT l.namespace FROM link l
      WHERE l.node = p.node AND l.name = p.name AND l.namespace <> 'root'), '') AS message,
  p.file, p.line
FROM v_switch_port p LEFT JOIN neutron_port n ON n.id = p.iface_id
WHERE p.tag BETWEEN 1 AND 4094 AND n.id IS NULL
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'neutron-ports')
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ovsdb-dump' AND g.node = p.node)
  AND p.type NOT IN ('patch', 'vxlan', 'gre', 'geneve')
  -- Only bridges on which the agent noted networks: others' VLANs are not Neutron's business.
  AND EXISTS (
    SELECT 1 FROM ovs_port o
    WHERE o.node = p.node AND o.bridge = p.bridge AND o.network IS NOT NULL AND o.name <> p.name)
  -- A tenant's view of the API does not show other tenants' ports.
  AND EXISTS (SELECT 1 FROM neutron_segment)
UNION ALL
SELECT 'Neutron''s answers lack segments: they are not an administrator''s', NULL, NULL, NULL
WHERE EXISTS (SELECT 1 FROM neutron_network) AND NOT EXISTS (SELECT 1 FROM neutron_segment)
ORDER BY 1;

/* test: a port made by hand, and one whose server is gone
INSERT INTO neutron_network (id) VALUES ('net');
INSERT INTO neutron_segment (network) VALUES ('net');
INSERT INTO neutron_port (id, network) VALUES ('p', 'net');
INSERT INTO ovs_port (node, bridge, name, tag, network) VALUES
  ('n1', 'br-int', 'tap1', 2, 'net'), ('n1', 'br-int', 'leak', 2, NULL), ('n1', 'br-int', 'tap2', 2, 'net');
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES
  ('n1', 'tap1', 'tap1', 'p'), ('n1', 'leak', 'leak', NULL), ('n1', 'tap2', 'tap2', 'gone');
expect: n1 leak
expect: n1 tap2
*/
/* test: dead, untagged, or on a bridge of somebody else
INSERT INTO neutron_network (id) VALUES ('net');
INSERT INTO neutron_segment (network) VALUES ('net');
INSERT INTO ovs_port (node, bridge, name, tag, network) VALUES
  ('n1', 'br-int', 'tap1', 4095, 'net'), ('n1', 'br-int', 'int-br-ex', NULL, NULL),
  ('n1', 'br-lan', 'eth3', 7, NULL);
expect: nothing
*/
/* test: a tenant's answers cannot tell
INSERT INTO neutron_network (id) VALUES ('net');
INSERT INTO ovs_port (node, bridge, name, tag, network) VALUES
  ('n1', 'br-int', 'tap1', 2, 'net'), ('n1', 'br-int', 'tap2', 2, 'net');
expect: unknown
*/
