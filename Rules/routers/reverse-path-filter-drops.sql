-- title: The reverse path filter drops what a router should forward
-- severity: medium
-- precision: certain
-- population: packets that must arrive and do not: SELECT count(*) FROM breakage
-- why: A strict filter drops a packet that comes in by another device than the one that leads back
--   to its source. Neutron does not set rp_filter: the node's default, or somebody's change, is too
--   strict for this way.
-- fix: sysctl -w net.ipv4.conf.all.rp_filter=0 and net.ipv4.conf.DEVICE.rp_filter=0 (or 2) in the
--   namespace that the reason names; make the node's default the same.
-- needs: reach, sysctl
SELECT b.source_port || ' to ' || b.destination AS subject,
  b.protocol || ': ' || b.reason AS message,
  b.file, b.line
FROM breakage b
WHERE b.reason LIKE '%rp_filter=%' AND b.source_port IS NOT NULL
ORDER BY 1, 2;

/* test: dropped by the filter
INSERT INTO breakage (kind, verdict, source_port, destination, protocol, reason)
  VALUES ('guest', 'broken', 'p', '10.0.0.9', 'icmp', 'rp_filter=1 on qr-1: no way back');
expect: p to 10.0.0.9
*/
/* test: dropped by something else
INSERT INTO breakage (kind, verdict, source_port, destination, protocol, reason)
  VALUES ('guest', 'broken', 'p', '10.0.0.9', 'icmp', 'no route');
expect: nothing
*/
/* test: nobody looked at packets
INSERT INTO reach_unknown (reason) VALUES ('nobody looked at all packets');
expect: unknown
*/
