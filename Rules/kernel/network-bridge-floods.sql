-- title: A network's Linux bridge forgets every address at once
-- severity: high
-- precision: certain
-- population: Linux bridges of networks: SELECT count(*) FROM link WHERE kind = 'bridge' AND name
--   LIKE 'brq%'
-- why: With an ageing time of 0, the bridge learns nothing and floods every frame to all its ports:
--   each guest of the network on this node hears what is meant for the others.
-- fix: ip link set DEVICE type bridge ageing_time 30000; upgrade os-vif, which set it to 0 for all
--   bridges.
-- references: OSSA-2019-004, CVE-2019-15753, LP1837252
-- needs: ip-link
SELECT node || ' ' || name AS subject, 'ageing_time is 0' AS message, file, line
FROM link
WHERE namespace = 'root' AND kind = 'bridge' AND name LIKE 'brq________-__'
  AND json_extract(attributes, '$.ageing_time') = '0'
ORDER BY 1;

/* test: it learns nothing
INSERT INTO link (node, name, kind, attributes)
  VALUES ('n1', 'brq01234567-89', 'bridge', '{"ageing_time":"0"}');
expect: n1 brq01234567-89
*/
/* test: it learns; a guest's own bridge is 0 on purpose; not told
INSERT INTO link (node, name, kind, attributes) VALUES
  ('n1', 'brq01234567-89', 'bridge', '{"ageing_time":"30000"}'),
  ('n1', 'qbr01234567-89', 'bridge', '{"ageing_time":"0"}'),
  ('n1', 'brqabcdef01-23', 'bridge', '{}');
expect: nothing
*/
