/* SPDX-License-Identifier: ISC
 *
 * serve - `bnet serve`: the options, the records of each client, the way out.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "serve.h"
#include "sig.h"

#define CALIBRATE_NS 50000
#define BACKOFF_FIRST_NS 100000000u
#define BACKOFF_MOST_NS 10000000000u
#define DURATION_MAX_NS 86400000000000u * 365

bool bnet_serve_option(struct bnet_serve *v, struct bt_opts *o, int first, int key)
{
	uint64_t clients = v->limits.clients, streams = v->limits.streams;

	switch (key - first) {
	case BNET_OPT_MAX_BYTES: bt_opts_size(o, 1, 1ull << 60, &v->limits.bytes); break;
	case BNET_OPT_MAX_CLIENTS: bt_opts_u64(o, 1, 100000, &clients); break;
	case BNET_OPT_MAX_DURATION: bt_opts_time(o, 1000000, DURATION_MAX_NS, &v->limits.duration_ns); break;
	case BNET_OPT_MAX_STREAMS: bt_opts_u64(o, 1, 1000000, &streams); break;
	case BNET_OPT_RETRY: bt_opts_u64(o, 0, 1000000, &v->retries); return true;
	case BNET_OPT_TOKEN: v->token_path = o->arg; return true;
	default: return false;
	}
	v->limits.clients = (uint32_t)clients;
	v->limits.streams = (uint32_t)streams;
	v->limited = true;
	return true;
}

void bnet_serve_token(struct bnet_serve *v)
{
	int rc = v->token_path ? bt_secret_read(&v->token, v->token_path) : 0;

	if (rc < 0)
		bt_die(BT_EXIT_USAGE, "--token %s: %s", v->token_path, bt_secret_error(rc));
}

bool bnet_serve_again(struct bnet_serve *v, enum bnet_code code)
{
	uint64_t wait_ns;

	if (v->retried >= v->retries || !bnet_code_again(code))
		return false;
	if (v->retried++ == 0)
		bt_backoff_init(&v->backoff, BACKOFF_FIRST_NS, BACKOFF_MOST_NS, bt_clock_monotonic());
	wait_ns = bt_backoff_next(&v->backoff);
	bt_note("try %llu of %llu in %.1f s", (unsigned long long)v->retried, (unsigned long long)v->retries, (double)wait_ns / 1e9);
	return bt_sig_wait_until(-1, bt_clock_monotonic() + wait_ns) != -EINTR;
}

/* The addresses of one operand. Returns how many. */
static unsigned resolve(const char *text, struct bt_netaddr *out, unsigned cap)
{
	char host[256];
	uint16_t port;
	int is_unix = bt_netaddr_split(text, host, &port), n;

	if (is_unix < 0)
		bt_die_usage("serve: an ADDRESS is HOST, HOST:PORT, [V6]:PORT or unix:PATH");
	n = bt_netaddr_resolve(host, port ? port : BNET_PORT, is_unix ? BT_NETADDR_UNIX : BT_NETADDR_ANY, true, out, (int)cap);
	if (n <= 0)
		bt_die(bnet_code_status(BNET_UNRESOLVED), "serve: %s: %s", text, n == -ENAMETOOLONG ? "the path is too long" :
		       bnet_code_text(BNET_UNRESOLVED));
	return (unsigned)n;
}

static bool have_v6(void)
{
	struct bt_src live = { "" };

	return bt_src_exists(&live, "/proc/net/if_inet6");
}

/* Loopback unless told otherwise. */
static void choose_addresses(struct bnet_server_opts *o, char **where, int n)
{
	if (n == 0) {
		o->n_where = resolve("127.0.0.1", o->where, 1);
		if (have_v6())
			o->n_where += resolve("::1", o->where + 1, 1);
	}
	for (int i = 0; i < n; i++) {
		if (o->n_where == BNET_LISTENERS_MAX)
			bt_die_usage("serve: 8 addresses at most");
		o->n_where += resolve(where[i], o->where + o->n_where, BNET_LISTENERS_MAX - o->n_where);
	}
}

static struct bnet_server *listen_all(struct bnet_server_opts *o, struct bt_loadtool *t, bool chosen)
{
	struct bnet_server *s;
	char text[BT_NETADDR_TEXT];
	unsigned which;
	int error;

	s = bnet_server_new(o, &t->clock, &error, &which);
	if (!s && !chosen && which == 1) { /* no IPv6 on this loopback */
		o->n_where = 1;
		s = bnet_server_new(o, &t->clock, &error, &which);
	}
	if (s)
		return s;
	bt_netaddr_text(&o->where[which < o->n_where ? which : 0], text);
	bt_die(error == -EADDRINUSE ? BT_EXIT_TROUBLE : BT_EXIT_UNABLE, "cannot listen at %s: %s", text, strerror(-error));
}

static void say_where(const struct bnet_server_opts *o)
{
	char text[BT_NETADDR_TEXT];

	for (unsigned i = 0; i < o->n_where; i++) {
		bt_netaddr_text(&o->where[i], text);
		bt_note("listening at %s", text);
	}
}

/* INT and TERM are how a server ends. */
static int finish(struct bt_loadtool *t, uint64_t start_ns)
{
	int sig = bt_sig_caught(), rc;
	bool usual = sig == 0 || sig == SIGINT || sig == SIGTERM;

	bt_out_end(&t->out, usual ? "ok" : "interrupted", bt_clock_now(&t->clock) - start_ns, t->errors);
	rc = bt_out_close(&t->out);
	bt_check_output(rc, t->out_opts.path, BT_EXIT_TROUBLE);
	if (!usual)
		bt_die_signal(sig);
	return BT_EXIT_OK;
}

int bnet_serve_main(struct bnet_serve *v, struct bt_loadtool *t, uint64_t timeout_ns, char **where, int n)
{
	struct bnet_service service = { .tool = t };
	struct bnet_server_opts o = { .limits = v->limits, .signals = true, .over = bnet_serverec_over, .away = bnet_serverec_away,
				      .arg = &service, .broken = &service.broken, .visits = t->load.count };
	struct bnet_server *s;
	uint64_t start_ns;

	t->src.root = t->load.root;
	bt_sig_init();
	bt_clock_init(&t->clock, CALIBRATE_NS);
	start_ns = bt_clock_now(&t->clock);
	o.limits.handshake_ns = timeout_ns;
	o.token = (struct bt_hs_token){ v->token.len ? v->token.bytes : NULL, v->token.len };
	o.until_ns = t->load.duration_set ? bt_clock_monotonic() + t->load.duration_ns : 0;
	choose_addresses(&o, where, n);
	s = listen_all(&o, t, n > 0);
	bt_check_output(bt_out_open(&t->out, &t->out_opts, t->name), t->out_opts.path, BT_EXIT_USAGE);
	bnet_serverec_meta(t, &o);
	say_where(&o);
	if (!t->load.dry_run)
		(void)bnet_server_run(s);
	bnet_server_free(s);
	bnet_serverec_unsaid(&service);
	return finish(t, start_ns);
}
