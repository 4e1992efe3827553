-- title: A router runs on a node that Neutron did not give it to
-- severity: medium
-- precision: likely
-- population: routers: SELECT count(*) FROM neutron_router
-- why: The router was moved to another agent and the old one did not clean up. While its namespace
--   holds addresses, two nodes answer for the gateway.
-- fix: Restart the L3 agent of the node named. It removes routers that are not its own;
--   neutron-netns-cleanup removes what stays.
-- false-positives: A router that was moved while nodes were captured.
-- references: LP1894843, LP1881995
-- needs: drift:router-namespace, netns-list, neutron-l3-agents|neutron-routers
SELECT d.node || ' ' || d.place AS subject,
  'router ' || coalesce(nullif(d.name, ''), d.object) || ': wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'router-namespace' AND d.kind IN ('twice', 'wrong-node')
ORDER BY 1, 2, 3, 4;

/* test: on another node
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('router-namespace', 'twice', 'high', 'r', 'router', 'n1', 'snat-r', 'on n2', 'on n1');
expect: n1 snat-r
*/
/* test: a missing namespace is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('router-namespace', 'missing', 'high', 'r', 'router', 'n1', 'snat-r',
    'scheduled on n1', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('router-namespace', 'n1', 'not captured');
expect: unknown
*/
