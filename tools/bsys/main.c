/* SPDX-License-Identifier: ISC
 *
 * bsys - what does a system call cost.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "bsys.h"
#include "cpus.h"
#include "err.h"
#include "table.h"

#define QUICK_NS 200000000u /* duration of each test when all run and nobody asked for another */
#define BYTES_MAX (1ull << 30)

enum { OPT_CALLS = BT_OPT_TOOL, OPT_FILE, OPT_WHERE };

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ 'b', "block-size", "SIZE", "bytes moved by read write pipe socketpair, mapped by mmap (default 1, mmap 4k)" },
	{ OPT_CALLS, "calls", "N", "calls in one timed operation (default: by test, see -L; 1 in an open loop)" },
	{ OPT_FILE, "file", "FILE", "what open and stat ask for (default /dev/null)" },
	{ OPT_WHERE, "where", "PLACE", "partner of a wake-up test on the same CPU, across, or both (default both)" },
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bsys",
	.synopsis = "[options] [TEST ...] [-- COMMAND ...]",
	.purpose = "Measures what a system call costs, in timed loops or live.",
	.options = options,
	.examples = "  bsys null open fault | bagg\n"
		    "  bsys --where cross -R 5 pipe futex > wake.ndjson\n"
		    "  bsys -m call | jq -r 'select(.metric == \"call\") | [.test, .how // .where, .value] | @tsv'\n",
};

/* The tests that watch others, behind those that call. */
static const char *const live_tests[] = { "trace", "events" };
#define LIVE_TESTS 2

static const char *name_of(size_t i)
{
	return i < BSYS_TESTS ? bsys_tests[i]->name : live_tests[i - BSYS_TESTS];
}

/* What the variants of a test are called. */
static void list_variants(struct bt_table *t, const struct bsys_test *test)
{
	if (test->vary)
		bt_table_cell(t, 3, "%s=%s,%s", test->vary, test->variants[0].name, test->variants[1].name);
	else
		bt_table_cell(t, 3, "-");
}

static _Noreturn void list_tests(void)
{
	struct bt_buf text = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 5);
	bt_table_row(&t);
	bt_table_cell(&t, 0, "test");
	bt_table_cell(&t, 1, "kernel");
	bt_table_cell(&t, 2, "calls");
	bt_table_cell(&t, 3, "variants");
	bt_table_cell(&t, 4, "one call");
	for (size_t i = 0; i < BSYS_TESTS; i++) {
		bt_table_row(&t);
		bt_table_cell(&t, 0, "%s", bsys_tests[i]->name);
		bt_table_cell(&t, 1, "%s", bsys_tests[i]->id);
		bt_table_cell(&t, 2, "%u", bsys_tests[i]->calls);
		list_variants(&t, bsys_tests[i]);
		bt_table_cell(&t, 4, "%s", bsys_tests[i]->help);
	}
	for (size_t i = 0; i < LIVE_TESTS; i++) {
		bt_table_row(&t);
		bt_table_cell(&t, 0, "%s", live_tests[i]);
		bt_table_cell(&t, 1, "-");
		bt_table_cell(&t, 2, "-");
		bt_table_cell(&t, 3, "-");
		bt_table_cell(&t, 4, "%s", i == 0 ? "live: the calls of other processes, summed up" : "live: one record for each call");
	}
	bt_table_text(&t, &text);
	bt_show(&text);
}

/* The CPUs that workers and partners use, in turn. */
static void find_cpus(struct bsys *b)
{
	const struct bt_load_opts *l = &b->tool.load;
	int count = 0;

	b->n_cpus = l->n_cpus;
	if (b->n_cpus > 0)
		memcpy(b->cpus, l->cpus, b->n_cpus * sizeof(*b->cpus));
	else if ((count = bt_cpus_allowed(b->cpus, BT_LOAD_THREADS_MAX)) < 0)
		bt_die(BT_EXIT_TROUBLE, "the CPUs allowed: %s", strerror(-count));
	else
		b->n_cpus = (size_t)count;
	for (size_t i = 0; i < b->n_cpus; i++) {
		size_t k = 0;

		while (k < i && b->cpus[k] != b->cpus[i])
			k++;
		b->n_distinct += k == i;
	}
}

static bool wanted(const struct bsys *b, const struct bsys_test *test, unsigned variant)
{
	const char *name = test->variants[variant].name;

	if (!test->variants[variant].call)
		return false;
	if (!test->vary)
		return true;
	if (strcmp(name, "same") == 0)
		return b->where != BSYS_CROSS;
	if (strcmp(name, "cross") == 0)
		return b->where != BSYS_SAME && b->n_distinct > 1;
	return strcmp(name, "vdso") != 0 || getauxval(AT_SYSINFO_EHDR) != 0;
}

/* A fixed number for each test and size, so that figures of different runs stay comparable. What copies for microseconds needs no
 * company. */
