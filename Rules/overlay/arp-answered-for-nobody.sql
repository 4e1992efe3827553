-- title: A node answers ARP for an address of no port
-- severity: medium
-- precision: likely
-- population: flows that answer ARP: SELECT count(*) FROM flow WHERE actions LIKE '%arp_op%'
-- why: The port went and its row of the ARP responder stayed. Guests that use the address, or a new
--   port that gets it, are answered with the old MAC address.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- false-positives: A port that was deleted between the capture of Neutron's answers and that of the
--   node.
-- references: LP1824504
-- needs: drift:arp-responder, openflow-flows, ovsdb-dump, neutron-agents, neutron-ports,
--   neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'arp-responder' AND d.kind = 'extra'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: nobody has the address
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('arp-responder', 'extra', 'medium', 'net', 'blue', 'n1', 'br-tun table 21, 10.0.0.9',
    'no port of the network has 10.0.0.9', '10.0.0.9 is at fa:16:3e:00:00:09');
expect: n1 blue
*/
/* test: a wrong answer is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('arp-responder', 'different', 'high', 'p', 'web', 'n1', 'br-tun table 21, 10.0.0.1',
    '10.0.0.1 is at fa:16:3e:00:00:01', '10.0.0.1 is at fa:16:3e:00:00:02');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('arp-responder', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('arp-responder', 'extra', 'medium', 'net', 'blue', 'n1', 'br-tun table 21, 10.0.0.9',
    'no port of the network has 10.0.0.9', '10.0.0.9 is at fa:16:3e:00:00:09');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
