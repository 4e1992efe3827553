-- title: A bridge of Neutron forwards by itself when its agent is gone
-- severity: high
-- precision: likely
-- population: bridges: SELECT count(*) FROM ovs_bridge
-- why: A bridge that is not set to fail mode secure becomes an ordinary switch when it loses its
--   controller: it forwards between all of its ports, whatever flows kept apart.
-- fix: ovs-vsctl set-fail-mode BRIDGE secure; the agent sets it on bridges that it makes, so find
--   out who made this one.
-- false-positives: A bridge to a physical network that carries the node's own address, and has to
--   work without an agent.
-- needs: drift:fail-mode, ovsdb-dump, neutron-agents
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'fail-mode' AND d.kind = 'different'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: standalone
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('fail-mode', 'different', 'medium', 'br-int', 'br-int', 'n1', '', 'secure', 'standalone');
expect: n1 br-int
*/
/* test: another comparison
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('patch-port', 'missing', 'high', 'br-int', 'br-int', 'n1', 'br-int',
    'a patch port to br-tun', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('fail-mode', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('fail-mode', 'different', 'medium', 'br-int', 'br-int', 'n1', '', 'secure', 'standalone');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
