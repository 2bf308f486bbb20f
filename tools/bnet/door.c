/* SPDX-License-Identifier: ISC
 *
 * door - where connections come in: who says nothing, says rubbish or may not stay is shown out; a data connection goes to its
 * session; a control connection is kept and heard.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define ACCEPTS 64               /* at a time, then others have their turn */
#define READS_PER_TURN 4         /* messages of one peer at a time */
#define TIMEOUT_MAX_NS 3600000000000u

static void tell(struct bnet_server *s, const struct bnet_peer *p, enum bnet_code code)
{
	char peer[BT_NETADDR_TEXT];

	if (!s->opts.away)
		return;
	bt_netaddr_text(&p->addr, peer);
	s->opts.away(s->opts.arg, peer, code);
}

static void turn_away(struct bnet_server *s, struct bnet_peer *p, enum bnet_code code, int error)
{
	tell(s, p, code);
	bnet_peer_dismiss(s, p, code, error);
}

static void greet(struct bnet_server *s, struct bnet_peer *p, const struct bt_hs_hello *hello)
{
	struct bt_hs_message m = { .type = BT_HS_HELLO, .hello.wants_token = s->opts.token.bytes != NULL };

	memcpy(p->client_nonce, hello->nonce, BT_HS_NONCE);
	if (getrandom(p->server_nonce, BT_HS_NONCE, 0) != BT_HS_NONCE) {
		bnet_peer_close(s, p);
		return;
	}
	memcpy(m.hello.nonce, p->server_nonce, BT_HS_NONCE);
	bnet_peer_state(s, p, BNET_PEER_HELLO);
	bnet_peer_send(s, p, &m);
}

/* A thread for each client, and one client may have one for each of its streams: strangers shall not use up the threads of the
 * machine. */
static bool too_many_workers(const struct bnet_server *s, const struct bt_net_job *job)
{
	return s->n_workers + job->threads > (uint64_t)s->opts.limits.clients + s->opts.limits.streams;
}

/* BNET_OK, or why such a job is not taken. */
static enum bnet_code judge_job(const struct bnet_server *s, const struct bt_net_job *job)
{
	const struct bnet_limits *l = &s->opts.limits;
	uint64_t streams = (uint64_t)job->threads * job->flows;

	if (streams > l->streams || job->lifetime_ns > l->duration_ns || job->timeout_ns > TIMEOUT_MAX_NS || job->timeout_ns == 0)
		return BNET_LIMIT;
	if (s->n_sessions >= l->clients || too_many_workers(s, job) || s->n_files + bnet_session_files(job) > s->files_max)
		return BNET_FULL;
	return BNET_OK;
}

static void admit(struct bnet_server *s, struct bnet_peer *p, const struct bt_hs_message *request)
{
	struct bt_hs_message m = { .type = BT_HS_ACCEPT };
	enum bnet_code code;
	int error = 0;

	code = bt_hs_proven(request, s->opts.token, p->client_nonce, p->server_nonce) ? judge_job(s, &request->request.job) : BNET_TOKEN;
	if (code == BNET_OK) {
		p->session = bnet_session_new(s, p, &request->request.job, &error);
		if (!p->session)
			code = error == -EAGAIN || error == -ENOMEM || error == -EMFILE ? BNET_FULL : BNET_UNABLE;
	}
	if (code != BNET_OK) {
		turn_away(s, p, code, -error);
		return;
	}
	bnet_peer_state(s, p, BNET_PEER_SESSION);
	bnet_watch_link(p->fd, request->request.job.timeout_ns);
	memcpy(m.accept.cookie, p->session->cookie, sizeof(m.accept.cookie));
	bt_hs_prove(&m, s->opts.token, p->client_nonce, p->server_nonce);
	bnet_peer_send(s, p, &m);
}

/* A connection of data goes to the worker that it names. */
static void hand_over(struct bnet_server *s, struct bnet_peer *p, const struct bt_hs_join *join)
{
	struct bnet_session *z = bnet_session_find(s, join->cookie);
	enum bt_net_proto proto = bt_netaddr_is_unix(&p->addr) ? BT_NET_UNIX : BT_NET_TCP;

	if (!z || z->job.proto != proto) {
		turn_away(s, p, BNET_UNEXPECTED, 0);
		return;
	}
	if (p->watched)
		(void)epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, p->fd, NULL);
	bnet_peer_forget(s, p);
	(void)bnet_session_join(z, join, p->fd);
}

static void take(struct bnet_server *s, struct bnet_peer *p, const struct bt_hs_message *m)
{
	switch (m->type) {
	case BT_HS_HELLO:
		greet(s, p, &m->hello);
		break;
	case BT_HS_REQUEST:
		admit(s, p, m);
		break;
	case BT_HS_JOIN:
		hand_over(s, p, &m->join);
		break;
	default:
		bnet_session_ask(p->session, &m->ask);
	}
}

/* What may come from a peer in each state. */
static const unsigned expected[] = {
	[BNET_PEER_FIRST] = BT_HS_BIT(BT_HS_HELLO) | BT_HS_BIT(BT_HS_JOIN), [BNET_PEER_HELLO] = BT_HS_BIT(BT_HS_REQUEST),
	[BNET_PEER_SESSION] = BT_HS_BIT(BT_HS_ASK),
};

