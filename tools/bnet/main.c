/* SPDX-License-Identifier: ISC
 *
 * bnet - what does the network deliver.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "near.h"
#include "num.h"
#include "table.h"
#include "cpus.h"

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ '4', "ipv4", NULL, "IPv4 only" },
	{ '6', "ipv6", NULL, "IPv6 only" },
	{ 'b', "block-size", "SIZE", "bytes of a message, request or datagram (default by test, see -L)" },
	{ 'E', "engine", "ENGINE", "sync (epoll) or io_uring, at both ends (default sync)" },
	{ OPT_TO, "to", "HOST", "the server: HOST, HOST:PORT, [V6]:PORT or unix:PATH (default: one of our own)" },
	{ OPT_PROTO, "proto", "PROTO", "tcp, udp (rr) or unix (default tcp)" },
	{ OPT_FLOWS, "flows", "N", "connections of each worker (default 1)" },
	{ OPT_RESPONSE, "response", "SIZE", "bytes of an answer (default as -b)" },
	{ OPT_REVERSE, "reverse", NULL, "stream, udp: the server sends" },
	{ OPT_BIDIR, "bidir", NULL, "stream, udp: both ends send" },
	{ OPT_ZEROCOPY, "zerocopy", NULL, "stream, io_uring: send without a copy" },
	{ OPT_CONGESTION, "congestion", "NAME", "congestion control at both ends" },
	{ OPT_NODELAY, "nodelay", "WHEN", "TCP_NODELAY on or off (default on for rr and crr)" },
	{ OPT_MSS, "mss", "SIZE", "most bytes in a TCP segment" },
	{ OPT_SNDBUF, "sndbuf", "SIZE", "send buffer of the sockets at both ends" },
	{ OPT_RCVBUF, "rcvbuf", "SIZE", "receive buffer of the sockets at both ends" },
	{ OPT_DSCP, "dscp", "N", "differentiated services code point, 0 to 63" },
	{ OPT_BIND, "bind", "ADDRESS", "connect from this address" },
	{ OPT_DEVICE, "device", "NAME", "connect through this interface" },
	{ OPT_BUSY_POLL, "busy-poll", "TIME", "both ends poll so long before they sleep" },
	{ OPT_FAR_CPUS, "far-cpus", "LIST", "pin the workers of the server to these CPUs in turn" },
	{ OPT_TIMEOUT, "timeout", "TIME", "a peer that does nothing for so long is lost (default 5s)" },
	BNET_OPTS_SERVE(OPT_SERVE),
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bnet",
	.synopsis = "[options] [TEST ... | probe [HOST] | serve [ADDRESS ...]]",
	.purpose = "Measures what the network delivers: round trips, streams, connects.",
	.options = options,
	.examples = "  bnet rr stream | bagg\n"
		    "  bnet -d 300ms -r 2000 rr | bagg -k metric -P 50,99,99.9\n"
		    "  bnet -d 300ms -i 100ms --reverse stream | jq -c 'select(.metric == \"bw\") | [.kind, .value]'\n"
		    "  bnet -d 200ms probe\n",
};

static const char *name_of(size_t i)
{
	static const char *const alone[] = { "probe", "serve" };

	return i < BT_NET_TESTS ? bnet_tests[i]->name : alone[i - BT_NET_TESTS];
}

static _Noreturn void list_tests(void)
{
	struct bt_buf text = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 5);
	bt_table_texts(&t, (const char *[]){ "test", "kernel", "bytes", "one operation", "what it is" });
	for (size_t i = 0; i < BT_NET_TESTS; i++) {
		bt_table_row(&t);
		bt_table_cell(&t, 0, "%s", bnet_tests[i]->name);
		bt_table_cell(&t, 1, "%s", bnet_tests[i]->id);
		bt_table_cell(&t, 2, "%u", bnet_tests[i]->request_bytes);
		bt_table_cell(&t, 3, "%s", bnet_tests[i]->operation);
		bt_table_cell(&t, 4, "%s", bnet_tests[i]->help);
	}
	bt_table_text(&t, &text);
	bt_show(&text);
}

static void take_busy_poll(struct bnet *b, struct bt_opts *o)
{
	uint64_t ns = (uint64_t)b->sock.busy_poll_us * 1000;

	bt_opts_time(o, 1000, 1000000000, &ns);
	b->sock.busy_poll_us = (uint32_t)(ns / 1000);
}

static void take_u32(struct bt_opts *o, uint64_t min, uint64_t max, bool size, uint32_t *out)
{
	uint64_t value = *out;

	if (size)
		bt_opts_size(o, min, max, &value);
	else
		bt_opts_u64(o, min, max, &value);
	*out = (uint32_t)value;
}

static void take_name(struct bt_opts *o, char out[BT_NET_NAME_MAX])
{
	if (strlen(o->arg) == 0 || strlen(o->arg) >= BT_NET_NAME_MAX)
		bt_opts_fail(o, "'%.40s': a name of 1 to %d letters is accepted", o->arg, BT_NET_NAME_MAX - 1);
	else
		snprintf(out, BT_NET_NAME_MAX, "%s", o->arg);
}

static void take_bind(struct bnet *b, struct bt_opts *o)
{
	char host[256];
	uint16_t port;

	if (bt_netaddr_split(o->arg, host, &port) != 0 || bt_netaddr_resolve(host, port, BT_NETADDR_ANY, true, &b->local, 1) != 1)
		bt_opts_fail(o, "'%.80s': an address of this machine is accepted", o->arg);
	b->bind = o->arg;
}

static void take_option(struct bnet *b, struct bt_opts *o, int key)
{
	static const char *const engines[] = { "sync", "io_uring", NULL }, *const protos[] = { "tcp", "udp", "unix", NULL };
	static const char *const when[] = { "off", "on", NULL };

	switch (key) {
	case '4': b->family = BT_NETADDR_V4; break;
	case '6': b->family = BT_NETADDR_V6; break;
	case 'b': bt_opts_size(o, 1, BT_NET_MESSAGE_MAX, &b->request_bytes); break;
	case 'E': bt_opts_choice(o, engines, &b->engine); break;
	case OPT_TO: b->to = o->arg; break;
	case OPT_PROTO: bt_opts_choice(o, protos, &b->proto); b->proto_set = true; break;
	case OPT_FLOWS: bt_opts_u64(o, 1, BT_NET_FLOWS_MAX, &b->flows); break;
	case OPT_RESPONSE: bt_opts_size(o, 1, BT_NET_MESSAGE_MAX, &b->response_bytes); break;
	case OPT_REVERSE: b->reverse = true; break;
	case OPT_BIDIR: b->bidir = true; break;
	case OPT_ZEROCOPY: b->zerocopy = true; break;
	case OPT_CONGESTION: take_name(o, b->sock.congestion); break;
	case OPT_NODELAY: bt_opts_choice(o, when, &b->nodelay); break;
	case OPT_MSS: take_u32(o, 88, 65495, true, &b->sock.mss_bytes); break;
	case OPT_SNDBUF: take_u32(o, 4096, 1u << 30, true, &b->sock.sndbuf_bytes); break;
	case OPT_RCVBUF: take_u32(o, 4096, 1u << 30, true, &b->sock.rcvbuf_bytes); break;
	case OPT_DSCP: take_u32(o, 0, 63, false, &b->sock.dscp); break;
	case OPT_BIND: take_bind(b, o); break;
	case OPT_DEVICE: b->device = o->arg; break;
	case OPT_BUSY_POLL: take_busy_poll(b, o); break;
	case OPT_FAR_CPUS: bt_opts_list(o, BT_CPUS_MAX - 1, b->far_cpus, BT_NET_CPUS_MAX, &b->n_far_cpus); break;
	case OPT_TIMEOUT: bt_opts_time(o, 100000000, 3600000000000u, &b->timeout_ns); break;
	case 'h': bt_show_help(&tool);
	case 'V': bt_show_version(&tool);
	default:
		if (!bnet_serve_option(&b->serve, o, OPT_SERVE, key) && !bt_load_option(&b->tool.load, o, key))
			bt_out_option(&b->tool.out_opts, o, key);
	}
}

struct bnet_job *bnet_add_job(struct bnet *b, const struct bnet_test *test)
{
	size_t n = b->tool.n_jobs++;

	b->jobs[n] = (struct bnet_job){ .test = test, .b = b, .plant = bt_loadtool_plant("BNET_PLANT", test->name),
					.way = !test->flood ? BT_NET_OUT : b->bidir ? BT_NET_BOTH : b->reverse ? BT_NET_IN : BT_NET_OUT };
	b->runs[n] = (struct bt_load_job){ .test = test->name, .kernel = test->id, .ops = &bnet_ops, .config = &b->jobs[n],
					   .waits = true, .no_rate = test->flood };
	return &b->jobs[n];
}

/* A test twice is run once. */
static void add_test(struct bnet *b, const struct bnet_test *test)
{
	for (size_t i = 0; i < b->tool.n_jobs; i++)
		if (b->jobs[i].test == test)
			return;
	bnet_add_job(b, test);
}

