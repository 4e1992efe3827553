-- title: A guest may send from an address that is not its port's
-- severity: critical
-- precision: certain
-- population: ports with port security: SELECT count(*) FROM neutron_port WHERE device_owner LIKE
--   'compute:%' AND coalesce(is_port_security_enabled, 1)
-- why: The port's anti-spoofing rules or flows, those for ARP included, let pass a sender that is
--   neither one of its fixed addresses nor of its allowed address pairs. The guest can take
--   another's place.
-- fix: Toggle the port (openstack port set --disable PORT, then --enable), else restart the node's
--   Open vSwitch agent, which writes the filter anew.
-- references: OSSN-0027, LP1274034
-- needs: drift:anti-spoofing, drift:security-rule, drift:port-wiring, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  d.place || ': wanted ' || d.wanted || ', found ' || coalesce(d.found, 'none') AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'anti-spoofing' AND d.kind IN ('extra', 'different') AND d.severity = 'critical'
ORDER BY 1, 2;

/* test: ARP of a neighbour's address
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES ('anti-spoofing', 'extra', 'critical', 'port', 'p', 'web', 'n1', 'br-int table 71, ARP',
    '10.0.0.1 from fa:16:3e:00:00:01', '10.0.0.2 from fa:16:3e:00:00:01');
expect: n1 web
*/
/* test: an address of the port that is not let through is no spoofing
INSERT INTO drift (code, kind, severity, object_kind, object, name, node, place, wanted, found)
  VALUES ('anti-spoofing', 'missing', 'high', 'port', 'p', 'web', 'n1', 'br-int table 71, ARP',
    '10.0.0.1 from fa:16:3e:00:00:01', NULL);
expect: nothing
*/
