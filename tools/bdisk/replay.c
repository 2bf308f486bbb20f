/* SPDX-License-Identifier: ISC
 *
 * replay - the test `replay`: repeats the I/O of a recording on files of its own, at the recorded pace.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "replay.h"

#define SPEED_MIN 1e-3
#define SPEED_MAX 1e6

struct replay_opts replay_opts = { .speed = 1 };
static struct replay replay;

struct replay *replay_of(struct bt_loadtool *t)
{
	(void)t;
	return &replay;
}

static void take_map(struct bt_opts *o)
{
	struct replay_opts *opts = &replay_opts;

	if (opts->n_maps == REPLAY_MAPS)
		bt_opts_fail(o, "at most %d are accepted", REPLAY_MAPS);
	else if (bt_confine_map_parse(&opts->maps[opts->n_maps], o->arg) < 0)
		bt_opts_fail(o, "'%.100s': OLD=NEW is accepted, two paths", o->arg);
	else
		opts->n_maps++;
}

bool bdisk_replay_option(struct bt_opts *o, int key)
{
	static const char *const orders[] = { "thread", "global", NULL };
	int order = 0;

	switch (key) {
	case OPT_ORDER: bt_opts_choice(o, orders, &order); replay_opts.global = order == 1; return true;
	case OPT_SPEED: bt_opts_f64(o, SPEED_MIN, SPEED_MAX, &replay_opts.speed); return true;
	case OPT_FAST: replay_opts.fast = true; return true;
	case OPT_MAP: take_map(o); return true;
	default: return false;
	}
}

bool bdisk_replay_takes(int key)
{
	static const int keys[] = {
		OPT_ORDER, OPT_SPEED, OPT_FAST, OPT_MAP, OPT_DIR, OPT_CAPACITY, OPT_CACHE, OPT_DESTROY, BT_OPT_LOCK, BT_OPT_SEED,
		BT_OPT_ROOT, BT_OPT_LOG, 'm', 'n', 'N', 'R', 't', 'L', 'f', 'o', 'T', 'q', 'v', 'h', 'V',
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i] == key)
			return true;
	return false;
}

static void check_options(const struct bdisk *b)
{
	if (replay_opts.fast && b->given[OPT_SPEED])
		bt_die_usage("--speed and --as-fast-as-possible: one or the other");
	if (b->tool.load.n_threads > 1)
		bt_die_usage("-t, --threads: replay takes one number, the most workers");
	if (b->given[OPT_CACHE] && b->cache == BDISK_DIRECT)
		bt_die_usage("--cache direct: what was recorded need not be aligned for it; warm or cold");
	if (b->destroy && !b->given[OPT_DIR])
		bt_die_usage("--destroy-data: the files are replay's own without --dir");
	if (!strcmp(b->input, "-") && isatty(STDIN_FILENO))
		bt_die_usage("replay reads the records of bsys events from stdin, which is a terminal");
}

/* What is written: random, and read-only from now on, so that no call has to make its own. */
static void make_data(struct replay *r)
{
	void *data;

	r->data_bytes = (size_t)r->plan.size_most + BDISK_PAGE * 256;
	data = mmap(NULL, r->data_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		bt_die(BT_EXIT_UNABLE, "no memory for what is to be written");
	bdisk_data_fill(data, r->data_bytes, r->b->tool.load.seed);
	r->data = data;
}

static void make_plan(struct replay *r)
{
	const struct bdisk *b = r->b;
	uint32_t most = b->given['t'] ? b->tool.load.threads[0] : REPLAY_WORKERS;

	if (bt_ioplan_make(&r->plan, most, replay_opts.global) < 0)
		bt_die(BT_EXIT_UNABLE, "no memory for a plan of %u calls", r->plan.n);
	r->bytes = bt_ioplan_bytes(&r->plan);
}

/* What is there to know about the directory, by a file like those of other tests. */
static void probe_target(struct bdisk *b)
{
	uint64_t capacity = b->capacity;

	b->cache = b->given[OPT_CACHE] ? b->cache : BDISK_COLD;
	b->size = BDISK_PAGE;
	b->tool.load.threads[0] = 1;
	b->capacity = 0;
	bdisk_target_open(b, true);
	b->capacity = capacity;
	close(b->target.fd);
	b->target.fd = -1;
	b->target.bytes = replay.bytes;
}

/* The hook that is called once the lock is held: all of the runs, since the engine's workers know no plan. */
static void run_all(struct bt_loadtool *t)
{
	struct replay *r = replay_of(t);

	t->n_jobs = 0;
	replay_warnings(r);
	make_data(r);
	if (replay_files_open(r) < 0) {
		t->failed = true;
		t->fail_status = BT_EXIT_UNABLE;
		return;
	}
	for (t->rep = 1; t->rep <= t->load.repeat && !t->failed && !t->out.error && !bt_loadtool_stop(); t->rep++)
		if (replay_files_reset(r) < 0 || replay_run(r) < 0)
			t->failed = !bt_loadtool_stop();
}

int bdisk_replay(struct bdisk *b)
{
	struct bt_loadtool *t = &b->tool;

	t->metrics = replay_metrics;
	bt_loadtool_check(t);
	check_options(b);
	replay.b = b;
	replay_read(&replay);
	make_plan(&replay);
	replay_files_check(&replay);
	probe_target(b);
	b->runs[0] = (struct bt_load_job){ .test = "replay", .kernel = REPLAY_ID };
	t->n_jobs = 1;
	t->meta = replay_meta;
	t->prepare = run_all;
	t->threads = t->load.threads[0] = replay.plan.workers;
	t->load.warmup_ns = 0;
	t->load.duration_ns = replay_opts.fast ? 0 : bt_ioplan_due(&replay.plan.ops[replay.plan.n - 1], replay_opts.speed);
	t->errors = replay.bad.lines;
	return bt_loadtool_main(t);
}
