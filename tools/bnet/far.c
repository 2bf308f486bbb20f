/* SPDX-License-Identifier: ISC
 *
 * far - a thread of the server that serves one worker of a client: it answers requests, swallows streams, or sends them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bnet.h"
#include "cpus.h"
#include "end.h"
#include "pace.h"

#define STACK_BYTES (128u << 10)
#define CRR_SPARE 64u        /* connections that are over may still be there when others come */
#define QUIET_NS 200000000u  /* datagrams under way have come, or will not */

struct inbox {
	int fd;
	uint32_t flow;
};

struct bnet_far {
	struct bnet_end end;
	struct bt_net_job job;
	uint32_t worker, n_flows;
	struct bnet_flow *flows;
	bool sends, receives;
	pthread_t thread;
	bool started;
	int notify_fd;
	pthread_mutex_t lock;         /* of what follows, and held while a flow is closed */
	struct inbox *inbox;          /* connections to take over */
	uint32_t n_inbox, cap_inbox;
	uint8_t *taken;               /* by flow: there was one */
	struct bt_net_tcp past;       /* of flows that have ended */
	uint64_t cpu_ns;              /* of the thread, once it has ended */
	bool over;                    /* it has */
	_Atomic uint32_t joined;
	_Atomic bool stop, finish, done;
	_Atomic int error;
	/* the thread's own */
	uint32_t ended;               /* flows */
	uint64_t finish_ns;           /* when it was told to finish; 0: not yet */
	struct bt_pace pace;
	bool paced;
	uint32_t turn;                /* whose turn it is to send */
};

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

static const struct bnet_events events = { .sent = sent, .got = got, .gone = gone };

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
	struct inbox in = { .fd = -1 };

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
	while (rc == 0 && !atomic_load(&f->stop)) {
		atomic_store_explicit(&io->woken, false, memory_order_relaxed);
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

static void *far_main(void *arg)
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

/* --- for the server --- */

struct bnet_far *bnet_far_new(const struct bt_net_job *job, uint32_t worker, const struct bt_clock *clock, int notify_fd,
			      int *error)
{
	bool crr = job->test == BT_NET_CRR, both_ways = job->test == BT_NET_STREAM || job->test == BT_NET_UDP;
	uint32_t n = job->flows + (crr ? CRR_SPARE : 0);
	struct bnet_far *f = calloc(1, sizeof(*f));

	*error = -ENOMEM;
	if (!f)
		return NULL;
	f->job = *job;
	f->worker = worker;
	f->notify_fd = notify_fd;
	f->sends = both_ways && bnet_end_sends(job, false);
	f->receives = both_ways && bnet_end_receives(job, false);
	f->paced = f->sends && job->rate > 0;
	pthread_mutex_init(&f->lock, NULL);
	f->n_flows = f->cap_inbox = n;
	f->flows = calloc(n, sizeof(*f->flows));
	f->inbox = calloc(n, sizeof(*f->inbox));
	f->taken = calloc(n, 1);
	f->end.job = &f->job;
	f->end.io = (struct bnet_io){ .events = &events, .arg = f, .clock = clock, .flows = f->flows, .n_flows = n,
				      .datagrams = job->proto == BT_NET_UDP_PROTO, .zerocopy = job->zerocopy && f->sends, .once = crr,
				      .busy_ns = (uint64_t)job->sock.busy_poll_us * 1000, .wake_fd = eventfd(0, EFD_CLOEXEC),
				      .closing = &f->lock };
	if (f->end.io.wake_fd < 0)
		*error = -errno;
	if (!f->flows || !f->inbox || !f->taken || f->end.io.wake_fd < 0) {
		bnet_far_free(f);
		return NULL;
	}
	*error = 0;
	for (uint32_t i = 0; i < n; i++) {
		f->flows[i].fd = -1;
		f->flows[i].index = i;
	}
	return f;
}

int bnet_far_start(struct bnet_far *f)
{
	pthread_attr_t attr;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	rc = pthread_create(&f->thread, &attr, far_main, f);
	pthread_attr_destroy(&attr);
	f->started = rc == 0;
	return -rc;
}

int bnet_far_add(struct bnet_far *f, int fd, uint32_t flow)
{
	const char *what;
	int rc = bnet_sockopts(fd, &f->job, &what);

	if (rc == 0 && flow >= f->job.flows)
		rc = -EINVAL;
	pthread_mutex_lock(&f->lock);
	if (rc == 0 && f->n_inbox == f->cap_inbox)
		rc = -EBUSY;
	if (rc == 0 && f->job.test != BT_NET_CRR && f->taken[flow])
		rc = -EEXIST;
	if (rc == 0) {
		f->taken[flow] = 1;
		f->inbox[f->n_inbox++] = (struct inbox){ fd, flow };
	}
	pthread_mutex_unlock(&f->lock);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	atomic_fetch_add(&f->joined, 1);
	bnet_io_wake(&f->end.io);
	return 0;
}

uint32_t bnet_far_joined(struct bnet_far *f)
{
	return atomic_load(&f->joined);
}

void bnet_far_finish(struct bnet_far *f)
{
	atomic_store(&f->finish, true);
	bnet_io_wake(&f->end.io);
}

bool bnet_far_done(struct bnet_far *f)
{
	return atomic_load(&f->done);
}

int bnet_far_error(struct bnet_far *f)
{
	return atomic_load(&f->error);
}

static void add_tcp(struct bnet_far *f, struct bt_net_tcp *sum)
{
	bnet_tcp_merge(sum, &f->past);
	for (uint32_t i = 0; f->job.proto == BT_NET_TCP && f->job.test != BT_NET_CRR && i < f->n_flows; i++)
		if (f->flows[i].fd >= 0)
			bnet_tcp_add(sum, f->flows[i].fd);
}

void bnet_far_counts(struct bnet_far *f, struct bt_net_counts *sum)
{
	uint64_t last = atomic_load_explicit(&f->end.tally.last_ns, memory_order_relaxed), now = bt_clock_now(f->end.io.clock);
	uint64_t at = atomic_load(&f->done) && f->receives && last ? last : now;
	struct timespec cpu = { .tv_sec = 0 };
	clockid_t clock;

	bnet_end_add(&f->end, sum);
	sum->at_ns = at > sum->at_ns ? at : sum->at_ns;
	pthread_mutex_lock(&f->lock);
	add_tcp(f, &sum->tcp);
	if (f->started && !f->over && pthread_getcpuclockid(f->thread, &clock) == 0)
		(void)clock_gettime(clock, &cpu);
	sum->cpu_ns += f->cpu_ns + (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
	pthread_mutex_unlock(&f->lock);
}

/* It may sleep in a receive. */
static void rouse(struct bnet_far *f)
{
	pthread_mutex_lock(&f->lock);
	for (uint32_t i = 0; i < f->n_flows; i++)
		if (f->flows[i].fd >= 0)
			(void)shutdown(f->flows[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&f->lock);
}

void bnet_far_free(struct bnet_far *f)
{
	if (!f)
		return;
	atomic_store(&f->stop, true);
	if (f->started) {
		bnet_io_wake(&f->end.io);
		rouse(f);
		pthread_join(f->thread, NULL);
	}
	for (uint32_t i = 0; i < f->n_inbox; i++)
		close(f->inbox[i].fd);
	if (f->end.io.wake_fd >= 0)
		close(f->end.io.wake_fd);
	pthread_mutex_destroy(&f->lock);
	free(f->flows);
	free(f->inbox);
	free(f->taken);
	free(f);
}
