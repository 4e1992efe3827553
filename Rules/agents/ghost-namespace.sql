-- title: A node has a namespace that Neutron does not have there
-- severity: medium
-- precision: certain
-- population: namespaces: SELECT count(*) FROM namespace WHERE name <> 'root'
-- why: Its router or network was deleted, or given to another node, while the agent was not
--   running. What is in it goes on: a router that routes, a DHCP server that answers.
-- fix: Restart the L3 or DHCP agent of the node, which cleans up when it starts; else
--   neutron-netns-cleanup, or ip netns delete NAMESPACE once nobody needs it.
-- references: LP2015388
-- needs: drift:ghost-namespace, drift:router-namespace, drift:dhcp-server, neutron-networks,
--   neutron-routers
SELECT d.node || ' ' || CASE d.code WHEN 'ghost-namespace' THEN d.object ELSE d.place END
  AS subject,
  CASE d.code WHEN 'ghost-namespace' THEN d.wanted
    ELSE CASE d.code WHEN 'router-namespace' THEN 'router ' ELSE 'DHCP of network ' END
      || coalesce(nullif(d.name, ''), d.object) || ' is wanted ' || d.wanted END
    || '; found ' || coalesce(d.found, 'none') AS message,
  d.file, d.line
FROM drift d
WHERE (d.code = 'ghost-namespace'
    OR d.code IN ('router-namespace', 'dhcp-server') AND d.kind IN ('twice', 'wrong-node'))
  -- A host that is none of the captured nodes may be this one.
  AND NOT (d.code = 'router-namespace' AND EXISTS (
    SELECT 1 FROM drift_unknown u WHERE u.code = 'router-namespace' AND u.node IS NULL))
  -- Without the answer, every router and network looks like none.
  AND EXISTS (SELECT 1 FROM capture_file WHERE format = 'neutron-networks')
  AND EXISTS (SELECT 1 FROM capture_file WHERE format = 'neutron-routers')
  AND NOT EXISTS (SELECT 1 FROM gap WHERE format IN ('neutron-networks', 'neutron-routers'))
ORDER BY 1, 2;

/* test: a router that was deleted, and one that is given to another node
INSERT INTO capture_file (id, path, format) VALUES
  (8, 'neutron/networks.json', 'neutron-networks'), (9, 'neutron/routers.json', 'neutron-routers');
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found) VALUES
  ('ghost-namespace', 'extra', 'namespace', 'qrouter-1', 'qrouter-1', 'n1', NULL,
    'no router 1 in Neutron', 'a namespace'),
  ('router-namespace', 'twice', 'router', '2', 'edge', 'n1', 'qrouter-2', 'on n2', 'on n1');
expect: n1 qrouter-1
expect: n1 qrouter-2
*/
/* test: a namespace that is missing is no ghost
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found) VALUES
  ('router-namespace', 'missing', 'router', '2', 'edge', 'n1', 'qrouter-2', 'on n1', NULL),
  ('dhcp-server', 'missing', 'network', '3', 'red', 'n1', 'qdhcp-3', 'scheduled on n1', NULL);
expect: nothing
*/
/* test: without Neutron's networks every network is unknown
INSERT INTO gap (path, format, reason)
  VALUES ('neutron/networks.json', 'neutron-networks', 'missing');
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found)
  VALUES ('ghost-namespace', 'extra', 'namespace', 'qdhcp-1', 'qdhcp-1', 'n1', NULL,
    'no network 1 in Neutron', 'a namespace');
expect: unknown
*/
/* test: a host that cannot be told from the nodes
INSERT INTO drift_unknown (code, node, reason)
  VALUES ('router-namespace', NULL, 'host net7 was not captured');
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found)
  VALUES ('router-namespace', 'twice', 'router', '2', 'edge', 'n1', 'qrouter-2', 'on n2', 'on n1');
expect: unknown
*/
