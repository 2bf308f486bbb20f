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
#define DURATION_MAX_NS (365 * 86400 * 1000000000ull)

bool bnet_serve_option(struct bnet *b, struct bt_opts *o, int key)
{
	uint64_t clients = b->limits.clients, streams = b->limits.streams;

	switch (key) {
	case OPT_MAX_BYTES: bt_opts_size(o, 1, 1ull << 60, &b->limits.bytes); break;
	case OPT_MAX_CLIENTS: bt_opts_u64(o, 1, 100000, &clients); break;
	case OPT_MAX_DURATION: bt_opts_time(o, 1000000, DURATION_MAX_NS, &b->limits.duration_ns); break;
	case OPT_MAX_STREAMS: bt_opts_u64(o, 1, 1000000, &streams); break;
	default: return false;
	}
	b->limits.clients = (uint32_t)clients;
	b->limits.streams = (uint32_t)streams;
	b->limited = true;
	return true;
}

void bnet_token(struct bnet *b)
{
	int rc = bt_secret_read(&b->secret, b->token_file);

	if (rc < 0)
		bt_die(BT_EXIT_USAGE, "--token %s: %s", b->token_file, bt_secret_error(rc));
	b->token = b->secret.bytes;
	b->token_len = b->secret.len;
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

int bnet_serve(struct bnet *b)
{
	struct bt_loadtool *t = &b->tool;
	struct bnet_service service = { .tool = t };
	struct bnet_server_opts o = { .limits = b->limits, .signals = true, .over = bnet_serverec_over, .away = bnet_serverec_away,
				      .arg = &service, .broken = &service.broken, .visits = t->load.count };
	struct bnet_server *s;
	uint64_t start_ns;

	bt_sig_init();
	bt_clock_init(&t->clock, CALIBRATE_NS);
	start_ns = bt_clock_now(&t->clock);
	o.limits.handshake_ns = b->timeout_ns;
	o.token = (struct bt_hs_token){ b->token, b->token_len };
	o.until_ns = t->load.duration_set ? bt_clock_monotonic() + t->load.duration_ns : 0;
	choose_addresses(&o, b->where, b->n_where);
	s = listen_all(&o, t, b->n_where > 0);
	bt_check_output(bt_out_open(&t->out, &t->out_opts, t->name), t->out_opts.path, BT_EXIT_USAGE);
	bnet_serverec_meta(t, &o);
	say_where(&o);
	if (!t->load.dry_run)
		(void)bnet_server_run(s);
	bnet_server_free(s);
	bnet_serverec_unsaid(&service);
	return finish(t, start_ns);
}
