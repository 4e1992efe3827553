-- title: A router is missing on a node that has to run it
-- severity: high
-- precision: certain
-- population: routers: SELECT count(*) FROM neutron_router
-- why: Neutron gave the router to the node's L3 agent, or a guest of a distributed router is there,
--   and the node has no namespace for it: what needs the router there does not get beyond its own
--   network.
-- fix: Restart the L3 agent of the node named. openstack network agent remove router --l3 AGENT
--   ROUTER and add router again rebuild it on one node.
-- references: LP1894843
-- needs: drift:router-namespace, netns-list, neutron-l3-agents|neutron-routers, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'router-namespace' AND d.kind = 'missing'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'netns-list')
ORDER BY 1, 2, 3, 4;

/* test: no namespace
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('router-namespace', 'missing', 'high', 'r', 'router', 'n1', 'snat-r',
    'scheduled on n1', 'none');
expect: n1 router
*/
/* test: one too many is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('router-namespace', 'twice', 'high', 'r', 'router', 'n1', 'snat-r', 'on n2', 'on n1');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('router-namespace', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('router-namespace', 'missing', 'high', 'r', 'router', 'n1', 'snat-r',
    'scheduled on n1', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'netns-list', 'missing');
expect: unknown
*/
