// Kernel interfaces that Swift's C library module leaves out: namespaces, packet sockets, ethtool.
// And glibc's settings of malloc.
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// <sched.h> declares it for _GNU_SOURCE only, which other importers of that header may lack.
extern int setns(int descriptor, int kind);

enum { ovsight_new_net = 0x40000000 };
