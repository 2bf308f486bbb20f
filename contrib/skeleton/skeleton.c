/* SPDX-License-Identifier: ISC
 *
 * skeleton - an empty btools producer: copy it to tools/NAME.c, its page to man/NAME.1 and its test to tests/NAME.bats, add NAME
 * to TOOLS in the Makefile, and replace the answer by a measurement.
 */
#include <stdint.h>

#include "clock.h"
#include "err.h"
#include "host.h"
#include "opt.h"
#include "out.h"
#include "sig.h"

struct skeleton {
	struct bt_out_opts out_opts;
	uint64_t count;
	struct bt_src src;
	struct bt_out out;
	struct bt_clock clock;
	struct bt_host host;
};

static const struct bt_opt options[] = {
	{ 'n', "count", "N", "number of answers (default 1)" },
	{ BT_OPT_ROOT, "root", "DIR", "read /proc and /sys below DIR" },
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "skeleton",
	.synopsis = "[options]",
	.purpose = "Answers the question of life, once or several times.",
	.options = options,
	.examples = "  skeleton -n 3 | bagg\n",
};

static void parse(struct skeleton *s, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		switch (key) {
		case 'n':
			bt_opts_u64(&o, 1, 1000000, &s->count);
			break;
		case BT_OPT_ROOT:
			bt_opts_dir(&o, &s->src.root);
			break;
		case 'h':
			bt_show_help(&tool);
		case 'V':
			bt_show_version(&tool);
		default:
			bt_out_option(&s->out_opts, &o, key);
		}
	if (key < 0)
		bt_die_usage(o.error);
	if (o.first < argc)
		bt_die_usage("no operands are expected");
}

static void emit_meta(struct skeleton *s)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_rec_str(&r, "clock", bt_clock_name(&s->clock));
	bt_host_record(&s->host, &r);
	bt_out_rec(&s->out, &r);
}

/* The measurement: replace this. */
static uint64_t answer(void)
{
	return 42;
}

static void emit_answer(struct skeleton *s, uint32_t rep)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = "answer";
	r.rep = rep;
	bt_rec_count(&r, "answer", "count", BT_BETTER_NONE, answer());
	bt_out_rec(&s->out, &r);
}

static int finish(struct skeleton *s, uint64_t elapsed_ns)
{
	int sig = bt_sig_caught(), rc;

	bt_out_end(&s->out, sig ? "interrupted" : "ok", elapsed_ns, 0);
	rc = bt_out_close(&s->out);
	bt_check_output(rc, s->out_opts.path, BT_EXIT_TROUBLE);
	if (sig)
		bt_die_signal(sig);
	return BT_EXIT_OK;
}

int main(int argc, char **argv)
{
	static struct skeleton s = { .count = 1, .src = { "" } };
	uint64_t start_ns;
	int rc;

	bt_err_init(tool.name);
	parse(&s, argc, argv);
	bt_sig_init();
	bt_clock_init(&s.clock, 200000);
	bt_host_read(&s.host, &s.src);
	start_ns = bt_clock_now(&s.clock);
	rc = bt_out_open(&s.out, &s.out_opts, tool.name);
	bt_check_output(rc, s.out_opts.path, BT_EXIT_USAGE);
	emit_meta(&s);
	for (uint32_t rep = 1; rep <= s.count && !s.out.error && !bt_sig_caught(); rep++)
		emit_answer(&s, rep);
	return finish(&s, bt_clock_now(&s.clock) - start_ns);
}