/* probe and serve stand alone, and what follows them is no test. */
static bool choose_alone(struct bnet *b, char **words, int count)
{
	if (count == 0 || (strcmp(words[0], "probe") != 0 && strcmp(words[0], "serve") != 0))
		return false;
	b->alone = words[0];
	if (!strcmp(b->alone, "serve"))
		return true;
	if (count > 2 || (count == 2 && b->to))
		bt_die_usage("probe: one HOST is enough");
	if (count == 2)
		b->to = words[1];
	bnet_probe_jobs(b);
	return true;
}

/* Without TEST all that the protocol can do. */
static void choose_tests(struct bnet *b, char **words, int count)
{
	if (choose_alone(b, words, count))
		return;
	for (int i = 0; i < count; i++) {
		size_t at = bt_loadtool_find(words[i], BT_NET_TESTS + 2, name_of);

		if (at < BT_NET_TESTS)
			add_test(b, bnet_tests[at]);
		else
			bt_die_usage("probe and serve each run alone, and come first");
	}
	for (size_t i = 0; count == 0 && i < BT_NET_TESTS; i++)
		if (b->proto == BT_NET_TCP || i == BT_NET_RR || (b->proto == BT_NET_UNIX) == (i != BT_NET_UDP))
			add_test(b, bnet_tests[i]);
}

