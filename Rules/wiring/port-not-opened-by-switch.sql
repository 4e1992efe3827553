-- title: The switch could not open a device
-- severity: high
-- precision: certain
-- population: interfaces of switches: SELECT count(*) FROM ovs_interface
-- why: The database of the switch has the interface, and ovs-vswitchd has no OpenFlow port for it:
--   nothing gets through, and flows for the number that it had before may reach another port.
-- fix: ovs-vsctl get Interface INTERFACE error says why; make the device again (start the server,
--   restart the agent that owns it), or ovs-vsctl del-port what nobody needs.
-- needs: ovsdb-dump, neutron-ports
SELECT i.node || ' ' || i.name AS subject,
  CASE WHEN n.id IS NULL THEN i.type || ' port'
    ELSE 'port ' || coalesce(nullif(n.name, ''), n.id) END
    || ' has no OpenFlow number' || coalesce(': ' || nullif(i.error, ''), '') AS message,
  i.file, i.line
FROM ovs_interface i LEFT JOIN neutron_port n ON n.id = i.iface_id
WHERE i.ofport = -1
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ovsdb-dump' AND g.node = i.node)
  -- Of a server that is shut off, or was moved away, the row stays and its device goes.
  AND (n.is_admin_up AND n.status = 'ACTIVE'
      AND EXISTS (SELECT 1 FROM v_host_node h WHERE h.host = n.host AND h.node = i.node)
    OR i.type IN ('patch', 'vxlan', 'gre', 'geneve'))
ORDER BY 1;

/* test: an active port and a tunnel
INSERT INTO neutron_port (id, host, is_admin_up, status) VALUES ('p', 'n1', 1, 'ACTIVE');
INSERT INTO ovs_interface (node, name, type, ofport, iface_id) VALUES
  ('n1', 'tap1', '', -1, 'p'), ('n1', 'vxlan-1', 'vxlan', -1, NULL);
expect: n1 tap1
expect: n1 vxlan-1
*/
/* test: open, of a server that is off, moved away, or nobody's
INSERT INTO neutron_port (id, host, is_admin_up, status) VALUES
  ('p', 'n1', 1, 'ACTIVE'), ('off', 'n1', 1, 'DOWN'), ('moved', 'n2', 1, 'ACTIVE');
INSERT INTO ovs_interface (node, name, type, ofport, iface_id) VALUES
  ('n1', 'tap1', '', 7, 'p'), ('n1', 'tap2', '', -1, 'off'), ('n1', 'tap3', '', -1, 'moved'),
  ('n1', 'eth9', '', -1, NULL), ('n1', 'tap4', '', NULL, 'p');
expect: nothing
*/
