-- title: A tunnel leads to an address of no agent
-- severity: medium
-- precision: likely
-- population: tunnels: SELECT count(*) FROM v_tunnel
-- why: Neutron forgets an agent, and the others keep their tunnels to it. Floods of tenants'
--   networks are still copied there: to nobody, or to whoever has got the address since.
-- fix: openstack network agent delete for the old agent if it is still listed, remove its row of
--   the type driver's endpoints, then restart the Open vSwitch agents that have the tunnel;
--   ovs-vsctl del-port removes what stays.
-- false-positives: A gateway or switch that takes part in the overlay without an agent that Neutron
--   lists.
-- references: LP2084446
-- needs: drift:tunnel-port, ovsdb-dump, openflow-flows, neutron-agents
SELECT d.node || ' ' || d.place AS subject,
  'wanted ' || d.wanted || ', found ' || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'tunnel-port' AND d.kind = 'extra'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: no agent's address
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'extra', 'medium', 'n1', 'n1', 'n1', 'br-tun vxlan-1',
    'tunnels to agents only', 'a tunnel to 192.0.2.9, no agent''s');
expect: n1 br-tun vxlan-1
*/
/* test: a missing tunnel is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'missing', 'high', 'n1', 'n1', 'n1', 'br-tun', 'a tunnel to 192.0.2.2', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('tunnel-port', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-port', 'extra', 'medium', 'n1', 'n1', 'n1', 'br-tun vxlan-1',
    'tunnels to agents only', 'a tunnel to 192.0.2.9, no agent''s');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