static void split_host(struct bnet *b)
{
	int is_unix = b->to ? bt_netaddr_split(b->to, b->host, &b->port) : b->proto == BT_NET_UNIX;

	if (is_unix < 0)
		bt_die_usage("--to: HOST, HOST:PORT, [V6]:PORT or unix:PATH is accepted");
	if (is_unix && b->family != BT_NETADDR_ANY)
		bt_die_usage("-4, -6: a UNIX socket has no IP");
	if (is_unix && b->proto_set && b->proto != BT_NET_UNIX)
		bt_die_usage("--proto: a UNIX socket speaks unix alone");
	if (!is_unix && b->proto == BT_NET_UNIX)
		bt_die_usage("--proto unix: the server must be at a UNIX socket, --to unix:PATH");
	if (is_unix) {
		b->proto = BT_NET_UNIX;
		b->family = BT_NETADDR_UNIX;
	}
	b->port = b->port ? b->port : BNET_PORT;
}

static void check_test(const struct bnet *b, const struct bnet_test *test)
{
	struct bt_buf reason = BT_BUF_INIT;
	bool udp = test == &bnet_udp || b->proto == BT_NET_UDP_PROTO;

	if (test == &bnet_udp ? b->proto == BT_NET_UNIX : b->proto == BT_NET_UDP_PROTO && test != &bnet_rr)
		bt_buf_printf(&reason, "--proto %s: the test %s cannot be had with it", b->proto == BT_NET_UNIX ? "unix" : "udp", test->name);
	else if (b->request_bytes && b->request_bytes < test->request_min)
		bt_buf_printf(&reason, "-b, --block-size: %s needs %u bytes at least", test->name, test->request_min);
	else if (udp && (b->request_bytes > BNET_DATAGRAM_MAX || b->response_bytes > BNET_DATAGRAM_MAX))
		bt_buf_printf(&reason, "-b, --response: a datagram has %u bytes at most", BNET_DATAGRAM_MAX);
	else if (b->zerocopy && (test != &bnet_stream || !b->engine))
		bt_buf_printf(&reason, "--zerocopy: for stream with -E io_uring alone");
	else if ((b->reverse || b->bidir) && !test->flood)
		bt_buf_printf(&reason, "--reverse, --bidir: for stream and udp alone");
	if (reason.len > 0)
		bt_die_usage(bt_buf_cstr(&reason));
}

