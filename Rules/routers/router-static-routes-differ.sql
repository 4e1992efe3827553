-- title: A router's static routes are not those that Neutron has
-- severity: high
-- precision: certain
-- population: routers: SELECT count(*) FROM neutron_router
-- why: A route that is missing, leads elsewhere, or that nobody asked for sends packets of the
--   subnet that it covers to the wrong next hop, or to nobody.
-- fix: openstack router set --route destination=PREFIX,gateway=ADDRESS ROUTER once more, or unset
--   and set it; if that changes nothing, restart the L3 agent of the node named.
-- references: LP1999678
-- needs: drift:router-extra-route, drift:router-namespace, neutron-routers
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  d.place || ': ' || CASE d.kind
      WHEN 'missing' THEN 'no route ' || d.wanted
      WHEN 'extra' THEN 'nobody asked for ' || d.found
      ELSE d.wanted || ' leads to ' || d.found END AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'router-extra-route'
ORDER BY 1, 2;

/* test: one is missing, and one nobody asked for
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found) VALUES
  ('router-extra-route', 'missing', 'router', 'r', 'edge', 'n1', 'qrouter-r',
    '10.9.0.0/16 via 10.0.0.9',
    'none'),
  ('router-extra-route', 'extra', 'router', 'q', 'core', 'n1', 'qrouter-q', 'none',
    '10.8.0.0/16 via 10.0.0.8');
expect: n1 edge
expect: n1 core
*/
/* test: a default route is another matter
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found)
  VALUES ('router-default-route', 'missing', 'router', 'r', 'edge', 'n1', 'qrouter-r',
    'default via 192.0.2.1', 'none');
expect: nothing
*/
/* test: a node's routes were not captured
INSERT INTO drift_unknown (code, node, reason)
  VALUES ('router-extra-route', 'n1', 'routes of qrouter-r: not captured');
expect: unknown
*/
