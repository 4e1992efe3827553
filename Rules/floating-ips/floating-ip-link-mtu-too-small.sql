-- title: The link to a floating IP namespace takes smaller packets than the external network
-- severity: high
-- precision: certain
-- population: links to floating IP namespaces: SELECT count(*) FROM v_neutron_device WHERE role IN
--   ('rfp', 'fpr')
-- why: What goes to and from floating IPs passes a pair of devices between the router and the
--   floating IP namespace. One that takes less than the external network promises drops full-size
--   packets: connections open, and hang as soon as they carry data.
-- fix: ip link set DEVICE mtu BYTES in the namespace named; restart the L3 agent of the node named.
-- references: LP1933273
-- needs: ip-link, neutron-networks, neutron-routers
WITH pair AS (
  SELECT d.node, d.namespace, d.interface, d.mtu_bytes, d.file, d.line,
    CASE d.role WHEN 'fpr' THEN substr(d.namespace, 5) ELSE (
      SELECT r.gateway_network FROM neutron_router r
      WHERE r.id = substr(d.namespace, 9)) END AS network
  FROM v_neutron_device d
  WHERE d.role = 'fpr' AND d.namespace LIKE 'fip-%'
    OR d.role = 'rfp' AND d.namespace LIKE 'qrouter-%'
)
SELECT p.node || ' ' || p.interface AS subject,
  'MTU ' || p.mtu_bytes || ' in ' || p.namespace || ' is less than ' || n.mtu_bytes || ' of '
    || coalesce(nullif(n.name, ''), n.id) AS message,
  p.file, p.line
FROM pair p JOIN neutron_network n ON n.id = p.network
WHERE p.mtu_bytes < n.mtu_bytes
ORDER BY 1;

/* test: either end
INSERT INTO neutron_network (id, name, mtu_bytes) VALUES ('ext', 'public', 1500);
INSERT INTO neutron_router (id, gateway_network) VALUES ('r', 'ext');
INSERT INTO link (node, namespace, name, mtu_bytes) VALUES
  ('n1', 'fip-ext', 'fpr-01234567-8', 1450), ('n1', 'qrouter-r', 'rfp-01234567-8', 1450);
expect: n1 fpr-01234567-8
expect: n1 rfp-01234567-8
*/
/* test: as large, larger, or of a router without gateway
INSERT INTO neutron_network (id, name, mtu_bytes) VALUES ('ext', 'public', 1500);
INSERT INTO neutron_router (id, gateway_network) VALUES ('r', 'ext'), ('s', NULL);
INSERT INTO link (node, namespace, name, mtu_bytes) VALUES
  ('n1', 'fip-ext', 'fpr-01234567-8', 1500), ('n1', 'qrouter-r', 'rfp-01234567-8', 9000),
  ('n1', 'qrouter-s', 'rfp-abcdef01-8', 1450);
expect: nothing
*/
