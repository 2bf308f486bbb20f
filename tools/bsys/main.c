/* SPDX-License-Identifier: ISC
 *
 * bsys - what does a system call cost.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "bsys.h"
#include "calls.h"
#include "cpus.h"
#include "err.h"
#include "table.h"

#define QUICK_NS 200000000u /* duration of each test when all run and nobody asked for another */
#define BYTES_MAX (1ull << 30)

enum { OPT_CALLS = BT_OPT_TOOL, OPT_FILE, OPT_WHERE, OPT_COUNT_ONLY, OPT_SAMPLE, OPT_LIMIT, OPT_RING_SIZE };

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ 'b', "block-size", "SIZE", "bytes moved by read write pipe socketpair, mapped by mmap (default 1, mmap 4k)" },
	{ OPT_CALLS, "calls", "N", "calls in one timed operation (default: by test, see -L; 1 in an open loop)" },
	{ OPT_FILE, "file", "FILE", "what open and stat ask for (default /dev/null)" },
	{ OPT_WHERE, "where", "PLACE", "partner of a wake-up test on the same CPU, across, or both (default both)" },
	BT_OPTS_TRACE,
	{ 'e', "events", "LIST", "trace these system calls only, by name or number" },
	{ OPT_COUNT_ONLY, "count-only", NULL, "trace: count calls, time none: costs a third" },
	{ OPT_SAMPLE, "sample", "N", "events: only every N-th call of each task" },
	{ OPT_LIMIT, "limit", "N", "events: at most N of each task in a second" },
	{ OPT_RING_SIZE, "ring-size", "SIZE", "events: room for those not yet read, a power of two (default 8M)" },
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
		    "  bsys -m call | jq -r 'select(.metric == \"call\") | [.test, .how // .where, .value] | @tsv'\n"
		    "  bsys trace -k comm -d 5s | bagg -m lat -k comm,syscall -f text\n"
		    "  bsys events -e openat,execve -- make 2> make.log | jq -c 'select(.path) | [.comm, .path, .errno]'\n",
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
	bt_table_texts(&t, (const char *[]){ "test", "kernel", "calls", "variants", "one call" });
	for (size_t i = 0; i < BSYS_TESTS; i++) {
		bt_table_row(&t);
		bt_table_cell(&t, 0, "%s", bsys_tests[i]->name);
		bt_table_cell(&t, 1, "%s", bsys_tests[i]->id);
		bt_table_cell(&t, 2, "%u", bsys_tests[i]->calls);
		list_variants(&t, bsys_tests[i]);
		bt_table_cell(&t, 4, "%s", bsys_tests[i]->help);
	}
	for (size_t i = 0; i < LIVE_TESTS; i++) {
		bt_table_texts(&t, (const char *[]){ live_tests[i], "-", "-", "-",
						     i == 0 ? "live: the calls of other processes, summed up" : "live: one record for each call" });
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
		b->live.test = name_of(at);
	}
	for (size_t i = 0; count == 0 && i < BSYS_TESTS; i++)
		add_test(b, bsys_tests[i]);
	if (count == 0 && !b->tool.load.duration_set)
		b->tool.load.duration_ns = QUICK_NS;
	if (!b->live.test && b->live.command)
		bt_die_usage("only trace and events run a COMMAND");
}

static _Noreturn void not_for(const char *option, const char *test)
{
	struct bt_buf reason = BT_BUF_INIT;

	bt_buf_printf(&reason, "--%s: not for %s", option, test);
	bt_die_usage(bt_buf_cstr(&reason));
}

/* What is not said before the trace begins would be a surprise at its end. */
static void check_live(struct bsys *b)
{
	struct bt_buf reason = BT_BUF_INIT;
	const char *conflict = bt_trace_conflict(&b->live.opts, b->live.command);
	bool events = !strcmp(b->live.test, "events");
	char bad[64];

	if (conflict)
		bt_die_usage(conflict);
	if (b->load_given)
		not_for(b->load_given, b->live.test);
	if (events && (b->live.count_only || b->live.opts.keys || b->live.opts.digits))
		not_for(b->live.count_only ? "count-only" : b->live.opts.keys ? "keys" : "digits", "events");
	if (!events && (b->live.sample || b->live.limit || b->live.ring_bytes))
		not_for(b->live.sample ? "sample" : b->live.limit ? "limit" : "ring-size", "trace");
	if (bt_load_unknown(&b->tool.load, bsys_live_metrics, bad)) {
		bt_buf_printf(&reason, "-m, --metrics: no metric of %s is named '%s'", b->live.test, bad);
		bt_die_usage(bt_buf_cstr(&reason));
	}
}

