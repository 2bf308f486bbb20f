/* SPDX-License-Identifier: ISC
 *
 * farwork - what a thread of the server does for its worker: it answers requests, swallows streams, or sends them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cpus.h"
#include "far.h"

#define QUIET_NS 200000000u /* datagrams under way have come, or will not */

static void set_done(struct bnet_far *f, int error)
{
	uint64_t one = 1;
	int none = 0;

	if (error)
		atomic_compare_exchange_strong(&f->error, &none, error);
	if (!atomic_exchange(&f->done, true) && write(f->notify_fd, &one, sizeof(one)) < 0)
		return; /* it is full, so it will be looked at */
}

/* --- what each test does with what comes --- */

static void answer(struct bnet_far *f, struct bnet_flow *flow)
{
	int rc;

	bnet_rr_head(flow, bnet_rr_number(flow, f->job.request_bytes));
	flow->got_bytes = 0;
	bnet_bump(&f->end.tally.ops, 1);
	bnet_bump(&f->end.tally.in_bytes, f->job.request_bytes);
	bnet_bump(&f->end.tally.out_bytes, f->job.response_bytes);
	rc = bnet_io_send(&f->end.io, flow, f->job.response_bytes, 8);
	if (rc < 0)
		bnet_io_gone(&f->end.io, flow, rc);
}

/* A request that comes while the answer to the last one is still under way is nobody's we know. */
static void take_request(struct bnet_far *f, struct bnet_flow *flow, const char *data, size_t len)
{
	bool whole;

	while (len > 0 && flow->fd >= 0) {
		size_t took = bnet_rr_take(flow, data, len, f->job.request_bytes, &whole);

		data += took;
		len -= took;
		if (whole && bnet_flow_busy(flow)) {
			bnet_bump(&f->end.tally.errors, 1);
			bnet_io_gone(&f->end.io, flow, -EPROTO);
		} else if (whole) {
			answer(f, flow);
		}
	}
}

/* A datagram is a whole request or nothing. */
static void take_datagram(struct bnet_far *f, struct bnet_flow *flow, const char *data, size_t len)
{
	flow->got_bytes = 0;
	if (!bnet_udp_ended(&f->end, flow, data, len) && len == f->job.request_bytes && !bnet_flow_busy(flow))
		take_request(f, flow, data, len);
}

static void got(void *arg, struct bnet_flow *flow, const char *data, size_t len)
{
	struct bnet_far *f = arg;

	if (f->job.test == BT_NET_UDP) {
		bnet_udp_take(&f->end, flow, data, len);
	} else if (f->job.test == BT_NET_STREAM) {
		bnet_bump(&f->end.tally.in_bytes, len);
		bnet_set(&f->end.tally.last_ns, bt_clock_now(f->end.io.clock));
	} else if (f->job.proto == BT_NET_UDP_PROTO) {
		take_datagram(f, flow, data, len);
	} else {
		take_request(f, flow, data, len);
	}
}

static void sent(void *arg, struct bnet_flow *flow)
{
	struct bnet_far *f = arg;

	(void)flow;
	if (f->job.test == BT_NET_STREAM) {
		bnet_bump(&f->end.tally.out_bytes, f->job.request_bytes);
		bnet_bump(&f->end.tally.ops, 1);
	}
}

/* The client ends what it sends, between two messages; what ends otherwise before it has asked us to finish is cut short. */
static void gone(void *arg, struct bnet_flow *flow, int error)
{
	struct bnet_far *f = arg;
	bool well = f->job.test == BT_NET_CRR || atomic_load(&f->finish) || (error == 0 && flow->got_bytes == 0);

	pthread_mutex_lock(&f->lock);
	if (f->job.proto == BT_NET_TCP && f->job.test != BT_NET_CRR)
		bnet_tcp_add(&f->past, flow->fd);
	pthread_mutex_unlock(&f->lock);
	f->ended++;
	if (!well)
		set_done(f, error ? error : -EPIPE);
}

const struct bnet_events bnet_far_events = { .sent = sent, .got = got, .gone = gone };

/* --- the thread --- */

static struct bnet_flow *free_flow(struct bnet_far *f)
{
	for (uint32_t i = 0; i < f->n_flows; i++)
		if (f->flows[i].fd < 0)
			return &f->flows[i];
	return NULL;
}

/* The JOIN was the beginning of the request, or all of it. */
static void begin_crr(struct bnet_far *f, struct bnet_flow *flow)
{
	char zeros[BT_NET_JOIN_BYTES] = { 0 };

	take_request(f, flow, zeros, sizeof(zeros));
}

