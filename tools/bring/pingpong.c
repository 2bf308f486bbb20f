/* SPDX-License-Identifier: ISC
 *
 * pingpong - a number goes to the partner and comes back.
 *
 * Where both sides may spin a round trip is too short for the clock, and an operation makes several.
 */
#include "bring.h"

static int serve(struct bring_peer *p)
{
	return bring_serve(p, NULL);
}

static int trip(struct bring_work *w)
{
	struct bring_end *end = &w->peers[0].link.ends[0];
	uint64_t number = ++w->number, back;
	int rc = bring_send(end, &number, 1);

	if (rc == 0)
		rc = bring_receive(end, &back, 1);
	return rc < 0 ? rc : bring_check(w, back, number);
}

static int pingpong_init(struct bt_worker *worker)
{
	int rc = bring_work_make(worker, 1, 1, serve);
	struct bring_work *w = worker->state;

	return rc < 0 ? rc : bring_peer_start(&w->peers[0]);
}

static int pingpong_step(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	int errors = 0;

	for (uint32_t i = 0; i < w->job->calls; i++) {
		int rc = trip(w);

		if (rc < 0)
			return rc;
		errors += rc;
	}
	return errors;
}

static void measures(const struct bt_emit *e)
{
	bool open = bt_emit_open(e);

	bt_emit_rate(e);
	bring_emit_per_call(e, "rtt", open ? &e->span->total->svc : &e->span->total->lat);
}

const struct bring_test bring_pingpong = {
	.name = "pingpong", .kernel = "pingpong.1", .help = "a number to the partner and back", .operation = "round trips, timed together",
	.vary = BRING_PAIR | BRING_ENGINE | BRING_SPIN, .engines = 0xff,
	.ops = { .init = pingpong_init, .step = pingpong_step, .fini = bring_work_free, .helpers = bring_work_helpers },
	.measures = measures,
};

/* --- coldstart: all of it, from nothing to nothing --- */

#define COLD_TRIPS 64

static int coldstart_init(struct bt_worker *worker)
{
	return bring_work_make(worker, 1, 1, serve);
}

static int coldstart_step(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	int errors = 0, rc = bring_peer_start(&w->peers[0]);

	for (int i = 0; rc >= 0 && i < COLD_TRIPS; i++) {
		rc = trip(w);
		errors += rc > 0;
	}
	bring_peer_stop(&w->peers[0]);
	return rc < 0 ? rc : errors;
}

static void coldstart_measures(const struct bt_emit *e)
{
	bt_emit_rate(e);
	if (!bt_emit_open(e))
		bt_emit_dist(e, "lat", &e->span->total->lat);
}

static void coldstart_describe(const struct bt_emit *e, struct bt_rec *r)
{
	(void)e;
	bt_rec_u64(r, "trips", COLD_TRIPS);
}

const struct bring_test bring_coldstart = {
	.name = "coldstart", .kernel = "coldstart.1", .help = "set up, start the partner, 64 round trips, take down",
	.operation = "all of that, once", .vary = BRING_PAIR | BRING_ENGINE | BRING_SPIN, .engines = 0xff,
	.ops = { .init = coldstart_init, .step = coldstart_step, .fini = bring_work_free, .helpers = bring_work_helpers },
	.describe = coldstart_describe, .measures = coldstart_measures,
};
