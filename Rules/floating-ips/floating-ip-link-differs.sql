-- title: The link to a floating IP namespace has other addresses than its agent noted
-- severity: high
-- precision: certain
-- population: links that agents noted: SELECT count(*) FROM fip_link
-- why: Router and floating IP namespace are joined by a /31 that the L3 agent keeps in a file. When
--   a device has another one, the routes of one side lead to an address that the other does not
--   have.
-- fix: Restart the L3 agent of the node named.
-- references: LP1776984
-- needs: ip-link|fip-linklocal-networks, ip-addr
WITH wanted AS (
  -- Names take as much of the router's id as fits into 14 characters.
  SELECT l.node, l.key AS router, l.value AS prefix, d.namespace, d.interface, d.file, d.line
  FROM fip_link l
  JOIN v_neutron_device d ON d.node = l.node AND d.owner = substr(l.key, 1, 10)
    AND (d.role = 'rfp' AND d.namespace = 'qrouter-' || l.key
      OR d.role = 'fpr' AND d.namespace LIKE 'fip-%')
  WHERE l.value LIKE '169.254.%'
)
SELECT w.node || ' ' || w.interface AS subject,
  'has ' || coalesce((
    SELECT group_concat(a.address || '/' || a.prefix_length, ', ') FROM address a
    WHERE a.node = w.node AND a.namespace = w.namespace AND a.interface = w.interface
      AND a.family = 4), 'no IPv4 address')
    || ' in ' || w.namespace || ', and the agent noted ' || w.prefix AS message,
  w.file, w.line
FROM wanted w
WHERE NOT EXISTS (
    SELECT 1 FROM address a
    WHERE a.node = w.node AND a.namespace = w.namespace AND a.interface = w.interface
      AND a.prefix = w.prefix)
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = w.node AND g.format IN ('ip-addr', 'ip-link'))
  -- Addresses of that namespace were captured.
  AND EXISTS (
    SELECT 1 FROM address a WHERE a.node = w.node AND a.namespace = w.namespace)
UNION ALL
SELECT 'node ' || d.node || ': what its agent noted of ' || d.interface || ' was not captured',
  NULL, NULL, NULL
FROM v_neutron_device d
WHERE d.role = 'rfp' AND NOT EXISTS (
  SELECT 1 FROM fip_link l WHERE l.node = d.node AND substr(l.key, 1, 10) = d.owner)
ORDER BY 1;

/* test: another /31
INSERT INTO fip_link (node, key, value)
  VALUES ('n1', '01234567-89ab-cdef-0123-456789abcdef', '169.254.88.134/31');
INSERT INTO link (node, namespace, name)
  VALUES ('n1', 'qrouter-01234567-89ab-cdef-0123-456789abcdef', 'rfp-01234567-8');
INSERT INTO address (node, namespace, interface, family, address, prefix_length, prefix) VALUES
  ('n1', 'qrouter-01234567-89ab-cdef-0123-456789abcdef', 'rfp-01234567-8', 4, '169.254.7.2', 31,
    '169.254.7.2/31');
expect: n1 rfp-01234567-8
*/
/* test: the noted one, and a router that is not here
INSERT INTO fip_link (node, key, value) VALUES
  ('n1', '01234567-89ab-cdef-0123-456789abcdef', '169.254.88.134/31'),
  ('n1', 'abcdef01-89ab-cdef-0123-456789abcdef', '169.254.90.2/31');
INSERT INTO link (node, namespace, name) VALUES
  ('n1', 'qrouter-01234567-89ab-cdef-0123-456789abcdef', 'rfp-01234567-8'),
  ('n1', 'fip-x', 'fpr-01234567-8');
INSERT INTO address (node, namespace, interface, family, address, prefix_length, prefix) VALUES
  ('n1', 'qrouter-01234567-89ab-cdef-0123-456789abcdef', 'rfp-01234567-8', 4, '169.254.88.134', 31,
    '169.254.88.134/31'),
  ('n1', 'fip-x', 'fpr-01234567-8', 4, '169.254.88.135', 31, '169.254.88.134/31');
expect: nothing
*/
/* test: the agent's file was not captured
INSERT INTO link (node, namespace, name) VALUES ('n1', 'qrouter-r', 'rfp-01234567-8');
expect: unknown
*/