static bool take_one(struct bnet_far *f)
{
	struct bnet_flow *flow = NULL;
	struct bnet_inbox in = { .fd = -1 };

	pthread_mutex_lock(&f->lock);
	if (f->n_inbox > 0) {
		in = f->inbox[f->n_inbox - 1];
		flow = f->job.test == BT_NET_CRR ? free_flow(f) : &f->flows[in.flow];
		f->n_inbox -= flow != NULL;
	}
	pthread_mutex_unlock(&f->lock);
	if (!flow)
		return false;
	if (bnet_io_add(&f->end.io, flow, in.fd) < 0)
		bnet_io_drop(&f->end.io, flow);
	else if (f->job.test == BT_NET_CRR)
		begin_crr(f, flow);
	return true;
}

/* Sends in turn, what is due or what there is room for. Returns until when there is nothing to do but wait. */
static uint64_t push(struct bnet_far *f)
{
	uint64_t now = bt_clock_now(f->end.io.clock), idle = now + BNET_WAKE_NS;
	uint32_t tried = 0;

	if (!f->sends || f->finish_ns)
		return idle;
	for (; tried < f->n_flows; tried++) {
		struct bnet_flow *flow = &f->flows[f->turn++ % f->n_flows];
		int rc;

		if (f->paced && f->pace.next_ns > now)
			return f->pace.next_ns < idle ? f->pace.next_ns : idle;
		if (flow->fd < 0 || bnet_flow_busy(flow))
			continue;
		rc = f->job.test == BT_NET_UDP ? bnet_udp_send(&f->end, flow) : bnet_stream_send(&f->end, flow);
		if (f->paced)
			bt_pace_next(&f->pace);
		if (rc < 0)
			bnet_io_gone(&f->end.io, flow, rc);
		if (rc > 0) {
			sent(f, flow);
			idle = 0;
		}
	}
	return idle;
}

static bool all_ended(const struct bnet_far *f)
{
	for (uint32_t i = 0; i < f->n_flows; i++)
		if (f->flows[i].fd >= 0 && !f->flows[i].seen.ended)
			return false;
	return true;
}

/* Whether all that was under way to us has come. */
static bool drained(struct bnet_far *f)
{
	uint64_t now, last = atomic_load_explicit(&f->end.tally.last_ns, memory_order_relaxed);

	if (!f->receives || all_ended(f))
		return true;
	now = bt_clock_now(f->end.io.clock);
	last = last > f->finish_ns ? last : f->finish_ns;
	if (f->job.test == BT_NET_UDP)
		return now > last + QUIET_NS;
	if (now > last + f->job.timeout_ns)
		set_done(f, -ETIMEDOUT);
	return false;
}

static void look_at_orders(struct bnet_far *f)
{
	if (atomic_load(&f->finish) && !f->finish_ns) {
		f->finish_ns = bt_clock_now(f->end.io.clock);
		for (uint32_t i = 0; f->sends && f->job.test == BT_NET_UDP && i < f->n_flows; i++)
			if (f->flows[i].fd >= 0)
				bnet_udp_end(&f->flows[i]);
	}
	if (f->finish_ns && !atomic_load(&f->done) && drained(f))
		set_done(f, 0);
}

static void serve(struct bnet_far *f)
{
	struct bnet_io *io = &f->end.io;
	int rc = f->job.n_cpus > 0 ? bt_cpus_pin(f->job.cpus[f->worker % f->job.n_cpus]) : 0;

	if (rc == 0)
		rc = bnet_io_init(io, f->job.engine) < 0 ? -EOPNOTSUPP : 0;
	if (f->paced)
		bt_pace_init(&f->pace, BT_ARRIVAL_FIXED, f->job.rate, bt_clock_now(io->clock), f->worker, f->job.threads, 0);
	while (rc == 0) {
		atomic_store(&io->woken, false); /* before we look at our orders: a wake that follows them is then not overlooked */
		if (atomic_load(&f->stop))
			break;
		while (take_one(f))
			;
		look_at_orders(f);
		rc = bnet_io_wait(io, push(f));
		bnet_end_publish(&f->end);
	}
	if (rc < 0)
		set_done(f, rc);
	for (uint32_t i = 0; io->ops && i < f->n_flows; i++)
		bnet_io_drop(io, &f->flows[i]);
	bnet_io_fini(io);
}

void *bnet_far_main(void *arg)
{
	struct bnet_far *f = arg;
	struct timespec cpu;

	serve(f);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	pthread_mutex_lock(&f->lock);
	f->cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
	f->over = true;
	pthread_mutex_unlock(&f->lock);
	return NULL;
}
