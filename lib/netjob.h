/* SPDX-License-Identifier: ISC
 *
 * netjob - what a client of bnet asks its server to do, and what either end counts while they do it. handshake.h has how they
 * travel.
 */
#ifndef BT_NETJOB_H
#define BT_NETJOB_H

#include <stdbool.h>
#include <stdint.h>

#define BT_NET_JOIN_BYTES 32          /* the first bytes of each data connection */
#define BT_NET_COOKIE_BYTES 16
#define BT_NET_THREADS_MAX 1024
#define BT_NET_FLOWS_MAX 4096         /* of one thread */
#define BT_NET_MESSAGE_MAX (64u << 20)
#define BT_NET_CPUS_MAX 64            /* CPUs that a client may name for the far end */
#define BT_NET_NAME_MAX 16            /* bytes of a name, its NUL included: TCP_CA_NAME_MAX, IFNAMSIZ */

enum bt_net_test { BT_NET_RR, BT_NET_STREAM, BT_NET_CRR, BT_NET_UDP, BT_NET_TESTS };
enum bt_net_proto { BT_NET_TCP, BT_NET_UDP_PROTO, BT_NET_UNIX, BT_NET_PROTOS };
/* As the client sees it: it sends (and receives in a stream that goes both ways). */
enum bt_net_way { BT_NET_OUT, BT_NET_IN, BT_NET_BOTH, BT_NET_WAYS };
enum bt_net_engine { BT_NET_SYNC, BT_NET_URING, BT_NET_ENGINES };

/* Of each data socket, at both ends; 0 or "": as the system has it. */
struct bt_net_sockopts {
	bool nodelay;
	uint32_t mss_bytes;
	uint32_t sndbuf_bytes, rcvbuf_bytes;
	uint32_t dscp;          /* 0 to 63 */
	uint32_t busy_poll_us;
	char congestion[BT_NET_NAME_MAX];
};

struct bt_net_job {
	enum bt_net_test test;
	enum bt_net_proto proto;      /* of the data connections */
	enum bt_net_way way;          /* stream and udp */
	enum bt_net_engine engine;
	bool zerocopy;                /* io_uring: send_zc */
	uint32_t threads, flows;      /* workers of the client; data connections of each (crr: connections at a time) */
	uint32_t request_bytes;       /* size of a message, datagram or request; 1 to BT_NET_MESSAGE_MAX */
	uint32_t response_bytes;      /* rr and crr */
	double rate;                  /* of the end that sends, operations per second over all workers; 0: as fast as it goes */
	uint64_t lifetime_ns;         /* the client is gone by then: warm-up, run, cool-down and some more */
	uint64_t timeout_ns;          /* without any progress: the other end counts as lost */
	struct bt_net_sockopts sock;
	uint32_t n_cpus, cpus[BT_NET_CPUS_MAX]; /* the far workers run there in turn; 0: anywhere */
};

/* TCP_INFO over all flows of an end. */
struct bt_net_tcp {
	uint32_t flows;               /* that gave any; 0: none of the rest holds */
	uint64_t rtt_ns, rttvar_ns;   /* smoothed: mean over flows */
	uint64_t retransmits;         /* segments, since the flows began */
	uint64_t cwnd_bytes;          /* sum */
	uint64_t pacing_rate, delivery_rate; /* B/s, sum; pacing_rate UINT64_MAX: not paced */
};

/* What one end has counted so far, from when its session began. */
struct bt_net_counts {
	uint64_t at_ns;               /* when, by this end's clock: of the last byte when it has drained */
	uint64_t ops;                 /* requests answered, connections served, messages or datagrams sent */
	uint64_t in_bytes, out_bytes; /* payload */
	uint64_t cpu_ns;              /* of its worker threads */
	uint64_t errors;              /* wrong requests */
	/* udp, the end that receives */
	uint64_t datagrams, lost, duplicates, reordered;
	uint64_t jitter_ns;           /* RFC 3550, mean over flows, as of now */
	/* io_uring */
	uint64_t zc_sends, zc_copied; /* sends without a copy, and those that the kernel copied all the same */
	uint32_t features;            /* enum bt_net_feature bits that are in use */
	struct bt_net_tcp tcp;
};

enum bt_net_feature { BT_NET_RING = 1, BT_NET_MULTISHOT = 2, BT_NET_BUFFER_RING = 4, BT_NET_SEND_ZC = 8 };

#endif
