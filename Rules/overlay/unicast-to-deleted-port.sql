-- title: A flow for an address of no port is left in the tunnel bridge
-- severity: medium
-- precision: likely
-- population: flows to known addresses: SELECT count(*) FROM flow WHERE table_id = 20 AND priority
--   = 2
-- why: The port went and the notice of it got lost. If a new port gets the address, this node sends
--   its frames to the old one's node.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- false-positives: A port that was deleted between the capture of Neutron's answers and that of the
--   node.
-- references: LP1602614
-- needs: drift:tunnel-unicast, openflow-flows, ovsdb-dump, neutron-agents, neutron-ports,
--   neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'tunnel-unicast' AND d.kind = 'extra'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: no port's address
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-unicast', 'extra', 'medium', 'net', 'blue', 'n1', 'br-tun table 20',
    'no port of the network has fa:16:3e:00:00:09', 'fa:16:3e:00:00:09 at 192.0.2.2');
expect: n1 blue
*/
/* test: another node is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-unicast', 'different', 'high', 'p', 'web', 'n1', 'br-tun table 20',
    'fa:16:3e:00:00:01 at 192.0.2.2', 'fa:16:3e:00:00:01 at 192.0.2.3');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('tunnel-unicast', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('tunnel-unicast', 'extra', 'medium', 'net', 'blue', 'n1', 'br-tun table 20',
    'no port of the network has fa:16:3e:00:00:09', 'fa:16:3e:00:00:09 at 192.0.2.2');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