/* It has hung up, or its connection has failed. error: 0 or -errno. */
static void lose(struct bnet_server *s, struct bnet_peer *p, int error)
{
	enum bnet_code code = error ? bnet_code_midway(error) : BNET_RESET;

	if (p->session)
		bnet_session_end(p->session, p->session->finished ? BNET_OK : code, -error);
	else if (p->state != BNET_PEER_LEAVING && p->have > 0)
		turn_away(s, p, BNET_TRUNCATED, 0);
	else
		bnet_peer_close(s, p); /* a port scan: came, saw, left */
}

static void fail(struct bnet_server *s, struct bnet_peer *p, enum bnet_code code)
{
	if (p->session)
		bnet_session_end(p->session, code, 0);
	else
		turn_away(s, p, code, 0);
}

/* Take what has come, up to the end of one message; of one who leaves anything. Returns whether there may be more. */
static bool read_some(struct bnet_server *s, struct bnet_peer *p)
{
	size_t have = p->state == BNET_PEER_LEAVING ? 0 : p->have;
	ssize_t n = recv(p->fd, p->in + have, p->state == BNET_PEER_LEAVING ? sizeof(p->in) : bt_hs_missing(p->in, have), 0);
	struct bt_hs_message m;
	int rc;

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			lose(s, p, n == 0 ? 0 : -errno);
		return false;
	}
	if (p->state == BNET_PEER_LEAVING)
		return true;
	p->have = have + (size_t)n;
	rc = bt_hs_decode(p->in, p->have, expected[p->state], &m);
	if (rc < 0) {
		fail(s, p, bnet_code_of(rc));
		return false;
	}
	if (rc > 0) {
		p->have = 0;
		take(s, p, &m);
	}
	return p->state != BNET_PEER_GONE;
}

void bnet_peer_input(struct bnet_server *s, struct bnet_peer *p)
{
	if (p->state == BNET_PEER_GONE)
		return;
	for (int i = 0; i < READS_PER_TURN && read_some(s, p); i++)
		if (p->state == BNET_PEER_GONE)
			return;
}

/* The stranger who has waited longest, first among those who have not even said hello. */
static struct bnet_peer *least_wanted(const struct bnet_server *s)
{
	struct bnet_peer *silent = NULL, *oldest = NULL;

	for (struct bnet_peer *p = s->peers; p; p = p->next) {
		if (!bnet_peer_is_stranger(p))
			continue;
		oldest = p;
		if (p->state != BNET_PEER_HELLO)
			silent = p;
	}
	return silent ? silent : oldest;
}

/* Nobody keeps a place by doing nothing. */
static void make_room(struct bnet_server *s)
{
	struct bnet_peer *p = s->n_strangers > 0 && s->n_strangers >= s->strangers_max ? least_wanted(s) : NULL;

	if (!p)
		return;
	if (p->state != BNET_PEER_LEAVING)
		tell(s, p, BNET_FULL);
	bnet_peer_close(s, p);
}

/* IPv4 that came in through a socket of IPv6 is called by its own name. */
static void unmap(struct bt_netaddr *a)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->sa;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = in6->sin6_port };

	if (a->sa.ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return;
	memcpy(&in.sin_addr, in6->sin6_addr.s6_addr + 12, sizeof(in.sin_addr));
	a->len = sizeof(in);
	memcpy(&a->sa, &in, sizeof(in));
}

static void let_in(struct bnet_server *s, int fd, const struct bt_netaddr *addr)
{
	struct bnet_peer *p;
	int rc;

	make_room(s);
	p = calloc(1, sizeof(*p));
	if (!p) {
		close(fd);
		return;
	}
	p->source = BNET_SOURCE_PEER;
	p->fd = fd;
	p->addr = *addr;
	p->until_ns = bt_clock_monotonic() + s->opts.limits.handshake_ns;
	bnet_peer_add(s, p);
	bnet_peer_input(s, p); /* most have sent their first message by now */
	if (p->state == BNET_PEER_GONE)
		return;
	rc = bnet_server_watch(s, fd, &p->source);
	p->watched = rc == 0;
	if (rc < 0 && p->session) /* all of its handshake had come */
		bnet_session_end(p->session, BNET_UNABLE, -rc);
	else if (rc < 0)
		bnet_peer_close(s, p);
}

void bnet_door_accept(struct bnet_server *s, struct bnet_listener *l)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct bt_netaddr addr = { .len = sizeof(addr.sa) };
		int fd = accept4(l->fd, (struct sockaddr *)&addr.sa, &addr.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			unmap(&addr);
			let_in(s, fd, &addr);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			s->paused = true;
			for (unsigned k = 0; k < s->n_listeners; k++)
				(void)epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->listeners[k].fd, NULL);
		}
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

void bnet_peer_tick(struct bnet_server *s, uint64_t now_ns)
{
	struct bnet_peer *next;

	for (struct bnet_peer *p = s->peers; p; p = next) {
		next = p->next;
		if (!bnet_peer_is_stranger(p) || now_ns < p->until_ns)
			continue;
		if (p->state == BNET_PEER_LEAVING)
			bnet_peer_close(s, p);
		else
			turn_away(s, p, BNET_TIMEOUT, 0);
	}
}
