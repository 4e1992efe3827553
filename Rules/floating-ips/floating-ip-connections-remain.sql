-- title: Connections of a floating IP go on with a port that it no longer leads to
-- severity: medium
-- precision: certain
-- population: tracked connections in routers: SELECT count(*) FROM conntrack WHERE namespace LIKE
--   'qrouter-%' OR namespace LIKE 'snat-%'
-- why: A connection that was open when the floating IP was taken away stays translated until it
--   ends: whoever had it still talks to the port, whatever Neutron says now.
-- fix: In the namespace named, conntrack -D -d FLOATING-IP and conntrack -D -q FLOATING-IP; upgrade
--   the L3 agent, which should have done so.
-- references: OSSN-0020, LP1334926, LP1818805
-- needs: conntrack, neutron-floatingips, neutron-port-forwardings
WITH tracked AS (
  SELECT c.node, c.namespace, c.destination AS floating, c.reply_source AS inner, c.source AS peer,
    c.file, c.line
  FROM conntrack c
  WHERE (c.namespace LIKE 'qrouter-%' OR c.namespace LIKE 'snat-%')
    AND c.destination <> c.reply_source
    AND (c.state = 'ESTABLISHED' OR c.state IS NULL AND c.flags LIKE '%ASSURED%')
  UNION ALL
  SELECT c.node, c.namespace, c.reply_destination, c.source, c.destination, c.file, c.line
  FROM conntrack c
  WHERE (c.namespace LIKE 'qrouter-%' OR c.namespace LIKE 'snat-%')
    AND c.reply_destination <> c.source
    AND (c.state = 'ESTABLISHED' OR c.state IS NULL AND c.flags LIKE '%ASSURED%')
)
SELECT t.node || ' ' || f.address AS subject,
  'in ' || t.namespace || ' ' || t.peer || ' is still connected with ' || t.inner
    || coalesce('; it leads to ' || f.fixed_address, '; it leads to no port') AS message,
  t.file, t.line
FROM tracked t JOIN neutron_floating_ip f ON f.address = t.floating
WHERE NOT EXISTS (
    SELECT 1 FROM neutron_floating_ip o WHERE o.address = t.floating AND o.fixed_address = t.inner)
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port_forwarding w
    WHERE w.floating_ip = f.id AND w.internal_address = t.inner)
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.format IN ('neutron-floatingips', 'neutron-port-forwardings'))
ORDER BY 1, 2;

/* test: it was taken from one port, and from another given to a third
INSERT INTO neutron_floating_ip (id, address, fixed_address)
  VALUES ('f', '192.0.2.10', NULL), ('g', '192.0.2.11', '10.0.0.12');
INSERT INTO conntrack (node, namespace, source, destination, reply_source, reply_destination, state)
  VALUES
  ('n1', 'qrouter-r', '198.51.100.1', '192.0.2.10', '10.0.0.10', '198.51.100.1', 'ESTABLISHED'),
  ('n1', 'qrouter-r', '10.0.0.11', '198.51.100.2', '198.51.100.2', '192.0.2.11', 'ESTABLISHED');
expect: n1 192.0.2.10
expect: n1 192.0.2.11
*/
/* test: the present port, a forwarded port, a connection that is closing, and plain SNAT
INSERT INTO neutron_floating_ip (id, address, fixed_address)
  VALUES ('f', '192.0.2.10', '10.0.0.10'), ('g', '192.0.2.11', NULL), ('h', '192.0.2.12', NULL);
INSERT INTO neutron_port_forwarding (id, floating_ip, internal_address)
  VALUES ('w', 'g', '10.0.0.11');
INSERT INTO conntrack (node, namespace, source, destination, reply_source, reply_destination, state)
  VALUES
  ('n1', 'qrouter-r', '198.51.100.1', '192.0.2.10', '10.0.0.10', '198.51.100.1', 'ESTABLISHED'),
  ('n1', 'qrouter-r', '198.51.100.1', '192.0.2.11', '10.0.0.11', '198.51.100.1', 'ESTABLISHED'),
  ('n1', 'qrouter-r', '198.51.100.1', '192.0.2.12', '10.0.0.12', '198.51.100.1', 'TIME_WAIT'),
  ('n1', 'qrouter-r', '10.0.0.13', '198.51.100.1', '198.51.100.1', '192.0.2.1', 'ESTABLISHED'),
  ('n1', 'root', '198.51.100.1', '192.0.2.12', '10.0.0.12', '198.51.100.1', 'ESTABLISHED');
expect: nothing
*/