static void check_together(const struct bnet *b)
{
	if (b->reverse && b->bidir)
		bt_die_usage("--reverse and --bidir exclude each other");
	if (b->reverse && b->tool.load.count)
		bt_die_usage("-n, --count: not with --reverse, where the server sends; -d says for how long");
	for (size_t i = 0; i < b->tool.n_jobs; i++)
		check_test(b, b->jobs[i].test);
	if (b->alone && b->tool.load.rate > 0)
		bt_die_usage("-r, --rate: probe finds out how fast it goes");
}

static void check_uring(void)
{
	int rc = bnet_uring_try();

	if (rc < 0)
		bt_die(BT_EXIT_UNABLE, "io_uring cannot be used here (%s); -E sync works without it", strerror(-rc));
}

static void parse(struct bnet *b, int argc, char **argv, struct bt_opts *o)
{
	int key;

	bt_opts_init(o, options, argc, argv);
	while ((key = bt_opts_next(o)) > 0)
		take_option(b, o, key);
	if (key < 0)
		bt_die_usage(o->error);
	if (b->tool.load.list)
		list_tests();
	choose_tests(b, argv + o->first, argc - o->first);
	bt_loadtool_check(&b->tool);
	bnet_serve_token(&b->serve);
	if (b->alone && !strcmp(b->alone, "serve"))
		return;
	if (b->serve.limited)
		bt_die_usage("--max-...: limits are for serve");
	split_host(b);
	check_together(b);
	if (b->engine)
		check_uring();
}

/* One's own server, where no other is named. */
static void prepare(struct bt_loadtool *t)
{
	struct bnet *b = (struct bnet *)t;
	int error = 0;

	if (b->to)
		return;
	b->server = bnet_server_start(&t->clock, b->family, &b->peers[0], &error);
	b->n_peers = b->server != NULL;
	if (!b->server) {
		(void)bnet_fail(b, BNET_UNABLE, -error);
		t->failed = true;
	}
}

/* A stream or datagrams that the server sends are planned there. */
static const struct bt_load_opts *adapt(struct bt_loadtool *t, const struct bt_load_job *job)
{
	struct bnet *b = (struct bnet *)t;
	const struct bnet_job *config = job->config;

	b->adapted = t->load;
	if (config->streams) {
		b->adapted.threads[0] = config->streams;
		b->adapted.n_threads = 1;
	}
	if (config->way == BT_NET_IN)
		b->adapted.rate = 0;
	return &b->adapted;
}

static bool again(struct bt_loadtool *t)
{
	struct bnet *b = (struct bnet *)t;

	return bnet_serve_again(&b->serve, b->failure);
}

int main(int argc, char **argv)
{
	static struct bnet b = {
		.tool = { .resource_is = "the network", .operations = "answers", .metrics = bnet_metrics, .meta = bnet_meta, .adapt = adapt,
			  .prepare = prepare, .before = bnet_before, .started = bnet_started, .over = bnet_over, .after = bnet_after,
			  .failure = bnet_failure, .again = again, .pulse = bnet_pulse, .enough = bnet_enough,
			  .describe = bnet_describe,
			  .measures = bnet_measures, .load = BT_LOAD_OPTS_INIT, .jobs = b.runs },
		.nodelay = -1, .flows = 1, .timeout_ns = 5000000000u, .serve = BNET_SERVE_INIT,
	};
	struct bt_opts o;
	int status;

	b.tool.name = tool.name;
	b.tool.argc = argc;
	b.tool.argv = bt_opts_words(argc, argv);
	bt_err_init(tool.name);
	parse(&b, argc, argv, &o);
	if (b.alone && !strcmp(b.alone, "serve"))
		return bnet_serve_main(&b.serve, &b.tool, b.timeout_ns, argv + o.first + 1, argc - o.first - 1);
	bnet_find_resource(&b);
	b.tool.resource = b.resource;
	status = bt_loadtool_main(&b.tool);
	bnet_server_stop(b.server);
	if (b.alone)
		bnet_probe_summary(&b);
	return status;
}
