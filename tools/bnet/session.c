/* SPDX-License-Identifier: ISC
 *
 * session - what one client is to the server: its job, the workers that do it, and what it has asked.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "server.h"

#define GRACE_NS 2000000000u /* a client may come late to its own end */
#define WORKER_FILES 3       /* what a far worker waits with */
#define CRR_WAITING 64       /* connections of a far worker that are over */

uint64_t bnet_session_files(const struct bt_net_job *job)
{
	uint64_t flows = job->test == BT_NET_CRR ? 2 * ((uint64_t)job->flows + CRR_WAITING) : job->flows; /* as many may just have come */

	return 1 + job->threads * (WORKER_FILES + flows);
}

static void link_session(struct bnet_server *s, struct bnet_session *z)
{
	z->next = s->sessions;
	z->link = &s->sessions;
	if (z->next)
		z->next->link = &z->next;
	s->sessions = z;
	s->n_sessions++;
	s->n_files += bnet_session_files(&z->job);
	s->n_workers += z->job.threads;
}

static void free_workers(struct bnet_session *z)
{
	for (uint32_t i = 0; z->far && i < z->job.threads; i++)
		bnet_far_free(z->far[i]);
	free(z->far);
	z->far = NULL;
}

/* 0 or -errno. */
static int start_workers(struct bnet_session *z)
{
	int rc = 0, error;

	z->far = calloc(z->job.threads, sizeof(struct bnet_far *));
	if (!z->far)
		return -ENOMEM;
	for (uint32_t i = 0; i < z->job.threads; i++) {
		z->far[i] = bnet_far_new(&z->job, i, &z->server->clock, z->server->far_fd, &error);
		if (!z->far[i])
			return error;
	}
	for (uint32_t i = 0; i < z->job.threads && rc == 0; i++)
		rc = bnet_far_start(z->far[i]);
	return rc;
}

struct bnet_session *bnet_session_new(struct bnet_server *s, struct bnet_peer *control, const struct bt_net_job *job, int *error)
{
	struct bnet_session *z = calloc(1, sizeof(*z));

	*error = z ? 0 : -ENOMEM;
	if (!z)
		return NULL;
	z->server = s;
	z->control = control;
	z->job = *job;
	z->asked = -1;
	z->since_ns = bt_clock_monotonic();
	z->until_ns = z->since_ns + job->lifetime_ns + GRACE_NS;
	if (getrandom(z->cookie, sizeof(z->cookie), 0) != sizeof(z->cookie))
		*error = -EAGAIN;
	else
		*error = start_workers(z);
	if (*error < 0) {
		free_workers(z);
		free(z);
		return NULL;
	}
	z->number = ++s->last_number;
	link_session(s, z);
	return z;
}

struct bnet_session *bnet_session_find(struct bnet_server *s, const uint8_t cookie[BT_NET_COOKIE_BYTES])
{
	for (struct bnet_session *z = s->sessions; z; z = z->next)
		if (!memcmp(z->cookie, cookie, BT_NET_COOKIE_BYTES))
			return z;
	return NULL;
}

static void sum_counts(struct bnet_session *z, struct bt_net_counts *sum)
{
	*sum = (struct bt_net_counts){ 0 };
	for (uint32_t i = 0; i < z->job.threads; i++)
		bnet_far_counts(z->far[i], sum);
}

/* Connections come and go in crr: nothing to wait for. */
static bool all_joined(const struct bnet_session *z)
{
	uint64_t joined = 0;

	for (uint32_t i = 0; i < z->job.threads; i++)
		joined += bnet_far_joined(z->far[i]);
	return z->job.test == BT_NET_CRR || joined >= (uint64_t)z->job.threads * z->job.flows;
}

static bool all_done(const struct bnet_session *z)
{
	for (uint32_t i = 0; i < z->job.threads; i++)
		if (!bnet_far_done(z->far[i]))
			return false;
	return true;
}

static int worker_error(const struct bnet_session *z)
{
	for (uint32_t i = 0; i < z->job.threads; i++) {
		int error = bnet_far_error(z->far[i]);

		if (error)
			return error;
	}
	return 0;
}

/* A connection that nobody acknowledges: is the link gone, or does the client just not read? */
static enum bnet_code code_of_worker(const struct bnet_session *z, int error)
{
	if (error == -ETIMEDOUT && !bnet_link_gone(z->control->fd))
		return BNET_STALLED;
	return bnet_code_midway(error);
}

