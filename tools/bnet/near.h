/* SPDX-License-Identifier: ISC
 *
 * near - a worker of the client, and the session that all workers of a run share.
 */
#ifndef BNET_NEAR_H
#define BNET_NEAR_H

#include "end.h"
#include "serve.h"

#define BNET_PEERS_MAX 8 /* addresses of one name that are tried */
#define BNET_JOBS_MAX 8

/* Options without a letter. */
enum bnet_opt {
	OPT_TO = BT_OPT_TOOL, OPT_PROTO, OPT_FLOWS, OPT_RESPONSE, OPT_REVERSE, OPT_BIDIR, OPT_ZEROCOPY, OPT_CONGESTION, OPT_NODELAY,
	OPT_MSS, OPT_SNDBUF, OPT_RCVBUF, OPT_DSCP, OPT_BIND, OPT_DEVICE, OPT_BUSY_POLL, OPT_FAR_CPUS, OPT_TIMEOUT,
	OPT_SERVE, /* the first of those of serve.h */
};

struct bnet;
struct bnet_near;

/* A test, at the client. Slot and flow have the same number. begin starts an operation of that flow; got takes what has come, sent
 * hears that a message is with the kernel. They end operations with bnet_near_land. begin returns 0 or -errno. */
struct bnet_test {
	const char *name, *id, *help, *operation;
	enum bt_net_test test;
	uint32_t request_bytes, response_bytes, request_min; /* as usual, and the least */
	bool nodelay;      /* as usual */
	bool flood;        /* goes one way, or both: stream and udp */
	int (*begin)(struct bnet_near *n, struct bnet_flow *f);
	void (*sent)(struct bnet_near *n, struct bnet_flow *f);
	void (*got)(struct bnet_near *n, struct bnet_flow *f, const char *data, size_t len);
};

extern const struct bnet_test *const bnet_tests[BT_NET_TESTS];
extern const struct bnet_test bnet_rr, bnet_stream, bnet_crr, bnet_udp;
extern const struct bt_load_ops bnet_ops;

/* One test of this run. */
struct bnet_job {
	const struct bnet_test *test;
	struct bnet *b;
	uint64_t plant;  /* every N-th answer is taken for wrong; 0: none */
	uint32_t streams; /* of probe; 0: as -t has it */
	enum bt_net_way way; /* of stream and udp */
};

/* One run: a session with a server, its data connections, and what both ends had counted when. */
struct bnet_run {
	struct bnet_link link;
	struct bt_net_job job;
	struct bt_netaddr server;      /* of those that the name has, the one that answered */
	struct bnet_flow *flows;       /* job.threads times job.flows; the workers' while they run */
	uint32_t n_flows;
	pthread_mutex_t closing;       /* of a flow; not crr */
	bool over;                     /* the workers are gone, and last is final */
	_Atomic bool failed;           /* something was wrong, and has been said */
	uint64_t pulse_ns;             /* when the server is next asked whether it is there */
	struct bt_net_counts start, edge, last; /* of the far end: when the run began, at the last interval, at the latest */
	struct bt_net_counts near_start, near_edge, near_last; /* of ours: what the workers' tallies do not have */
	char congestion[BT_NET_NAME_MAX]; /* as it is, "" but for TCP */
	struct bnet_near *nears;       /* job.threads */
};

struct bnet_near {
	struct bnet_end end;
	struct bnet *b;
	struct bnet_run *run;
	const struct bnet_test *test;
	struct bt_worker *worker;
	uint32_t n_landed;
	bool receives;                 /* also while there is something to land */
	uint64_t in_bytes, out_bytes;  /* since the last reap */
	uint64_t moved, progress_ns;   /* when anything last moved */
	int error;
	uint64_t plant, done;          /* BNET_PLANT */
};

/* What a probe has found so far: medians over its repetitions would say more, the last one says it now. */
struct bnet_found {
	uint64_t rtt_n, rtt_min_ns, rtt_p50_ns, rtt_p99_ns, rtt_max_ns;
	double bw[2][BT_NET_WAYS]; /* B/s: with one stream and with several; out and in */
	uint64_t retransmits[2];
	uint32_t streams;
};

