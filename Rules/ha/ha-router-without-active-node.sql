-- title: An HA router is active on no node
-- severity: high
-- precision: certain
-- population: routers with a spare node: SELECT count(*) FROM neutron_router WHERE is_ha
-- why: Each of its nodes waits for another one: nobody holds the router's addresses.
-- fix: See on its nodes whether keepalived runs, and as whose child; end one that was left over,
--   then restart the L3 agent.
-- references: LP1908057, LP1561046
-- needs: drift:ha-active, ha-state|neutron-routers
SELECT coalesce(nullif(d.name, ''), d.object) AS subject,
  'wanted ' || d.wanted || ', found ' || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'ha-active' AND d.kind = 'missing'
ORDER BY 1, 2, 3, 4;

/* test: all of them wait
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('ha-active', 'missing', 'high', 'r', 'edge', 'n1', '', 'one node', 'none');
expect: edge
*/
/* test: two active ones is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('ha-active', 'twice', 'high', 'r', 'edge', 'n1', '', 'one node', 'n1, n2');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('ha-active', 'n1', 'not captured');
expect: unknown
*/
