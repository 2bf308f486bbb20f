/* SPDX-License-Identifier: ISC
 *
 * near - a worker of the client, and the session that all workers of a run share.
 */
#ifndef BNET_NEAR_H
#define BNET_NEAR_H

#include "bnet.h"
#include "end.h"

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

/* bnet_near_land - the operation of that flow has ended; how as in load.h. */
static inline void bnet_near_land(struct bnet_near *n, struct bnet_flow *f, uint32_t how)
{
	f->under_way = false;
	n->worker->landed[n->n_landed++] = (struct bt_landed){ f->index, how };
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

/* bnet_run_snap - ask the server for its counts now: s->last, and s->near_last with it. 0 or -errno, said. */
int bnet_run_snap(struct bnet *b);

#endif
