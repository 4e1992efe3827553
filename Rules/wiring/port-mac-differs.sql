-- title: A port's device has another MAC address than Neutron's port
-- severity: high
-- precision: certain
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: Filters, ARP answers and the rows that lead to the port are made for Neutron's address.
--   Frames to and from the address that the device has are dropped or flooded.
-- fix: Detach the interface from the server and attach it again, so that both get one address.
-- needs: drift:port-mac, ovsdb-dump, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'port-mac' AND d.kind = 'different'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: another address at the device
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-mac', 'different', 'high', 'p', 'web', 'n1', 'tap1',
    'fa:16:3e:00:00:01', 'fa:16:3e:00:00:02');
expect: n1 web
*/
/* test: another comparison of the same port
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-network', 'different', 'critical', 'p', 'web', 'n1', 'tap1', 'network a', 'network b');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('port-mac', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-mac', 'different', 'high', 'p', 'web', 'n1', 'tap1',
    'fa:16:3e:00:00:01', 'fa:16:3e:00:00:02');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
