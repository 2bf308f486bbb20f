/* SPDX-License-Identifier: ISC
 *
 * near - the session of a run: its job, the handshake, the data connections, and what the server is asked before, during and after.
 *
 * All connections are made by the main thread before the workers start, but those of crr, which are what it measures.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpus.h"
#include "near.h"

#define SPARE_NS 30000000000u     /* what a client may take beyond its phases */
#define UNTIMED_NS 3000000000000u /* of a run that ends by a count */
#define AT_A_TIME 128u            /* connections that are being made */
#define REJOIN_NS 100000000u      /* a JOIN in a datagram is repeated */

static struct bnet *of(struct bt_loadtool *t)
{
	return (struct bnet *)t;
}

static const struct bnet_job *job_of(const struct bnet *b)
{
	return b->tool.job->config;
}

static uint64_t until(const struct bnet *b)
{
	return bt_clock_monotonic() + b->timeout_ns;
}

/* --- the job --- */

/* The far workers of our own server run beside ours, not on the same CPUs. */
static void choose_far_cpus(const struct bnet *b, struct bt_net_job *job)
{
	uint32_t allowed[BT_CPUS_MAX];
	int n;

	if (b->n_far_cpus > 0) {
		job->n_cpus = (uint32_t)b->n_far_cpus;
		memcpy(job->cpus, b->far_cpus, b->n_far_cpus * sizeof(*job->cpus));
		return;
	}
	n = b->to ? 0 : bt_cpus_allowed(allowed, BT_CPUS_MAX);
	for (int i = 0; i < n && i < BT_NET_CPUS_MAX; i++)
		job->cpus[job->n_cpus++] = allowed[(i + (int)job->threads % n) % n];
}

static uint64_t lifetime(const struct bt_load_opts *o)
{
	return o->warmup_ns + (o->count && !o->duration_set ? UNTIMED_NS : o->duration_ns) + o->cooldown_ns + SPARE_NS;
}

static void make_job(const struct bnet *b, struct bt_net_job *job)
{
	const struct bt_loadtool *t = &b->tool;
	const struct bnet_test *test = job_of(b)->test;

	*job = (struct bt_net_job){
		.test = test->test, .proto = test->test == BT_NET_UDP ? BT_NET_UDP_PROTO : (enum bt_net_proto)b->proto,
		.way = job_of(b)->way,
		.engine = b->engine ? BT_NET_URING : BT_NET_SYNC, .zerocopy = b->zerocopy && test->test == BT_NET_STREAM,
		.threads = t->threads, .flows = (uint32_t)b->flows,
		.request_bytes = b->request_bytes ? (uint32_t)b->request_bytes : test->request_bytes,
		.response_bytes = b->response_bytes ? (uint32_t)b->response_bytes :
				  b->request_bytes && !test->flood ? (uint32_t)b->request_bytes : test->response_bytes,
		.rate = test->flood ? t->load.rate : 0, .lifetime_ns = lifetime(t->opts), .timeout_ns = b->timeout_ns, .sock = b->sock,
	};
	job->sock.nodelay = b->nodelay < 0 ? test->nodelay : b->nodelay;
	choose_far_cpus(b, job);
}

/* --- connections --- */