static void take_keys(struct bsys *b, struct bt_opts *o)
{
	static const char *const known[] = { "pid", "tid", "comm", "cgroup", "cpu", NULL };
	char bad[32];

	if (bt_trace_keys(o->arg, known, &b->live.keys, bad) < 0)
		bt_opts_fail(o, "'%s': a list of pid, tid, comm, cgroup, cpu, or none, is accepted", bad);
}

static void take_calls(struct bsys *b, struct bt_opts *o)
{
	char bad[64];

	b->live.calls = o->arg;
	if (bsys_calls_check(o->arg, bad) < 0)
		bt_opts_fail(o, "no system call is named '%s'", bad);
}

static void take_ring_size(struct bsys *b, struct bt_opts *o)
{
	bt_opts_size(o, 4096, 1u << 30, &b->live.ring_bytes);
	if (b->live.ring_bytes & (b->live.ring_bytes - 1))
		bt_opts_fail(o, "'%s': a power of two from 4k to 1G is accepted", o->arg);
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

/* Returns whether it was an option of the load tests, some of which live tests take too. */
static bool take_load_option(struct bsys *b, struct bt_opts *o, int key)
{
	static const char *const places[] = { "both", "same", "cross", NULL };

	switch (key) {
	case 'b': bt_opts_size(o, 1, BYTES_MAX, &b->bytes); break;
	case OPT_CALLS: bt_opts_u64(o, 1, BSYS_CALLS_MAX, &b->calls); break;
	case OPT_FILE: take_file(b, o); break;
	case OPT_WHERE: bt_opts_choice(o, places, &b->where); break;
	default:
		if (!bt_load_option(&b->tool.load, o, key))
			return false;
	}
	if (!b->load_given && !bt_load_option_traces(key))
		b->load_given = o->row->name;
	return true;
}

/* Returns whether it was an option of trace or events. */
static bool take_live_option(struct bsys *b, struct bt_opts *o, int key)
{
	switch (key) {
	case 'e': take_calls(b, o); break;
	case OPT_COUNT_ONLY: b->live.count_only = true; break;
	case OPT_SAMPLE: bt_opts_u64(o, 1, UINT32_MAX, &b->live.sample); break;
	case OPT_LIMIT: bt_opts_u64(o, 1, UINT32_MAX, &b->live.limit); break;
	case OPT_RING_SIZE: take_ring_size(b, o); break;
	default:
		if (!bt_trace_option(&b->live.opts, o, key))
			return false;
		if (key == 'k')
			take_keys(b, o);
	}
	if (!b->live.given)
		b->live.given = o->row->name;
	return true;
}

static void check_load(const struct bsys *b)
{
	if (b->live.given)
		not_for(b->live.given, "load tests, only for trace and events");
	if (b->where == BSYS_CROSS && b->n_distinct < 2)
		bt_die(BT_EXIT_UNABLE, "--where cross needs two CPUs, in -c or allowed to this process; --where same works with one");
	if (b->calls > 1 && b->tool.load.rate > 0)
		bt_die_usage("--calls: an open loop plans single calls");
	bt_loadtool_check(&b->tool);
}

static void take_option(struct bsys *b, struct bt_opts *o, int key)
{
	switch (key) {
	case 'h': bt_show_help(&tool);
	case 'V': bt_show_version(&tool);
	default:
		if (!take_live_option(b, o, key) && !take_load_option(b, o, key))
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
	b->live.command = o.command;
	find_cpus(b);
	choose_tests(b, argv + o.first, o.last - o.first);
	if (b->live.test)
		check_live(b);
	else
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
	b.tool.argv = bt_opts_words(argc, argv);
	bt_err_init(tool.name);
	parse(&b, argc, argv);
	return b.live.test ? bsys_trace(&b) : bt_loadtool_main(&b.tool);
}