struct bnet {
	struct bt_loadtool tool; /* first, so that its hooks find the rest */
	struct bt_load_opts adapted;
	/* as the options have it */
	const char *to;          /* NULL: a server of our own */
	enum bt_netaddr_family family;
	int proto, engine, nodelay; /* nodelay: -1: as the test has it */
	bool proto_set, reverse, bidir, zerocopy;
	uint64_t request_bytes, response_bytes; /* 0: as the test has it */
	uint64_t flows, timeout_ns;
	struct bt_net_sockopts sock;
	const char *bind, *device;
	uint32_t far_cpus[BT_NET_CPUS_MAX];
	size_t n_far_cpus;
	struct bnet_serve serve;
	const char *alone;       /* "probe" or "serve", or NULL */
	/* what follows from them */
	char host[256], resource[64];
	uint16_t port;
	struct bt_netaddr peers[BNET_PEERS_MAX], local; /* local: to bind to; len 0: none */
	int n_peers;
	/* as it runs */
	struct bnet_server *server; /* our own */
	enum bnet_code failure;     /* of the last run that failed */
	struct bnet_found found;    /* by a probe */
	struct bnet_run run;
	struct bnet_job jobs[BNET_JOBS_MAX];
	struct bt_load_job runs[BNET_JOBS_MAX];
};

/* What ended a run: say it, in a message and a warn record; the exit status of the tool follows from it. error: errno behind it,
 * or 0. BNET_OK: a signal, nothing to say. Returns -errno. */
int bnet_fail(struct bnet *b, enum bnet_code code, int error);

/* bnet_fail_option - the same for an option that the system refuses; its long name. */
int bnet_fail_option(struct bnet *b, const char *option, int error);

/* bnet_near_land - the operation of that flow has ended; how as in load.h. */
static inline void bnet_near_land(struct bnet_near *n, struct bnet_flow *f, uint32_t how)
{
	f->under_way = false;
	n->worker->landed[n->n_landed++] = (struct bt_landed){ f->index, how };
}

/* bnet_near_plant - the number to expect in place of number: another one now and then, where a test of ours wants that. */
static inline uint64_t bnet_near_plant(struct bnet_near *n, uint64_t number)
{
	return n->plant && ++n->done % n->plant == 0 ? ~number : number;
}

/* bnet_near_socket - a data socket of this run, not connected: it does not block, and has all options. what: the one that failed.
 * Returns it or -errno. */
int bnet_near_socket(const struct bnet *b, const struct bnet_run *s, const char **what);

/* The hooks of struct bt_loadtool that make a session, ask its server, and end it. */
int bnet_before(struct bt_loadtool *t);
int bnet_started(struct bt_loadtool *t);
int bnet_over(struct bt_loadtool *t);
void bnet_after(struct bt_loadtool *t);
void bnet_failure(struct bt_loadtool *t, int error, const char *where);
void bnet_pulse(struct bt_loadtool *t, uint64_t now_ns);
bool bnet_enough(struct bt_loadtool *t);

/* bnet_run_snap - ask the server for its counts now: s->last, and s->near_last with it. 0 or -errno, said. */
int bnet_run_snap(struct bnet *b);

/* bnet_resolve - the addresses of the host, once; BNET_OK or why not. bnet_find_resource - the name of the interface that leads
 * there, for the lock. */
enum bnet_code bnet_resolve(struct bnet *b, int *error);
void bnet_find_resource(struct bnet *b);

/* probe.c: the jobs of a probe; what a span of one has found; all of it in words. */
void bnet_probe_jobs(struct bnet *b);
void bnet_probe_note(const struct bt_emit *e);
void bnet_probe_summary(const struct bnet *b);

/* bnet_add_job - one more test to run. */
struct bnet_job *bnet_add_job(struct bnet *b, const struct bnet_test *test);

/* records.c: the hooks of struct bt_loadtool, and all metrics that are ever emitted. */
extern const char *const bnet_metrics[];
void bnet_meta(struct bt_loadtool *t, struct bt_rec *r);
void bnet_describe(const struct bt_emit *e, struct bt_rec *r);
void bnet_measures(const struct bt_emit *e);

#endif
