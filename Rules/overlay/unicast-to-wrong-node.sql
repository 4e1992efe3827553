-- title: A flow sends a port's frames to a node that the port is not on
-- severity: high
-- precision: certain
-- population: flows to known addresses: SELECT count(*) FROM flow WHERE table_id = 20 AND priority
--   = 2
-- why: The agents were told behind which tunnel each address is. This flow names another node: what
--   is sent to the port from here is lost for good, because the flow does not end by itself.
-- fix: openstack port set --disable PORT, then --enable, makes Neutron tell all agents again; else
--   restart the node's Open vSwitch agent.
-- references: LP1785582, LP1602614
-- needs: drift:tunnel-unicast, openflow-flows, ovsdb-dump, neutron-agents, neutron-ports,
--   neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'tunnel-unicast' AND d.kind = 'different'
  -- That the tunnel itself is gone is another finding.
  AND d.found NOT LIKE '% at port %'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: another tunnel
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-unicast', 'different', 'high', 'p', 'web', 'n1', 'br-tun table 20',
    'fa:16:3e:00:00:01 at 192.0.2.2', 'fa:16:3e:00:00:01 at 192.0.2.3');
expect: n1 web
*/
/* test: without the flow its frames are flooded, and arrive
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-unicast', 'missing', 'medium', 'p', 'web', 'n1', 'br-tun table 20',
    'fa:16:3e:00:00:01 at 192.0.2.2', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('tunnel-unicast', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-unicast', 'different', 'high', 'p', 'web', 'n1', 'br-tun table 20',
    'fa:16:3e:00:00:01 at 192.0.2.2', 'fa:16:3e:00:00:01 at 192.0.2.3');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
