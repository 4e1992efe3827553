-- title: A distributed router does not know where a port is
-- severity: high
-- precision: likely
-- population: interfaces of distributed routers: SELECT count(*) FROM neutron_port WHERE
--   device_owner = 'network:router_interface_distributed'
-- why: In a distributed router's namespace, the neighbours are entered by the agent, because ARP of
--   a gateway does not leave its node. An address without a permanent entry, or with a wrong one,
--   is reached from some nodes only.
-- fix: Restart the L3 agent of the node named. openstack port set --disable PORT, then --enable,
--   makes Neutron tell it of one port.
-- false-positives: A port that was made while nodes were captured.
-- references: LP1928466, LP1933092, LP1936980, LP1934912, LP2090825
-- needs: drift:dvr-neighbour, ip-neigh, ip-link, neutron-ports, neutron-routers
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'dvr-neighbour' AND d.kind IN ('missing', 'different')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ip-neigh')
ORDER BY 1, 2, 3, 4;

/* test: no entry, and a wrong one
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dvr-neighbour', 'missing', 'high', 'p', 'web', 'n1', 'qrouter-r qr-1',
    '10.0.0.2 is at fa:16:3e:00:00:01 (permanent)', 'none'),
  ('dvr-neighbour', 'different', 'high', 'q', 'db', 'n1', 'qrouter-r qr-1',
    '10.0.0.3 is at fa:16:3e:00:00:02 (permanent)', 'fa:16:3e:00:00:09 (PERMANENT)');
expect: n1 web
expect: n1 db
*/
/* test: an entry for nobody is litter
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dvr-neighbour', 'extra', 'low', 'r', 'router', 'n1', 'qrouter-r qr-1',
    'no port of the network has 10.0.0.9', '10.0.0.9 is at fa:16:3e:00:00:09');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('dvr-neighbour', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dvr-neighbour', 'missing', 'high', 'p', 'web', 'n1', 'qrouter-r qr-1',
    '10.0.0.2 is at fa:16:3e:00:00:01 (permanent)', 'none'),
  ('dvr-neighbour', 'different', 'high', 'q', 'db', 'n1', 'qrouter-r qr-1',
    '10.0.0.3 is at fa:16:3e:00:00:02 (permanent)', 'fa:16:3e:00:00:09 (PERMANENT)');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-neigh', 'missing');
expect: unknown
*/
