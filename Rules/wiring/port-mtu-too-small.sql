-- title: A port's device takes smaller packets than its network promises
-- severity: high
-- precision: certain
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: Packets as large as the network's MTU do not get through the device: connections open, and
--   hang as soon as they carry data.
-- fix: ip link set DEVICE mtu BYTES in its namespace; the agent sets it anew when it next wires the
--   port.
-- references: LP1823798, LP1933273
-- needs: drift:port-mtu, ip-link, neutron-networks, neutron-ports
SELECT d.node || ' ' || d.place AS subject,
  'device of ' || coalesce(nullif(d.name, ''), d.object) || ': wanted ' || d.wanted
    || ', found ' || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'port-mtu' AND d.severity = 'high'
ORDER BY 1, 2, 3, 4;

/* test: less than the network has
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-mtu', 'different', 'high', 'p', 'web', 'n1', 'tap1', '1500 bytes', '1450 bytes');
expect: n1 tap1
*/
/* test: more than the network has
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-mtu', 'different', 'medium', 'p', 'web', 'n1', 'qr-1', '1450 bytes', '1500 bytes');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('port-mtu', 'n1', 'not captured');
expect: unknown
*/