static void answer(struct bnet_session *z, bool done)
{
	struct bt_hs_message m = { .type = BT_HS_COUNTS, .counts = { .what = (uint8_t)z->asked, .done = done } };

	sum_counts(z, &m.counts.counts);
	z->finished |= z->asked == BNET_FINISH && done;
	z->asked = -1;
	bnet_peer_send(z->server, z->control, &m);
}

/* End it if a worker has failed, answer what has been asked if that can be answered now. The session may be gone afterwards. */
static void look_at(struct bnet_session *z)
{
	int error = z->finished ? 0 : worker_error(z);

	if (error)
		bnet_session_end(z, code_of_worker(z, error), -error);
	else if (z->asked < 0)
		return;
	else if (z->asked == BNET_READY ? all_joined(z) : z->asked == BNET_FINISH ? all_done(z) : true)
		answer(z, true);
}

void bnet_session_ask(struct bnet_session *z, const struct bt_hs_ask *ask)
{
	bool first;

	if (ask->what > BNET_FINISH || z->asked >= 0 || z->finished) {
		bnet_session_end(z, BNET_UNEXPECTED, 0);
		return;
	}
	z->asked = ask->what;
	z->answer_by_ns = bt_clock_monotonic() + z->job.timeout_ns / 2;
	first = z->asked == BNET_FINISH && !z->finishing;
	z->finishing |= first;
	for (uint32_t i = 0; first && i < z->job.threads; i++)
		bnet_far_finish(z->far[i]);
	look_at(z);
}

int bnet_session_join(struct bnet_session *z, const struct bt_hs_join *join, int fd)
{
	int rc;

	if (join->worker >= z->job.threads) {
		close(fd);
		return -EINVAL;
	}
	rc = bnet_far_add(z->far[join->worker], fd, join->flow);
	if (rc == -EPERM || rc == -ENOENT || rc == -ENOPROTOOPT) { /* an option that goes with the client's machine, but not with ours */
		bnet_session_end(z, BNET_UNABLE, -rc);
		return rc;
	}
	if (z->asked == BNET_READY)
		look_at(z);
	return rc;
}

void bnet_session_news(struct bnet_server *s)
{
	struct bnet_session *next;
	uint64_t count;

	if (read(s->far_fd, &count, sizeof(count)) < 0)
		return;
	for (struct bnet_session *z = s->sessions; z; z = next) {
		next = z->next;
		look_at(z);
	}
}

/* What is due in a session by now. */
static void check_session(struct bnet_session *z, uint64_t now_ns)
{
	const struct bnet_limits *limits = &z->server->opts.limits;
	struct bt_net_counts sum;

	if (now_ns >= z->until_ns) {
		bnet_session_end(z, BNET_TIMEOUT, ETIMEDOUT);
		return;
	}
	if (z->asked >= 0 && now_ns >= z->answer_by_ns) {
		answer(z, false);
		return;
	}
	if (limits->bytes == 0)
		return;
	sum_counts(z, &sum);
	if (sum.in_bytes + sum.out_bytes > limits->bytes)
		bnet_session_end(z, BNET_LIMIT, EDQUOT);
}

void bnet_session_tick(struct bnet_server *s, uint64_t now_ns)
{
	struct bnet_session *next;

	for (struct bnet_session *z = s->sessions; z; z = next) {
		next = z->next;
		check_session(z, now_ns);
	}
}

static void report(struct bnet_session *z, enum bnet_code code, int error)
{
	struct bt_net_counts counts;
	char peer[BT_NETADDR_TEXT];
	struct bnet_visit v = { .number = z->number, .peer = peer, .job = &z->job, .counts = &counts, .code = code, .error = error };

	sum_counts(z, &counts);
	bt_netaddr_text(&z->control->addr, peer);
	v.elapsed_ns = bt_clock_monotonic() - z->since_ns;
	z->server->opts.over(z->server->opts.arg, &v);
}

void bnet_session_end(struct bnet_session *z, enum bnet_code code, int error)
{
	struct bnet_server *s = z->server;

	if (s->opts.over)
		report(z, code, error);
	*z->link = z->next;
	if (z->next)
		z->next->link = z->link;
	s->n_sessions--;
	s->n_files -= bnet_session_files(&z->job);
	s->n_workers -= z->job.threads;
	s->visited++;
	z->control->session = NULL;
	bnet_peer_dismiss(s, z->control, code, error);
	free_workers(z);
	free(z);
}