static uint32_t calls_of(const struct bsys *b, const struct bsys_test *test, uint64_t bytes)
{
	if (b->calls)
		return (uint32_t)b->calls;
	if (b->tool.load.rate > 0)
		return 1;
	if (test->moved && bytes > 4096)
		return bytes > 16384 || test->calls < 16 ? 1 : 16;
	return test->calls;
}

static void add_job(struct bsys *b, const struct bsys_test *test, unsigned variant)
{
	struct bsys_job *job = &b->jobs[b->tool.n_jobs];

	job->test = test;
	job->variant = &test->variants[variant];
	job->bytes = b->bytes ? b->bytes : test->bytes;
	job->file = b->file;
	job->plant = bt_loadtool_plant("BSYS_PLANT", test->name);
	job->per_call.calls = calls_of(b, test, job->bytes);
	job->cpus = b->cpus;
	job->n_cpus = b->n_cpus;
	b->runs[b->tool.n_jobs++] = (struct bt_load_job){ .test = test->name, .kernel = test->id, .ops = bsys_ops(job), .config = job,
							  .calls = job->per_call.calls, .waits = test->waits };
}

static void add_test(struct bsys *b, const struct bsys_test *test)
{
	for (size_t i = 0; i < b->tool.n_jobs; i++)
		if (b->jobs[i].test == test)
			return;
	for (unsigned v = 0; v < BSYS_VARIANTS; v++)
		if (wanted(b, test, v))
			add_job(b, test, v);
}

/* trace and events stand alone; all others run in turn. */
static void choose_tests(struct bsys *b, char **names, int count)
{
	for (int i = 0; i < count; i++) {
		size_t at = bt_loadtool_find(names[i], BSYS_TESTS + LIVE_TESTS, name_of);

		if (at < BSYS_TESTS) {
			add_test(b, bsys_tests[at]);
			continue;
		}
		if (count > 1)
			bt_die_usage("trace and events each run alone, with no other test");
		b->live = name_of(at);
	}
	for (size_t i = 0; count == 0 && i < BSYS_TESTS; i++)
		add_test(b, bsys_tests[i]);
	if (count == 0 && !b->tool.load.duration_set)
		b->tool.load.duration_ns = QUICK_NS;
	if (!b->live && b->command)
		bt_die_usage("only trace and events run a COMMAND");
}

static void check_load(const struct bsys *b)
{
	if (b->where == BSYS_CROSS && b->n_distinct < 2)
		bt_die(BT_EXIT_UNABLE, "--where cross needs two CPUs, in -c or allowed to this process; --where same works with one");
	if (b->calls > 1 && b->tool.load.rate > 0)
		bt_die_usage("--calls: an open loop plans single calls");
	bt_loadtool_check(&b->tool);
}

static void take_file(struct bsys *b, struct bt_opts *o)
{
	int fd = open(o->arg, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		bt_opts_fail(o, "%s: %s", o->arg, strerror(errno));
	else
		close(fd);
	b->file = o->arg;
}

static void take_option(struct bsys *b, struct bt_opts *o, int key)
{
	static const char *const places[] = { "both", "same", "cross", NULL };

	switch (key) {
	case 'b': bt_opts_size(o, 1, BYTES_MAX, &b->bytes); break;
	case OPT_CALLS: bt_opts_u64(o, 1, BSYS_CALLS_MAX, &b->calls); break;
	case OPT_FILE: take_file(b, o); break;
	case OPT_WHERE: bt_opts_choice(o, places, &b->where); break;
	case 'h': bt_show_help(&tool);
	case 'V': bt_show_version(&tool);
	default:
		if (!bt_load_option(&b->tool.load, o, key))
			bt_out_option(&b->tool.out_opts, o, key);
	}
}

static void parse(struct bsys *b, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		take_option(b, &o, key);
	if (key < 0)
		bt_die_usage(o.error);
	if (b->tool.load.list)
		list_tests();
	b->command = o.command;
	find_cpus(b);
	choose_tests(b, argv + o.first, o.last - o.first);
	if (!b->live)
		check_load(b);
}

int main(int argc, char **argv)
{
	static struct bsys b = {
		.tool = { .resource = "cpu", .resource_is = "the CPUs", .operations = "operations", .metrics = bsys_metrics,
			  .meta = bsys_meta, .prepare = bsys_prepare, .describe = bsys_describe, .measures = bsys_measures,
			  .load = BT_LOAD_OPTS_INIT, .jobs = b.runs },
		.file = "/dev/null",
	};

	b.tool.name = tool.name;
	b.tool.argc = argc;
	b.tool.argv = argv;
	bt_err_init(tool.name);
	parse(&b, argc, argv);
	return b.live ? bsys_trace(&b) : bt_loadtool_main(&b.tool);
}
