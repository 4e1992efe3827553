-- title: A distributed router does not lead a subnet to its source NAT
-- severity: high
-- precision: certain
-- population: interfaces of distributed routers: SELECT count(*) FROM neutron_port WHERE
--   device_owner = 'network:router_interface_distributed'
-- why: Guests without a floating IP go out by the one node that translates for the router. A
--   routing rule for each subnet, and a default route in its table, lead there: without them the
--   guests of this node do not get out.
-- fix: openstack router unset --external-gateway, then set it again, builds it anew for all;
--   restarting the node's L3 agent builds it anew there.
-- references: LP1933092
-- needs: drift:central-snat-rule, ip-rule-4, ip-route-4|ip-route, ip-link, neutron-ports,
--   neutron-routers, neutron-subnets
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'central-snat-rule' AND d.kind IN ('missing', 'different')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('ip-rule-4', 'ip-route-4', 'ip-route'))
ORDER BY 1, 2, 3, 4;

/* test: no rule
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('central-snat-rule', 'missing', 'high', 'r', 'router', 'n1', 'qrouter-r 10.0.0.0/24',
    'from 10.0.0.0/24 by 10.0.0.9 dev qr-1', 'no rule');
expect: n1 router
*/
/* test: the source NAT itself is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('router-snat', 'missing', 'high', 'r', 'router', 'n1', 'snat-r',
    'what leaves by qg-1 has source 192.0.2.1', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('central-snat-rule', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('central-snat-rule', 'missing', 'high', 'r', 'router', 'n1', 'qrouter-r 10.0.0.0/24',
    'from 10.0.0.0/24 by 10.0.0.9 dev qr-1', 'no rule');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-rule-4', 'missing');
expect: unknown
*/
