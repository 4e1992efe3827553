-- title: A DHCP server resolves names for anybody
-- severity: medium
-- precision: certain
-- population: DHCP servers: SELECT count(*) FROM process WHERE arguments LIKE '%--dhcp-hostsfile=%'
-- why: Without --local-service, dnsmasq answers DNS queries from every address that can reach it.
--   On a network that is open to the outside it takes part in attacks by amplification.
-- fix: Upgrade Neutron, which passes the option since Stein; till then close port 53 of the DHCP
--   port to foreign networks.
-- references: LP1501206
-- needs: ps
WITH server AS (
  SELECT node, file, line, substr(arguments, instr(arguments, '--dhcp-hostsfile=')) AS rest
  FROM process
  WHERE arguments LIKE '%dnsmasq%--dhcp-hostsfile=%' AND arguments NOT LIKE '%--local-service%'
    -- Neutron's: its files are named for the network. The name server may be off altogether.
    AND arguments LIKE '%--dhcp-hostsfile=%/________-____-____-____-____________/host%'
    AND arguments || ' ' NOT LIKE '%--port=0 %'
)
SELECT DISTINCT s.node || ' ' || coalesce(
    (SELECT nullif(n.name, '') FROM neutron_network n
      WHERE n.id = substr(s.rest, instr(s.rest, '/host') - 36, 36)),
    substr(s.rest, instr(s.rest, '/host') - 36, 36)) AS subject,
  'dnsmasq runs without --local-service' AS message, s.file, s.line
FROM server s
ORDER BY 1;

/* test: without the option
INSERT INTO neutron_network (id, name) VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'red');
INSERT INTO process (node, pid, arguments) VALUES ('n1', 7, 'dnsmasq --no-hosts '
  || '--dhcp-hostsfile=/run/dhcp/01234567-89ab-cdef-0123-456789abcdef/host --bind-dynamic');
expect: n1 red
*/
/* test: with it, without a name server, and a dnsmasq of somebody else
INSERT INTO process (node, pid, arguments) VALUES
  ('n1', 7, 'dnsmasq --dhcp-hostsfile=/run/dhcp/01234567-89ab-cdef-0123-456789abcdef/host '
    || '--local-service --bind-dynamic'),
  ('n1', 8,
    'dnsmasq --dhcp-hostsfile=/run/dhcp/01234567-89ab-cdef-0123-456789abcdee/host --port=0'),
  ('n1', 9, '/usr/sbin/dnsmasq --conf-file=/var/lib/libvirt/dnsmasq/default.conf'),
  ('n1', 10, 'dnsmasq --dhcp-hostsfile=/var/lib/ironic/hosts');
expect: nothing
*/
