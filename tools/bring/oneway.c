/* SPDX-License-Identifier: ISC
 *
 * oneway - many messages to the partner, one back when it has the last.
 *
 * The partner compares each number with its own count. Its answer is the number of those that were wrong, so what counts is what
 * has been received and checked.
 */
#include "bring.h"

/* Takes all messages of an operation. Returns 0, -errno, or 1 at the end. */
static int take_all(struct bring_peer *p, uint64_t *next, uint64_t *wrong)
{
	uint64_t values[BRING_VALUES * 4], left = p->work->job->b->messages;

	while (left > 0) {
		int n = bring_receive(&p->link.ends[1], values, BRING_VALUES * 4);

		if (n <= 0)
			return n;
		if (values[n - 1] == BRING_STOP)
			return 1;
		for (int i = 0; i < n; i++)
			*wrong += values[i] != (*next)++;
		left -= (uint64_t)n;
	}
	return 0;
}

static int serve(struct bring_peer *p)
{
	uint64_t next = 0, wrong;
	int rc;

	for (;;) {
		wrong = 0;
		rc = take_all(p, &next, &wrong);
		if (rc == 0)
			rc = bring_send(&p->link.ends[1], &wrong, 1);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
}

static int oneway_init(struct bt_worker *worker)
{
	const struct bring_job *job = worker->config;
	int rc = bring_work_make(worker, (uint32_t)job->b->messages, 1, serve);
	struct bring_work *w = worker->state;

	return rc < 0 ? rc : bring_peer_start(&w->peers[0]);
}

/* Numbers go out in batches. A planted error is a number that is not the next one. */
static int send_all(struct bring_work *w, struct bring_end *end)
{
	uint32_t messages = (uint32_t)w->job->b->messages, batch = w->job->batch < messages ? w->job->batch : messages, n;

	for (uint32_t sent = 0; sent < messages; sent += n) {
		int rc;

		n = messages - sent < batch ? messages - sent : batch;
		for (uint32_t i = 0; i < n; i++)
			w->values[i] = w->number++;
		if (__builtin_expect(w->job->plant != 0, 0) && ++w->checked % w->job->plant == 0)
			w->values[0] ^= 1;
		rc = bring_send(end, w->values, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int oneway_step(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	struct bring_end *end = &w->peers[0].link.ends[0];
	uint64_t wrong;
	int rc = send_all(w, end);

	if (rc == 0)
		rc = bring_receive(end, &wrong, 1);
	return rc < 0 ? rc : (int)wrong;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	bt_rec_u64(r, "messages", bring_of(e)->messages);
}

static void measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	bool open = bt_emit_open(e);

	bt_emit_rate(e);
	if (!open)
		bt_emit_dist(e, "lat", &total->lat);
	bring_emit_per_call(e, "message", open ? &total->svc : &total->lat);
}

const struct bring_test bring_oneway = {
	.name = "oneway", .kernel = "oneway.1", .help = "many messages to the partner, one back at the end",
	.operation = "all messages, and the answer", .vary = BRING_PAIR | BRING_ENGINE | BRING_SPIN | BRING_BATCH, .engines = 0xff,
	.ops = { .init = oneway_init, .step = oneway_step, .fini = bring_work_free, .helpers = bring_work_helpers },
	.describe = describe, .measures = measures,
};
