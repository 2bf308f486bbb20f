/* SPDX-License-Identifier: ISC
 *
 * bdisk - how fast, how late and how safely does storage answer.
 */
#include <stdio.h>
#include <string.h>

#include "bdisk.h"
#include "err.h"
#include "num.h"
#include "table.h"

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ 'b', "block-size", "SIZE", "bytes of an I/O, or several sizes with shares: 4k:70,64k:30 (default 4k)" },
	{ 'E', "engine", "ENGINE", "io_uring, sync or mmap (default io_uring)" },
	{ 'Q', "queue-depth", "N", "I/Os under way per worker, io_uring only (default 1)" },
	{ 's', "size", "SIZE", "bytes of the file, shared out among the workers (default 256M, or all of FILE)" },
	{ OPT_MIX, "mix", "PCT", "share of reads in randrw (default 50)" },
	{ OPT_DIST, "dist", "LAW", "random blocks: uniform, zipf[:THETA] or pareto[:H] (default uniform)" },
	{ OPT_NO_REPEAT, "no-repeat", NULL, "random blocks: each once before any comes twice" },
	{ OPT_FSYNC, "fsync", "WHEN", "none, end, each, or after every N writes of a worker (default none)" },
	{ OPT_STEADY, "steady", NULL, "end when the last five intervals agree, at the duration at the latest" },
	{ OPT_DIR, "dir", "DIR", "make the file in DIR (default .)" },
	{ OPT_FILE, "file", "FILE", "use this file or block device" },
	{ OPT_CAPACITY, "capacity", "SIZE", "never write a file of more than that" },
	{ OPT_CACHE, "cache", "HOW", "page cache: direct (none), warm or cold (default direct; mmap cold)" },
	{ OPT_SQPOLL, "sqpoll", NULL, "io_uring: a kernel thread submits" },
	{ OPT_IOPOLL, "iopoll", NULL, "io_uring: poll the device for completions" },
	{ OPT_DESTROY, "destroy-data", NULL, "writing tests may overwrite what FILE holds" },
	{ OPT_DURABLE, "durable", NULL, "verify: acknowledge what was written after fdatasync, for --check to ask for" },
	{ OPT_LEDGER, "ledger", "LEDGER", "verify: keep acknowledgements there, on another device (default in FILE)" },
	{ OPT_CHECK, "check", "FILE", "verify: read back what an earlier run wrote, and write nothing" },
	{ OPT_ORDER, "order", "ORDER", "replay: each thread in its own order, or all in a global one (default thread)" },
	{ OPT_SPEED, "speed", "X", "replay: X times as fast as recorded (default 1)" },
	{ OPT_FAST, "as-fast-as-possible", NULL, "replay: no waits" },
	{ OPT_MAP, "map", "OLD=NEW", "replay: put NEW for OLD at the start of paths; may be repeated" },
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bdisk",
	.synopsis = "[options] [TEST ... | replay [FILE]]",
	.purpose = "Measures how fast, how late and how safely storage answers.",
	.options = options,
	.examples = "  bdisk randread | bagg\n"
		    "  bdisk -Q 32 -b 4k -d 10s -i 1s randread > qd32.ndjson\n"
		    "  bdisk replay < io.ndjson | bagg\n"
		    "  bdisk -r 200 -Q 16 -d 5s randwrite --fsync each | bagg -k metric -P 50,99,99.9\n",
};

/* The tests that stand alone, behind those that run together. */
static const char *const alone[] = { "verify", "replay" };
#define ALONE 2

static const struct bdisk_engine *const engines[] = { &bdisk_uring, &bdisk_sync, &bdisk_mapped };
#define ENGINES (sizeof(engines) / sizeof(*engines))

static const char *name_of(size_t i)
{
	return i < BDISK_TESTS ? bdisk_tests[i]->name : alone[i - BDISK_TESTS];
}

static _Noreturn void list_tests(void)
{
	static const char *const alone_help[] = { "writes checked blocks and reads them back", "repeats the I/O of bsys events" };
	struct bt_buf text = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 3);
	bt_table_texts(&t, (const char *[]){ "test", "kernel", "what it is" });
	for (size_t i = 0; i < BDISK_TESTS + ALONE; i++) {
		bool apart = i >= BDISK_TESTS;

		bt_table_texts(&t, (const char *[]){ name_of(i), apart ? "-" : bdisk_tests[i]->id,
						     apart ? alone_help[i - BDISK_TESTS] : bdisk_tests[i]->help });
	}
	bt_table_text(&t, &text);
	bt_show(&text);
}

