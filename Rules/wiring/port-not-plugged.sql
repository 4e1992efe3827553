-- title: A port that Neutron has active is plugged in nowhere
-- severity: high
-- precision: likely
-- population: ports that are bound to a node: SELECT count(*) FROM neutron_port WHERE host IS NOT
--   NULL
-- why: Neutron has bound the port to the node and reports it active. The node's switch has no
--   device for it, so nothing gets to or from it.
-- fix: Detach the server's interface and attach it again; for ports of routers and of DHCP restart
--   their agent on the node.
-- false-positives: A server that was shut off or deleted between the capture of Neutron's answers
--   and that of the node.
-- references: LP1968896
-- needs: drift:port-wiring, ovsdb-dump, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'port-wiring' AND d.kind = 'missing'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: bound and active, and no device
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-wiring', 'missing', 'high', 'p', 'web', 'n1', '', 'on n1', 'none');
expect: n1 web
*/
/* test: a device on another node is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-wiring', 'wrong-node', 'high', 'p', 'web', 'n2', 'tap1', 'on n1', 'on n2 as tap1');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('port-wiring', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-wiring', 'missing', 'high', 'p', 'web', 'n1', '', 'on n1', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
