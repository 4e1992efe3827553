-- title: An agent does not report to Neutron or does not run
-- severity: medium
-- precision: likely
-- population: agents: SELECT count(*) FROM neutron_agent
-- why: What the agent made stays as it is and works on; changes do not arrive. What is told of the
--   node is true for now only, and its ports cannot be bound.
-- fix: Start the agent's service on the node and read its log for the reason why it ended; if the
--   node is gone for good, openstack network agent delete.
-- false-positives: A node that was taken out of service on purpose; processes of containers that
--   the node's own list does not show.
-- references: LP1910946
-- needs: drift:agent-alive, drift:agent-process, neutron-agents
SELECT coalesce(nullif(d.name, ''), d.object) AS subject,
  'wanted ' || d.wanted || ', found ' || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code IN ('agent-alive', 'agent-process')
  AND d.kind = 'missing'
  AND NOT (d.code = 'agent-process' AND EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ps'))
ORDER BY 1, 2, 3, 4;

/* test: no heartbeat, and no process
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('agent-alive', 'missing', 'medium', 'n1/l3', 'L3 agent on n1', 'n1', '',
    'alive', 'no heartbeat'),
  ('agent-process', 'missing', 'medium', 'n2/dhcp', 'DHCP agent on n2', 'n2', '',
    'a process neutron-dhcp-agent', 'none');
expect: L3 agent on n1
expect: DHCP agent on n2
*/
/* test: a process that Neutron does not know
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('agent-process', 'extra', 'low', 'n1/l3', 'L3 agent on n1', 'n1', '',
    'no such agent in Neutron', 'a process');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('agent-alive', 'n1', 'not captured');
expect: unknown
*/
