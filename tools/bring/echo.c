/* SPDX-License-Identifier: ISC
 *
 * echo - bytes go to the partner and come back, over TCP on the loopback interface.
 *
 * plain: both sides read and write the socket themselves. doorbell, queue: both are shards and use the socket operations of
 * lib/shardio.h, with their rings or without.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shardio.h"
#include "shards.h"

#define PATIENCE_NS 50000000u

/* An operation of a shard; outlives whoever waits for it. */
struct waited {
	struct bt_io io;
	bool done;
};

struct echo {
	int fds[2]; /* by side, */
	struct waited waited[2]; /* as these */
	uint32_t bytes;
	unsigned char *sent, *back, *served; /* served: the partner's */
};

/* --- the sockets --- */

static int set_no_delay(int fd)
{
	int on = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ? -errno : 0;
}

static int connect_pair(int fds[2])
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || fds[0] < 0 || bind(listener, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&to, &len) < 0 || connect(fds[0], (struct sockaddr *)&to, len) < 0 ||
	    (fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
		rc = -errno;
	if (listener >= 0)
		close(listener);
	for (int side = 0; side < 2 && rc == 0; side++)
		rc = set_no_delay(fds[side]);
	return rc;
}

/* --- plain --- */

/* Some bytes by recv: at once, before the time is over, or after sleeping. Returns how many, or -errno; 0: there is no more. */
static ssize_t await_bytes(const struct bring_link *l, int fd, unsigned char *data, size_t size)
{
	uint64_t until = bring_spin_until(l);
	ssize_t got;

	for (;;) {
		bool spins = until == BRING_ALWAYS || (until > 0 && bt_clock_now(l->clock) < until);

		got = recv(fd, data, size, spins ? MSG_DONTWAIT : 0);
		if (got >= 0)
			return got;
		if (errno != EINTR && !(errno == EAGAIN && spins))
			return -errno;
		bring_relax();
	}
}

static int receive_all(const struct bring_link *l, int fd, unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t got = await_bytes(l, fd, data, size);

		if (got <= 0)
			return got < 0 ? (int)got : -EPIPE;
		data += got;
		size -= (size_t)got;
	}
	return 0;
}

static int send_all(int fd, const unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t put = send(fd, data, size, MSG_NOSIGNAL);

		if (put < 0 && errno != EINTR)
			return -errno;
		data += put > 0 ? put : 0;
		size -= put > 0 ? (size_t)put : 0;
	}
	return 0;
}

/* --- shards --- */

static void set_done(struct bt_shard *self, struct bt_io *io)
{
	struct waited *w = (struct waited *)io;

	(void)self;
	w->done = true;
}

/* Waits for what was begun with rc. Returns its result. */
static int finish(struct bt_shard *s, struct waited *w, int rc)
{
	if (rc < 0)
		return rc;
	while (rc == 0 && !w->done) {
		int turned = bt_shard_turn(s, PATIENCE_NS);

		if (turned < 0 && turned != -EINTR)
			return turned;
	}
	return w->io.result;
}

/* All bytes, in as many operations as it takes. 0, or -errno; -EPIPE at the end of the stream. */
static int move_all(struct bt_shard *s, struct waited *w, int fd, unsigned char *data, uint32_t size, bool out)
{
	while (size > 0) {
		int rc;

		*w = (struct waited){ .io = { .done = set_done } };
		rc = out ? bt_shard_sock_send(s, &w->io, fd, data, size) : bt_shard_sock_recv(s, &w->io, fd, data, size);
		rc = finish(s, w, rc);
		if (rc <= 0)
			return rc < 0 ? rc : -EPIPE;
		data += rc;
		size -= (uint32_t)rc;
	}
	return 0;
}

/* --- both sides --- */

static int move(const struct bring_link *l, struct echo *x, int side, unsigned char *data, bool out)
{
	if (l->engine->shards)
		return move_all(bring_shards_self(&l->ends[side]), &x->waited[side], x->fds[side], data, x->bytes, out);
	return out ? send_all(x->fds[side], data, x->bytes) : receive_all(l, x->fds[side], data, x->bytes);
}

static int serve(struct bring_peer *p)
{
	struct echo *x = p->work->state;
	int rc = 0;

	while (rc == 0) {
		rc = move(&p->link, x, 1, x->served, false);
		if (rc == 0)
			rc = move(&p->link, x, 1, x->served, true);
	}
	shutdown(x->fds[1], SHUT_RDWR);
	return rc == -EPIPE || rc == -ECONNRESET ? 0 : rc;
}

static int echo_init(struct bt_worker *worker)
{
	const struct bring_job *job = worker->config;
	int rc = bring_work_make(worker, 0, 1, serve);
	struct bring_work *w = worker->state;
	struct echo *x = rc < 0 ? NULL : calloc(1, sizeof(*x));

	if (!x)
		return rc < 0 ? rc : -ENOMEM;
	w->state = x;
	*x = (struct echo){ .fds = { -1, -1 }, .bytes = (uint32_t)job->b->message_bytes };
	x->sent = malloc(3 * (size_t)x->bytes);
	if (!x->sent)
		return -ENOMEM;
	x->back = x->sent + x->bytes;
	x->served = x->back + x->bytes;
	for (uint32_t i = 0; i < x->bytes; i++)
		x->sent[i] = (unsigned char)(i * 31);
	rc = connect_pair(x->fds);
	return rc < 0 ? rc : bring_peer_start(&w->peers[0]);
}

/* Each trip carries its number in its first bytes. */
static int echo_step(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	struct echo *x = w->state;
	const struct bring_link *l = &w->peers[0].link;
	size_t head = x->bytes < sizeof(w->number) ? x->bytes : sizeof(w->number);
	int rc;

	w->number++;
	memcpy(x->sent, &w->number, head);
	x->back[0] = (unsigned char)~x->sent[0];
	rc = move(l, x, 0, x->sent, true);
	if (rc == 0)
		rc = move(l, x, 0, x->back, false);
	return rc < 0 ? rc : bring_check(w, memcmp(x->sent, x->back, x->bytes) == 0, 1);
}

/* The end of the stream ends the partner. */
static void echo_fini(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	struct echo *x = w ? w->state : NULL;

	if (x && x->fds[0] >= 0)
		shutdown(x->fds[0], SHUT_RDWR);
	bring_work_free(worker);
	if (!x)
		return;
	for (int side = 0; side < 2; side++)
		if (x->fds[side] >= 0)
			close(x->fds[side]);
	free(x->sent);
	free(x);
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	bt_rec_u64(r, "bs", bring_of(e)->message_bytes);
}

static void measures(const struct bt_emit *e)
{
	bool open = bt_emit_open(e);

	bt_emit_rate(e);
	bt_emit_dist(e, "rtt", open ? &e->span->total->svc : &e->span->total->lat);
}

const struct bring_test bring_echo = {
	.name = "echo", .kernel = "echo.1", .help = "bytes to the partner and back over TCP", .operation = "a round trip",
	.vary = BRING_PAIR | BRING_ENGINE | BRING_SPIN, .engines = 1u << 6 | 1u << 7 | 1u << 8,
	.ops = { .init = echo_init, .step = echo_step, .fini = echo_fini, .helpers = bring_work_helpers },
	.describe = describe, .measures = measures,
};