static bool is_test(const char *name)
{
	for (size_t i = 0; i < BDISK_TESTS + ALONE; i++)
		if (!strcmp(name_of(i), name))
			return true;
	return false;
}

static void add_test(struct bdisk *b, const struct bdisk_test *test)
{
	size_t n = b->tool.n_jobs;

	for (size_t i = 0; i < n; i++)
		if (b->jobs[i].test == test)
			return;
	b->jobs[n].test = test;
	b->jobs[n].b = b;
	b->runs[n] = (struct bt_load_job){ .test = test->name, .kernel = test->id, .ops = &bdisk_ops, .config = &b->jobs[n],
					   .waits = true };
	b->tool.n_jobs++;
}

/* verify and replay stand alone; all others run in turn. */
static void choose_tests(struct bdisk *b, char **names, int count)
{
	b->input = "-";
	if (count == 2 && !strcmp(names[0], "replay") && !is_test(names[1])) {
		b->input = names[1];
		count = 1;
	}
	for (int i = 0; i < count; i++) {
		size_t at = bt_loadtool_find(names[i], BDISK_TESTS + ALONE, name_of);

		if (at < BDISK_TESTS) {
			add_test(b, bdisk_tests[at]);
			continue;
		}
		if (count > 1)
			bt_die_usage("verify and replay each run alone, with no other test");
		b->alone = name_of(at);
	}
	for (size_t i = 0; count == 0 && i < BDISK_TESTS; i++)
		add_test(b, bdisk_tests[i]);
}

static void take_engine(struct bdisk *b, struct bt_opts *o)
{
	static const char *const names[] = { "io_uring", "sync", "mmap", NULL };
	int choice = 0;

	bt_opts_choice(o, names, &choice);
	b->engine = engines[choice];
}

/* One "64k:30" of a mix, or a size alone. Returns 0 or -1. */
static int take_size(struct bdisk_sizes *s, const char *item, size_t len, uint64_t *percent)
{
	char size[32], share[32];
	size_t colon = 0;

	while (colon < len && item[colon] != ':')
		colon++;
	if (s->n == BDISK_SIZES || colon >= sizeof(size) || len - colon > sizeof(share))
		return -1;
	snprintf(size, sizeof(size), "%.*s", (int)colon, item);
	if (bt_num_size(size, BDISK_SECTOR, BDISK_BLOCK_MAX, &s->bytes[s->n]) < 0 || s->bytes[s->n] % BDISK_SECTOR)
		return -1;
	*percent = 100;
	if (colon < len) {
		snprintf(share, sizeof(share), "%.*s", (int)(len - colon - 1), item + colon + 1);
		if (bt_num_u64(share, 1, 100, percent) < 0)
			return -1;
	}
	s->n++;
	return 0;
}

/* "4096", or "4096:70,65536:30". */
static void name_sizes(struct bdisk_sizes *s, const uint64_t *percent)
{
	struct bt_buf text = BT_BUF_INIT;

	for (unsigned i = 0; i < s->n; i++) {
		bt_buf_printf(&text, "%s%llu", i ? "," : "", (unsigned long long)s->bytes[i]);
		if (s->n > 1)
			bt_buf_printf(&text, ":%llu", (unsigned long long)percent[i]);
	}
	bt_src_copy(s->text, sizeof(s->text), bt_buf_cstr(&text));
	bt_buf_free(&text);
}

