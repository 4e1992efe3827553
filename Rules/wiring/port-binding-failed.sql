-- title: Neutron could not bind a port to its host
-- severity: high
-- precision: certain
-- population: ports: SELECT count(*) FROM neutron_port
-- why: No mechanism driver found a way to wire the port on its host: the agent there was dead, has
--   no bridge for the network's physical network, or takes no such vnic type. The device has no
--   network.
-- fix: Mend what the server's log names (the agent, bridge_mappings, the segment), then bind the
--   port anew: openstack port unset --host PORT and set --host HOST, or start the server hard
--   again.
-- needs: neutron-ports
SELECT coalesce(nullif(p.name, ''), p.id) AS subject,
  'is ' || p.vif_type || ' on host ' || p.host || coalesce(' in network ' || nullif(n.name, ''), '')
    AS message,
  p.file, p.line
FROM neutron_port p LEFT JOIN neutron_network n ON n.id = p.network
WHERE nullif(p.host, '') IS NOT NULL
  AND (p.vif_type = 'binding_failed'
    OR p.vif_type = 'unbound' AND p.device_owner LIKE 'compute:%' AND p.device_id <> '')
ORDER BY 1, 2;

/* test: failed, and unbound on a host
INSERT INTO neutron_port (id, name, host, vif_type, device_owner, device_id) VALUES
  ('p', 'web', 'n1', 'binding_failed', 'compute:nova', 's'),
  ('q', 'db', 'n1', 'unbound', 'compute:nova', 't');
expect: web
expect: db
*/
/* test: bound, on no host, and a floating IP's port
INSERT INTO neutron_port (id, name, host, vif_type, device_owner, device_id) VALUES
  ('p', 'web', 'n1', 'ovs', 'compute:nova', 's'), ('q', 'db', NULL, 'unbound', 'compute:nova', 't'),
  ('r', 'idle', '', 'unbound', '', ''), ('s', '', NULL, 'unbound', 'network:floatingip', 'f');
expect: nothing
*/