int bnet_near_socket(const struct bnet *b, const struct bnet_run *r, const char **what)
{
	int type = r->job.proto == BT_NET_UDP_PROTO ? SOCK_DGRAM : SOCK_STREAM, rc;
	int fd = socket(r->server.sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*what = "socket";
	if (fd < 0)
		return -errno;
	rc = bnet_sockopts(fd, &r->job, what);
	if (rc == 0)
		rc = bnet_bind(fd, &r->server, r->link.local, b->device, what);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static void make_join(const struct bnet_run *r, uint32_t i, uint8_t join[BT_NET_JOIN_BYTES])
{
	bnet_join(join, &r->link, i / r->job.flows, i % r->job.flows);
}

/* Begins to connect. A UNIX socket whose queue is full does not say when there is room (EAGAIN). */
static int begin_flow(struct bnet *b, struct bnet_run *r, uint32_t i, uint64_t until_ns)
{
	uint8_t join[BT_NET_JOIN_BYTES];
	const char *what;
	int fd = bnet_near_socket(b, r, &what), rc;

	if (fd < 0)
		return fd;
	r->flows[i].fd = fd;
	while ((rc = connect(fd, (const struct sockaddr *)&r->server.sa, r->server.len)) < 0 && errno == EAGAIN &&
	       bt_clock_monotonic() < until_ns && !bt_loadtool_stop())
		(void)poll(NULL, 0, 1);
	if (rc < 0 && errno != EINPROGRESS)
		return -errno;
	make_join(r, i, join);
	if (r->job.proto == BT_NET_UDP_PROTO)
		(void)send(fd, join, sizeof(join), MSG_NOSIGNAL); /* it is repeated if need be */
	return 0;
}

/* The echo of a JOIN that was sent as a datagram. */
static int await_echo(int fd, const uint8_t join[BT_NET_JOIN_BYTES], uint64_t until_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t echo[BT_NET_JOIN_BYTES];
	ssize_t n;

	while (bt_clock_monotonic() < until_ns && !bt_loadtool_stop()) {
		n = poll(&p, 1, REJOIN_NS / 1000000) > 0 ? recv(fd, echo, sizeof(echo), 0) : 0;
		if (n == sizeof(echo) && !memcmp(echo, join, sizeof(echo)))
			return 0;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (send(fd, join, BT_NET_JOIN_BYTES, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			return -errno;
	}
	return bt_loadtool_stop() ? -EINTR : -ETIMEDOUT;
}

static int finish_flow(const struct bnet_run *r, uint32_t i, uint64_t until_ns)
{
	uint8_t join[BT_NET_JOIN_BYTES];
	int fd = r->flows[i].fd, rc;

	make_join(r, i, join);
	if (r->job.proto == BT_NET_UDP_PROTO)
		return await_echo(fd, join, until_ns);
	rc = bt_netaddr_await(fd, until_ns);
	if (rc < 0)
		return rc;
	return send(fd, join, sizeof(join), MSG_NOSIGNAL) == sizeof(join) ? 0 : -errno;
}

/* Many at a time, so that a hundred take no longer than one; not so many that the server would take us for a flood of strangers. */
static int connect_flows(struct bnet *b, struct bnet_run *r)
{
	int rc = 0;

	for (uint32_t i = 0; i < r->n_flows + AT_A_TIME && rc == 0; i++) {
		if (i < r->n_flows)
			rc = begin_flow(b, r, i, until(b));
		if (rc == 0 && i >= AT_A_TIME && i - AT_A_TIME < r->n_flows)
			rc = finish_flow(r, i - AT_A_TIME, until(b));
	}
	return rc;
}

static int make_flows(struct bnet_run *r)
{
	r->n_flows = r->job.threads * r->job.flows;
	r->flows = calloc(r->n_flows, sizeof(*r->flows));
	r->nears = calloc(r->job.threads, sizeof(*r->nears));
	if (!r->flows || !r->nears)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->n_flows; i++) {
		r->flows[i].fd = -1;
		r->flows[i].index = i % r->job.flows;
	}
	return 0;
}

/* --- the session --- */

/* Of the addresses that the name has, the first that answers. */
static enum bnet_code open_link(struct bnet *b, struct bnet_run *r, int *error)
{
	enum bnet_code code = BNET_OTHER;

	for (int i = 0; i < b->n_peers && (i == 0 || bnet_code_again(code)); i++) {
		r->server = b->peers[i];
		code = bnet_link_open(&r->link, &r->server, &r->job, b->serve.token.len ? b->serve.token.bytes : NULL, b->serve.token.len, error);
		if (code == BNET_OK)
			break;
	}
	return code;
}

static int fail_errno(struct bnet *b, int rc)
{
	int error = -rc;
	enum bnet_code code = error == EINTR ? BNET_OK : bnet_link_why(&b->run.link, &error);

	return bnet_fail(b, code, error);
}

static int ask(struct bnet *b, enum bnet_ask what, struct bt_net_counts *answer)
{
	int error = 0;
	enum bnet_code code = bnet_link_ask(&b->run.link, what, answer, &error);

	if (code == BNET_OK) {
		bnet_tcp_mean(&answer->tcp);
		return 0;
	}
	return bnet_fail(b, error == EINTR ? BNET_OK : code, error);
}

/* An option that does not go with this machine or this kind of socket is told by its name. */
static int try_options(struct bnet *b, const struct bnet_run *r)
{
	const char *what;
	int fd = bnet_near_socket(b, r, &what);

	if (fd < 0)
		return bnet_fail_option(b, what, -fd);
	close(fd);
	return 0;
}

int bnet_before(struct bt_loadtool *t)
{
	struct bnet *b = of(t);
	struct bnet_run *r = &b->run;
	struct bt_net_counts none;
	enum bnet_code code;
	int error = 0, rc;

	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->closing, NULL);
	r->link = (struct bnet_link){ .fd = -1, .timeout_ns = b->timeout_ns, .device = b->device,
				      .local = b->local.len ? &b->local : NULL };
	make_job(b, &r->job);
	code = bnet_resolve(b, &error);
	r->server = b->peers[0];
	if (code == BNET_OK && (rc = try_options(b, r)) < 0)
		return rc;
	code = code == BNET_OK ? open_link(b, r, &error) : code;
	if (code != BNET_OK)
		return bnet_fail(b, error == EINTR ? BNET_OK : code, error);
	rc = make_flows(r);
	if (rc == 0 && r->job.test != BT_NET_CRR)
		rc = connect_flows(b, r);
	return rc < 0 ? fail_errno(b, rc) : ask(b, BNET_READY, &none);
}

/* What TCP says of our ends. */
static void near_counts(struct bnet_run *r)
{
	memset(&r->near_last, 0, sizeof(r->near_last));
	pthread_mutex_lock(&r->closing);
	for (uint32_t i = 0; r->job.proto == BT_NET_TCP && r->job.test != BT_NET_CRR && i < r->n_flows; i++)
		if (r->flows[i].fd >= 0)
			bnet_tcp_add(&r->near_last.tcp, r->flows[i].fd);
	pthread_mutex_unlock(&r->closing);
	bnet_tcp_mean(&r->near_last.tcp);
	for (uint32_t i = 0; i < r->job.threads; i++)
		bnet_end_add(&r->nears[i].end, &r->near_last);
}

int bnet_run_snap(struct bnet *b)
{
	int rc = b->run.failed ? -EIO : ask(b, BNET_SNAP, &b->run.last);

	b->run.failed = rc < 0;
	if (rc == 0)
		near_counts(&b->run);
	return rc;
}

/* Who sends datagrams hears nothing of a server that is gone, so it is asked now and then. */
void bnet_pulse(struct bt_loadtool *t, uint64_t now_ns)
{
	struct bnet_run *r = &of(t)->run;
	struct bt_net_counts none;

	if (r->job.proto != BT_NET_UDP_PROTO || r->failed || now_ns < r->pulse_ns || bt_loadtool_stop())
		return;
	r->failed = ask(of(t), BNET_SNAP, &none) < 0;
	r->pulse_ns = now_ns + r->job.timeout_ns / 4;
}

/* No use in going on when the server has not answered. */
bool bnet_enough(struct bt_loadtool *t)
{
	return of(t)->run.failed;
}

static void find_congestion(struct bnet_run *r)
{
	socklen_t len = sizeof(r->congestion) - 1;

	if (r->job.proto == BT_NET_TCP && r->job.test != BT_NET_CRR && r->flows[0].fd >= 0)
		(void)getsockopt(r->flows[0].fd, IPPROTO_TCP, TCP_CONGESTION, r->congestion, &len);
}

int bnet_started(struct bt_loadtool *t)
{
	struct bnet_run *r = &of(t)->run;
	int rc = ask(of(t), BNET_START, &r->last);

	r->failed = rc < 0;
	if (rc < 0)
		return rc;
	near_counts(r);
	find_congestion(r);
	r->start = r->edge = r->last;
	r->near_start = r->near_edge = r->near_last;
	return 0;
}

/* Where we send, the server reads on until it has all of it; and it need not sleep any longer in a receive. */
static void end_sending(struct bnet_run *r)
{
	for (uint32_t i = 0; r->job.way != BT_NET_IN && i < r->n_flows; i++) {
		if (r->flows[i].fd < 0)
			continue;
		if (r->job.proto == BT_NET_UDP_PROTO)
			bnet_udp_end(&r->flows[i]);
		else
			(void)shutdown(r->flows[i].fd, SHUT_WR);
	}
}

int bnet_over(struct bt_loadtool *t)
{
	struct bnet_run *r = &of(t)->run;
	int rc;

	if (r->failed)
		return -EIO;
	near_counts(r);
	end_sending(r);
	rc = ask(of(t), BNET_FINISH, &r->last);
	if (rc == 0 && r->job.test == BT_NET_STREAM && bnet_end_sends(&r->job, true) && r->last.in_bytes != r->near_last.out_bytes)
		rc = bnet_fail(of(t), BNET_TRUNCATED, 0);
	r->over = rc == 0;
	return rc;
}

void bnet_after(struct bt_loadtool *t)
{
	struct bnet_run *r = &of(t)->run;

	for (uint32_t i = 0; r->flows && i < r->n_flows; i++)
		if (r->flows[i].fd >= 0)
			close(r->flows[i].fd);
	free(r->flows);
	free(r->nears);
	r->flows = NULL;
	r->nears = NULL;
	bnet_link_close(&r->link);
}

/* The hooks have said themselves what was wrong. */
void bnet_failure(struct bt_loadtool *t, int error, const char *where)
{
	if (of(t)->run.failed || !strcmp(where, "end"))
		return;
	if (!strcmp(where, "begin") || !strcmp(where, "reap"))
		(void)fail_errno(of(t), error);
	else
		(void)bnet_fail(of(t), BNET_OTHER, -error);
}