static void take_sizes(struct bdisk *b, struct bt_opts *o)
{
	struct bdisk_sizes s = { .least = UINT64_MAX };
	uint64_t percent[BDISK_SIZES + 1], sum = 0;

	for (const char *p = o->arg;;) {
		size_t len = strcspn(p, ",");

		if (take_size(&s, p, len, &percent[s.n]) < 0) {
			bt_opts_fail(o, "'%s': a size from 512 to 64M, a multiple of 512, or up to 8 as SIZE:PERCENT,... is accepted", o->arg);
			return;
		}
		sum += percent[s.n - 1];
		s.below[s.n - 1] = sum >= 100 ? UINT64_MAX : UINT64_MAX / 100 * sum;
		s.least = s.bytes[s.n - 1] < s.least ? s.bytes[s.n - 1] : s.least;
		s.most = s.bytes[s.n - 1] > s.most ? s.bytes[s.n - 1] : s.most;
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	if (sum != 100)
		bt_opts_fail(o, "'%s': the shares add up to %llu %%, not to 100", o->arg, (unsigned long long)sum);
	name_sizes(&s, percent);
	b->sizes = s;
}

/* "zipf:1.2", "pareto:0.2" or "uniform". */
static void take_dist(struct bdisk *b, struct bt_opts *o)
{
	static const struct {
		const char *name;
		double usual, min, max;
	} laws[] = {
		[BDISK_UNIFORM] = { "uniform", 0, 0, 0 },
		[BDISK_ZIPF] = { "zipf", 1.1, BT_ZIPF_THETA_MIN, BT_ZIPF_THETA_MAX },
		[BDISK_PARETO] = { "pareto", 0.2, BT_PARETO_MIN, BT_PARETO_MAX },
	};
	size_t len = strcspn(o->arg, ":");

	for (int i = BDISK_UNIFORM; i <= BDISK_PARETO; i++) {
		double value = laws[i].usual;

		if (strlen(laws[i].name) != len || strncmp(laws[i].name, o->arg, len) != 0)
			continue;
		if (o->arg[len] && (i == BDISK_UNIFORM || bt_num_f64(o->arg + len + 1, laws[i].min, laws[i].max, &value) < 0))
			break;
		b->dist = (enum bdisk_dist)i;
		b->dist_arg = value;
		snprintf(b->dist_text, sizeof(b->dist_text), i == BDISK_UNIFORM ? "%s" : "%s:%g", laws[i].name, value);
		return;
	}
	bt_opts_fail(o, "'%s': uniform, zipf:THETA (0.01 to 10) or pareto:H (0.01 to 0.99) is accepted", o->arg);
}

static void take_fsync(struct bdisk *b, struct bt_opts *o)
{
	b->fsync_every = 0;
	if (!strcmp(o->arg, "none")) {
		b->fsync = BDISK_FSYNC_NONE;
	} else if (!strcmp(o->arg, "end")) {
		b->fsync = BDISK_FSYNC_END;
	} else if (!strcmp(o->arg, "each")) {
		b->fsync = BDISK_FSYNC_EVERY;
		b->fsync_every = 1;
	} else if (bt_num_u64(o->arg, 1, 1000000000, &b->fsync_every) == 0) {
		b->fsync = BDISK_FSYNC_EVERY;
	} else {
		bt_opts_fail(o, "'%s': none, end, each or a number of writes from 1 to 1000000000 is accepted", o->arg);
		return;
	}
	if (b->fsync_every > 1)
		snprintf(b->fsync_text, sizeof(b->fsync_text), "%llu", (unsigned long long)b->fsync_every);
	else
		bt_src_copy(b->fsync_text, sizeof(b->fsync_text), b->fsync_every ? "each" : o->arg);
}

static void take_option(struct bdisk *b, struct bt_opts *o, int key)
{
	static const char *const caches[] = { "direct", "warm", "cold", NULL };

	b->given[key] = true;
	switch (key) {
	case 'b': take_sizes(b, o); break;
	case 'E': take_engine(b, o); break;
	case 'Q': bt_opts_u64(o, 1, BDISK_DEPTH_MAX, &b->depth); break;
	case 's': bt_opts_size(o, BDISK_SECTOR, INT64_MAX, &b->size); break;
	case OPT_MIX: bt_opts_u64(o, 0, 100, &b->mix); break;
	case OPT_DIST: take_dist(b, o); break;
	case OPT_NO_REPEAT: b->no_repeat = true; break;
	case OPT_FSYNC: take_fsync(b, o); break;
	case OPT_STEADY: b->steady = true; break;
	case OPT_DIR: bt_opts_dir(o, &b->target.dir); break;
	case OPT_FILE: b->target.file = o->arg; break;
	case OPT_CAPACITY: bt_opts_size(o, 1, INT64_MAX, &b->capacity); break;
	case OPT_CACHE: bt_opts_choice(o, caches, &b->cache); b->cache_set = true; break;
	case OPT_SQPOLL: b->sqpoll = true; break;
	case OPT_IOPOLL: b->iopoll = true; break;
	case OPT_DESTROY: b->destroy = true; break;
	case OPT_DURABLE: b->durable = true; break;
	case OPT_LEDGER: b->ledger = o->arg; break;
	case OPT_CHECK: b->check = o->arg; break;
	case 'h': bt_show_help(&tool);
	case 'V': bt_show_version(&tool);
	default:
		b->warmup_set |= key == 'w';
		if (!bdisk_replay_option(o, key) && !bt_load_option(&b->tool.load, o, key))
			bt_out_option(&b->tool.out_opts, o, key);
	}
}

static void check_together(const struct bdisk *b)
{
	if (b->depth > 1 && !b->engine->queue)
		bt_die_usage("-Q, --queue-depth: only io_uring has several I/Os under way; -t takes more workers");
	if ((b->sqpoll || b->iopoll) && b->engine != &bdisk_uring)
		bt_die_usage("--sqpoll and --iopoll are for the engine io_uring");
	if (b->engine->mapped && b->cache_set && b->cache == BDISK_DIRECT)
		bt_die_usage("--cache direct: a mapping goes through the page cache; warm or cold");
	if (b->iopoll && b->cache != BDISK_DIRECT)
		bt_die_usage("--iopoll works with --cache direct only");
	if (b->iopoll && b->fsync == BDISK_FSYNC_EVERY)
		bt_die_usage("--iopoll: an fsync cannot be polled for; --fsync end can be had");
	if (b->no_repeat && b->sizes.n > 1)
		bt_die_usage("--no-repeat: not with several block sizes");
	if (b->no_repeat && b->dist != BDISK_UNIFORM)
		bt_die_usage("--no-repeat: not with --dist, where some blocks come up more often");
}

/* Options that this test knows nothing of would be ignored. */
static void check_replay(const struct bdisk *b)
{
	char text[128];

	for (const struct bt_opt *o = options; o->name; o++) {
		bool only = o->key >= OPT_ORDER && o->key <= OPT_MAP, replay = b->alone && !strcmp(b->alone, "replay");

		if (!b->given[o->key] || (replay ? bdisk_replay_takes(o->key) : !only))
			continue;
		snprintf(text, sizeof(text), replay ? "replay has no use for --%s" : "--%s is for replay alone", o->name);
		bt_die_usage(text);
	}
}

/* What follows from options that were not given. */
static void settle(struct bdisk *b)
{
	if (b->engine->mapped && !b->cache_set)
		b->cache = BDISK_COLD;
	if (b->cache == BDISK_COLD && !b->warmup_set)
		b->tool.load.warmup_ns = 0; /* it would warm the cache */
	if (b->steady) {
		b->tool.enough = bdisk_steady_enough;
		if (b->tool.load.interval_ns == 0)
			b->tool.load.interval_ns = b->tool.load.duration_ns / 20;
	}
}

static void check_tests(const struct bdisk *b)
{
	bool write = false;

	for (size_t i = 0; i < b->tool.n_jobs; i++)
		write |= b->jobs[i].test->writes;
	if (b->fsync != BDISK_FSYNC_NONE && !write)
		bt_die_usage("--fsync: none of these tests writes");
}

static void parse(struct bdisk *b, int argc, char **argv)
{
	struct bt_opts o;
	bool write = false;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		take_option(b, &o, key);
	if (key < 0)
		bt_die_usage(o.error);
	if (b->tool.load.list)
		list_tests();
	choose_tests(b, argv + o.first, argc - o.first);
	check_replay(b);
	if (b->alone)
		return;
	if (b->durable || b->ledger || b->check)
		bt_die_usage("--durable, --ledger and --check are for the test verify");
	settle(b);
	check_together(b);
	check_tests(b);
	bt_loadtool_check(&b->tool);
	if (b->engine == &bdisk_uring)
		bdisk_uring_check();
	for (size_t i = 0; i < b->tool.n_jobs; i++)
		write |= b->jobs[i].test->writes;
	bdisk_target_open(b, write);
}

int main(int argc, char **argv)
{
	static struct bdisk b = {
		.tool = { .operations = "I/Os", .metrics = bdisk_metrics, .meta = bdisk_meta, .prepare = bdisk_prepare, .before = bdisk_before,
			  .describe = bdisk_describe, .measures = bdisk_measures, .wrong = bdisk_wrong, .load = BT_LOAD_OPTS_INIT, .jobs = b.runs },
		.sizes = { .text = "4096", .n = 1, .bytes = { 4096 }, .least = 4096, .most = 4096 },
		.depth = 1, .mix = 50, .dist_text = "uniform", .fsync_text = "none", .engine = &bdisk_uring,
		.target = { .dir = ".", .fd = -1 },
	};

	b.tool.name = tool.name;
	b.tool.argc = argc;
	b.tool.argv = argv;
	bt_err_init(tool.name);
	parse(&b, argc, argv);
	if (b.alone)
		return !strcmp(b.alone, "verify") ? bdisk_verify(&b) : bdisk_replay(&b);
	return bt_loadtool_main(&b.tool);
}
