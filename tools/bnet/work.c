/* SPDX-License-Identifier: ISC
 *
 * work - a worker of the client: operations begun, waited for and counted, and a peer that is gone or stalls noticed.
 */
#include <errno.h>

#include "near.h"

#define LOST_NS 1000000000u   /* a datagram of rr that has no answer by then */
#define GIVE_UP_NS 100000000u /* a signal was caught: no longer waited for what does not move */

static void got(void *arg, struct bnet_flow *f, const char *data, size_t len)
{
	struct bnet_near *n = arg;

	n->test->got(n, f, data, len);
}

static void sent(void *arg, struct bnet_flow *f)
{
	struct bnet_near *n = arg;

	if (n->test->sent)
		n->test->sent(n, f);
}

/* Nothing that the server does well ends a flow of ours. */
static void gone(void *arg, struct bnet_flow *f, int error)
{
	struct bnet_near *n = arg;

	(void)f;
	if (n->error == 0)
		n->error = error ? error : -EPIPE;
}

static const struct bnet_events events = { .sent = sent, .got = got, .gone = gone };

static int add_flows(struct bnet_near *n)
{
	int rc = 0;

	for (uint32_t i = 0; i < n->end.io.n_flows && rc == 0; i++)
		if (n->end.io.flows[i].fd >= 0)
			rc = bnet_io_add(&n->end.io, &n->end.io.flows[i], n->end.io.flows[i].fd);
	return rc;
}

static int work_init(struct bt_worker *worker)
{
	const struct bnet_job *config = worker->config;
	struct bnet_run *r = &config->b->run;
	struct bnet_near *n = &r->nears[worker->index];
	int rc;

	worker->state = n;
	worker->depth = r->job.flows;
	n->run = r;
	n->b = config->b;
	n->test = config->test;
	n->plant = config->plant;
	n->worker = worker;
	n->end.job = &r->job;
	n->receives = r->job.way == BT_NET_BOTH;
	n->end.io = (struct bnet_io){ .events = &events, .arg = n, .clock = worker->clock,
				      .flows = r->flows + worker->index * r->job.flows, .n_flows = r->job.flows,
				      .datagrams = r->job.proto == BT_NET_UDP_PROTO,
				      .zerocopy = r->job.zerocopy && bnet_end_sends(&r->job, true), .once = r->job.test == BT_NET_CRR,
				      .busy_ns = (uint64_t)r->job.sock.busy_poll_us * 1000, .wake_fd = -1,
				      .closing = r->job.test == BT_NET_CRR ? NULL : &r->closing };
	rc = bnet_io_init(&n->end.io, r->job.engine);
	return rc < 0 ? rc : add_flows(n);
}

static void work_fini(struct bt_worker *worker)
{
	struct bnet_near *n = worker->state;

	if (!n)
		return;
	bnet_end_publish(&n->end);
	bnet_io_fini(&n->end.io);
}

static int work_begin(struct bt_worker *worker, uint32_t slot)
{
	struct bnet_near *n = worker->state;
	struct bnet_flow *f = &n->end.io.flows[slot];
	int rc;

	f->under_way = true;
	rc = n->test->begin(n, f);
	if (rc < 0 && n->error == 0)
		n->error = rc;
	return 0;
}

/* rr over datagrams: what has no answer after a while is lost, and its flow goes on. */
static void give_up_lost(struct bnet_near *n, uint64_t now)
{
	if (n->end.job->proto != BT_NET_UDP_PROTO || n->end.job->test != BT_NET_RR)
		return;
	for (uint32_t i = 0; i < n->end.io.n_flows; i++) {
		struct bnet_flow *f = &n->end.io.flows[i];

		if (!f->under_way || now < n->worker->flights[i].start_ns + LOST_NS)
			continue;
		bnet_bump(&n->end.tally.lost, 1);
		n->progress_ns = now;
		bnet_near_land(n, f, BT_LANDED_FREE);
	}
}

/* Nothing has landed: is that still to be expected? */
static int check_patience(struct bnet_near *n)
{
	uint64_t now = n->worker->now_ns, still_ns;

	give_up_lost(n, now);
	if (n->end.io.moved != n->moved || n->progress_ns == 0) {
		n->moved = n->end.io.moved;
		n->progress_ns = now;
	}
	still_ns = now - n->progress_ns;
	if (still_ns > GIVE_UP_NS && bt_loadtool_stop())
		return -EINTR;
	return still_ns > bnet_patience(n->end.job->timeout_ns) ? -ETIMEDOUT : 0;
}

static void count(struct bnet_near *n)
{
	struct bt_tally *tally = n->worker->tally;

	tally->extra_count += n->in_bytes;
	tally->extra_count2 += n->out_bytes;
	n->in_bytes = n->out_bytes = 0;
	bnet_end_publish(&n->end);
}

static int work_reap(struct bt_worker *worker, uint64_t until_ns)
{
	struct bnet_near *n = worker->state;
	int rc = 0, landed;

	if (n->run->failed) /* said by the main thread */
		return -EIO;
	if (n->n_landed == 0 || n->receives)
		rc = bnet_io_wait(&n->end.io, n->n_landed ? 0 : until_ns);
	worker->now_ns = bt_clock_now(worker->clock);
	if (rc == 0 && n->error == 0 && n->n_landed == 0)
		rc = check_patience(n);
	else
		n->progress_ns = worker->now_ns;
	if (rc < 0 || n->error < 0)
		return rc < 0 ? rc : n->error;
	count(n);
	landed = (int)n->n_landed;
	n->n_landed = 0;
	return landed;
}

const struct bt_load_ops bnet_ops = { .init = work_init, .fini = work_fini, .begin = work_begin, .reap = work_reap };
