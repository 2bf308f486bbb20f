/* SPDX-License-Identifier: ISC
 *
 * control - the client's half of the handshake, and what it asks during a run. Everything has a deadline.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bnet.h"
#include "handshake.h"
#include "sig.h"

#define LOOK_NS 100000000u  /* how often one who waits looks for a signal */
#define LINK_MS_MAX 3600000 /* the kernel counts in 16 and 32 bits */
#define LAST_NS 300000000u /* and is patient even then: what was measured is to be reported */

/* Wait until fd can be read or written. 0, -ETIMEDOUT, or -EINTR when a signal was caught before it could. */
static int wait_ready(int fd, short events, uint64_t until_ns)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t since = bt_clock_monotonic();

	for (;;) {
		uint64_t now = bt_clock_monotonic(), left = until_ns > now ? until_ns - now : 0;
		struct timespec ts = { .tv_nsec = (long)(left < LOOK_NS ? left : LOOK_NS) };

		if (ppoll(&p, 1, &ts, NULL) > 0)
			return 0;
		if (bt_sig_caught() && now - since > LAST_NS)
			return -EINTR;
		if (left == 0)
			return -ETIMEDOUT;
	}
}

static int send_message(int fd, const struct bt_hs_message *m, uint64_t until_ns)
{
	uint8_t frame[BT_HS_MAX];
	int len = bt_hs_encode(m, frame), rc;

	for (int done = 0; done < len;) {
		ssize_t n = send(fd, frame + done, (size_t)(len - done), MSG_NOSIGNAL);

		if (n >= 0) {
			done += (int)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rc = wait_ready(fd, POLLOUT, until_ns);
		if (rc < 0)
			return rc;
	}
	return len < 0 ? len : 0;
}

/* Read one message of an expected type, and no byte more: what follows is none of ours yet. */
static int read_message(int fd, unsigned expected, struct bt_hs_message *m, uint64_t until_ns)
{
	uint8_t frame[BT_HS_MAX];
	size_t have = 0;
	int rc;

	while ((rc = bt_hs_decode(frame, have, expected, m)) == 0) {
		size_t want = bt_hs_missing(frame, have);
		ssize_t n = recv(fd, frame + have, want, 0);

		if (n == 0)
			return have ? -ENODATA : -ECONNRESET;
		if (n > 0) {
			have += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rc = wait_ready(fd, POLLIN, until_ns);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

bool bnet_link_gone(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return false;
	return info.tcpi_state == TCP_CLOSE || info.tcpi_unacked || info.tcpi_probes;
}

/* The code of -errno, or of the message when it is a FAIL. */
static enum bnet_code judge(int rc, const struct bt_hs_message *m, int *error)
{
	if (rc < 0) {
		*error = -rc;
		return bnet_code_of(rc);
	}
	*error = m->type == BT_HS_FAIL ? m->fail.error : 0;
	if (m->type != BT_HS_FAIL)
		return BNET_OK;
	return m->fail.code > BNET_OK && m->fail.code < BNET_CODES ? (enum bnet_code)m->fail.code : BNET_OTHER;
}

void bnet_watch_link(int fd, uint64_t timeout_ns)
{
	int on = 1, ms = timeout_ns / 1000000u < LINK_MS_MAX ? (int)(timeout_ns / 1000000u) : LINK_MS_MAX, seconds = ms / 3000 + 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

static int connect_to(struct bnet_link *l, const struct bt_netaddr *server, uint64_t until_ns)
{
	const char *what;
	int on = 1, rc;

	l->fd = socket(server->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return -errno;
	if (!bt_netaddr_is_unix(server)) {
		bnet_watch_link(l->fd, l->timeout_ns);
		(void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	rc = bnet_bind(l->fd, server, l->local, l->device, &what);
	return rc < 0 ? rc : bt_netaddr_connect(l->fd, server, until_ns);
}

/* HELLO, HELLO, REQUEST, ACCEPT. */
static enum bnet_code shake(struct bnet_link *l, const struct bt_net_job *job, struct bt_hs_token token, uint64_t until_ns,
			    int *error)
{
	struct bt_hs_message m = { .type = BT_HS_HELLO };
	uint8_t mine[BT_HS_NONCE], theirs[BT_HS_NONCE];
	enum bnet_code code;
	int rc;

	if (getrandom(mine, sizeof(mine), 0) != sizeof(mine))
		return *error = errno, BNET_UNABLE;
	memcpy(m.hello.nonce, mine, sizeof(mine));
	rc = send_message(l->fd, &m, until_ns);
	if (rc == 0)
		rc = read_message(l->fd, BT_HS_BIT(BT_HS_HELLO) | BT_HS_BIT(BT_HS_FAIL), &m, until_ns);
	code = judge(rc, &m, error);
	if (code != BNET_OK)
		return code;
	if (m.hello.wants_token != (token.bytes != NULL))
		return *error = 0, BNET_TOKEN;
	memcpy(theirs, m.hello.nonce, sizeof(theirs));
	m = (struct bt_hs_message){ .type = BT_HS_REQUEST, .request.job = *job };
	bt_hs_prove(&m, token, mine, theirs);
	rc = send_message(l->fd, &m, until_ns);
	if (rc == 0)
		rc = read_message(l->fd, BT_HS_BIT(BT_HS_ACCEPT) | BT_HS_BIT(BT_HS_FAIL), &m, until_ns);
	code = judge(rc, &m, error);
	if (code == BNET_OK && !bt_hs_proven(&m, token, mine, theirs))
		code = BNET_TOKEN;
	if (code == BNET_OK)
		memcpy(l->cookie, m.accept.cookie, sizeof(l->cookie));
	return code;
}

enum bnet_code bnet_link_open(struct bnet_link *l, const struct bt_netaddr *server, const struct bt_net_job *job,
			      const uint8_t *token, size_t token_len, int *error)
{
	uint64_t until_ns = bt_clock_monotonic() + job->timeout_ns;
	enum bnet_code code = BNET_OK;
	int rc;

	*error = 0;
	rc = connect_to(l, server, until_ns);
	if (rc < 0) {
		*error = -rc;
		code = bnet_code_of(rc);
	} else {
		code = shake(l, job, (struct bt_hs_token){ token, token_len }, until_ns, error);
	}
	if (code != BNET_OK)
		bnet_link_close(l);
	return code;
}

/* One question with its answer. */
static enum bnet_code exchange(struct bnet_link *l, const struct bt_hs_message *ask, struct bt_hs_message *answer, uint64_t wait_ns,
			       int *error)
{
	uint64_t until_ns = bt_clock_monotonic() + wait_ns;
	enum bnet_code code;
	int rc = send_message(l->fd, ask, until_ns);

	/* The server may have said why before it hung up. */
	if (rc == 0 || rc == -EPIPE || rc == -ECONNRESET)
		rc = read_message(l->fd, BT_HS_BIT(BT_HS_COUNTS) | BT_HS_BIT(BT_HS_FAIL), answer, until_ns);
	code = judge(rc, answer, error);
	if (rc < 0)
		code = rc == -ETIMEDOUT && !bnet_link_gone(l->fd) ? BNET_STALLED : bnet_code_midway(rc);
	return code == BNET_OK && answer->counts.what != ask->ask.what ? BNET_UNEXPECTED : code;
}

/* A server that is not done says so in half the time that we wait: we ask again while it gets on. */
enum bnet_code bnet_link_ask(struct bnet_link *l, enum bnet_ask ask, struct bt_net_counts *answer, int *error)
{
	struct bt_hs_message m = { .type = BT_HS_ASK, .ask.what = (uint8_t)ask }, got = { 0 };
	uint64_t before = UINT64_MAX, since = bt_clock_monotonic();
	enum bnet_code code;

	*error = 0;
	if (l->fd < 0)
		return BNET_LOST;
	for (;;) {
		code = exchange(l, &m, &got, bnet_patience(l->timeout_ns), error);
		if (code != BNET_OK)
			return code;
		*answer = got.counts.counts;
		if (got.counts.done)
			return BNET_OK;
		if (answer->in_bytes == before || (before != UINT64_MAX && ask != BNET_FINISH))
			return BNET_STALLED;
		before = answer->in_bytes;
		if (bt_sig_caught() && bt_clock_monotonic() - since > LAST_NS)
			return *error = EINTR, BNET_LOST;
	}
}

enum bnet_code bnet_link_why(struct bnet_link *l, int *error)
{
	enum bnet_code code = bnet_code_midway(*error), said;
	struct bt_hs_message m = { .type = BT_HS_ASK, .ask.what = BNET_SNAP }, got = { 0 };
	int why = 0;

	if (l->fd < 0)
		return code;
	said = exchange(l, &m, &got, l->timeout_ns / 4, &why);
	if (got.type == BT_HS_COUNTS) /* it is there, but that connection does not get on */
		return code == BNET_LOST ? BNET_STALLED : code;
	if (got.type == BT_HS_FAIL || code == BNET_LOST) {
		*error = why;
		return said;
	}
	return code;
}

void bnet_link_close(struct bnet_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

void bnet_join(uint8_t out[BT_NET_JOIN_BYTES], const struct bnet_link *l, uint32_t worker, uint32_t flow)
{
	struct bt_hs_message m = { .type = BT_HS_JOIN, .join = { .worker = (uint16_t)worker, .flow = (uint16_t)flow } };
	uint8_t frame[BT_HS_MAX];

	memcpy(m.join.cookie, l->cookie, sizeof(l->cookie));
	(void)bt_hs_encode(&m, frame); /* workers and flows beyond what a job may have: no server knows them */
	memcpy(out, frame, BT_NET_JOIN_BYTES);
}
