/* SPDX-License-Identifier: ISC
 *
 * far - the life of a thread that serves one worker of a client, as the server sees it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "far.h"

#define STACK_BYTES (128u << 10)
#define CRR_SPARE 64u /* connections that are over may still be there when others come */

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
	f->end.io = (struct bnet_io){ .events = &bnet_far_events, .arg = f, .clock = clock, .flows = f->flows, .n_flows = n,
				      .datagrams = job->proto == BT_NET_UDP_PROTO, .zerocopy = job->zerocopy && f->sends, .once = crr,
				      .patient = job->test == BT_NET_RR,
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
	rc = pthread_create(&f->thread, &attr, bnet_far_main, f);
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
		f->inbox[f->n_inbox++] = (struct bnet_inbox){ fd, flow };
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

/* It may sleep in a receive. */
static void rouse(struct bnet_far *f, int how)
{
	bnet_io_wake(&f->end.io);
	pthread_mutex_lock(&f->lock);
	for (uint32_t i = 0; i < f->n_flows; i++)
		if (f->flows[i].fd >= 0)
			(void)shutdown(f->flows[i].fd, how);
	pthread_mutex_unlock(&f->lock);
}

/* Of round trips no more come; of all else there may be some under way. */
void bnet_far_finish(struct bnet_far *f)
{
	atomic_store(&f->finish, true);
	if (f->end.io.patient)
		rouse(f, SHUT_RD);
	else
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

void bnet_far_free(struct bnet_far *f)
{
	if (!f)
		return;
	atomic_store(&f->stop, true);
	if (f->started) {
		rouse(f, SHUT_RDWR);
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
