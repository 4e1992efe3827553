-- title: A node's own NAT rules see guests' packets
-- severity: medium
-- precision: possible
-- population: nodes: SELECT count(*) FROM node
-- why: With bridge-nf-call-iptables on, guests' packets on Linux bridges pass the node's NAT rules
--   as well. Those of a container platform then translate what guests send to addresses and ports
--   that the platform uses too.
-- fix: Agents of 2024.1 and later put a rule for each port first that lets its packets pass; until
--   then keep container platforms off nodes with the iptables_hybrid driver.
-- false-positives: Rules whose addresses no guest uses.
-- references: LP1908957
-- needs: iptables, sysctl, ip-link
WITH hybrid AS (
  SELECT d.node, count(*) AS ports FROM v_neutron_device d
  JOIN sysctl s ON s.node = d.node AND s.namespace = 'root'
    AND s.name = 'net.bridge.bridge-nf-call-iptables' AND s.value = '1'
  WHERE d.role = 'qvb' AND d.namespace = 'root' AND d.master IS NOT NULL
  GROUP BY d.node
)
SELECT r.node || ' ' || r.chain AS subject,
  '"' || r.rule || '" is asked for packets of ' || h.ports || ' port'
    || CASE h.ports WHEN 1 THEN '' ELSE 's' END || ' on Linux bridges' AS message,
  r.file, r.line
FROM hybrid h
JOIN iptables_rule r ON r.node = h.node AND r.namespace = 'root' AND r.table_name = 'nat'
  AND r.family = 4 AND r.chain = 'PREROUTING'
WHERE (r.target = 'KUBE-SERVICES' OR r.target IN ('DNAT', 'REDIRECT'))
  -- What is for the node's own addresses only, or comes in by one device, is no guest's.
  AND r.in_interface IS NULL AND r.rule NOT LIKE '%--dst-type LOCAL%'
  AND r.physical_in IS NULL
  -- The agent's rules that let ports' packets pass.
  AND NOT EXISTS (
    SELECT 1 FROM iptables_rule a
    WHERE a.node = h.node AND a.namespace = 'root' AND a.table_name = 'nat' AND a.family = 4
      AND a.target = 'ACCEPT' AND a.physical_in IS NOT NULL)
ORDER BY 1, 3, 4;

/* test: services of a container platform
INSERT INTO link (node, name, master) VALUES ('n1', 'qvb01234567-89', 'qbr01234567-89');
INSERT INTO sysctl (node, name, value) VALUES ('n1', 'net.bridge.bridge-nf-call-iptables', '1');
INSERT INTO iptables_rule (node, table_name, chain, target, rule)
  VALUES ('n1', 'nat', 'PREROUTING', 'KUBE-SERVICES', '-A PREROUTING -j KUBE-SERVICES');
expect: n1 PREROUTING
*/
/* test: the agent's rules go first, or nothing is bridged, or it is for the node itself
INSERT INTO link (node, name, master) VALUES
  ('n1', 'qvb01234567-89', 'qbr01234567-89');
INSERT INTO sysctl (node, name, value) VALUES
  ('n1', 'net.bridge.bridge-nf-call-iptables', '1'),
  ('n2', 'net.bridge.bridge-nf-call-iptables', '1');
INSERT INTO iptables_rule (node, table_name, chain, target, physical_in, rule) VALUES
  ('n1', 'nat', 'neutron-openvswi-PREROUTING', 'ACCEPT', 'qvb01234567-89', '-A x -j ACCEPT'),
  ('n1', 'nat', 'PREROUTING', 'KUBE-SERVICES', NULL, '-A PREROUTING -j KUBE-SERVICES'),
  ('n2', 'nat', 'PREROUTING', 'KUBE-SERVICES', NULL, '-A PREROUTING -j KUBE-SERVICES');
expect: nothing
*/
