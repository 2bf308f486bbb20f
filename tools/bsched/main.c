/* SPDX-License-Identifier: ISC
 *
 * bsched - where do tasks wait: load to provoke the scheduler, and tracing of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bsched.h"
#include "err.h"
#include "num.h"
#include "table.h"

#define ROUND_MESSAGES_MAX 1000000u /* a round cannot be interrupted, so it must be over soon */

/* Options that only bsched has. Those of the tracing tests follow. */
enum {
	OPT_FDS = BT_OPT_TOOL, OPT_GROUPS, OPT_LOOPS, OPT_MATRIX, OPT_POLICY, OPT_PRIO, OPT_PROCESS, OPT_WORK, OPT_WORKERS,
	OPT_LAST
};

_Static_assert((int)OPT_LAST < (int)BT_OPT_TREE, "the options of tracing have numbers of their own");

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ 'b', "block-size", "SIZE", "messaging: bytes of a message, 16 to 4k (default 100)" },
	{ 'E', "engine", "ENGINE", "messaging: through socket or pipe (default socket)" },
	{ OPT_FDS, "fds", "N", "messaging: senders, and receivers, of a group (default 20)" },
	{ OPT_GROUPS, "groups", "LIST", "messaging: numbers of groups, one run for each (default 1)" },
	{ OPT_LOOPS, "loops", "N", "messaging: messages from each sender to each receiver in a round (default 10)" },
	{ OPT_MATRIX, "matrix", NULL, "wakeup, pipe: every pair of CPUs" },
	{ OPT_POLICY, "policy", "POLICY", "of the test threads: other, batch, idle, fifo, rr or deadline (default: ours)" },
	{ OPT_PRIO, "prio", "N", "priority of fifo and rr (default 50); nice value of other and batch (default 0)" },
	{ OPT_PROCESS, "process", NULL, "messaging, pipe: processes instead of threads" },
	{ OPT_WORK, "work", "TIME", "wakeup: computation that follows each wake-up, 1us to 100ms (default none)" },
	{ OPT_WORKERS, "workers", "N", "wakeup: workers of each message thread (default 1)" },
	BT_OPTS_TRACE,
	BSCHED_OPTS_LIVE,
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bsched",
	.synopsis = "[options] [TEST ...] [-- COMMAND ...]",
	.purpose = "Shows where tasks wait: provokes the scheduler and times it, or watches it with eBPF.",
	.options = options,
	.examples = "  bsched pipe wakeup | bagg -k test,distance,metric\n"
		    "  bsched -d 10s -r 1000 --policy fifo timer\n"
		    "  bsched runq oncpu -- make -j8 | bagg -k comm,metric\n",
};

/* The tests of the tracing half. */
static const struct {
	const char *name, *help;
} tracing[BSCHED_TRACING] = {
	{ "runq", "time runnable but not running" },
	{ "oncpu", "time of one stint on a CPU" },
	{ "offcpu", "time blocked" },
	{ "switch", "context switches" },
	{ "migrate", "moves between CPUs" },
	{ "wake", "who woke whom" },
	{ "preempt", "who took the CPU from whom" },
};

static bool traces(const char *name)
{
	for (size_t i = 0; i < BSCHED_TRACING; i++)
		if (!strcmp(tracing[i].name, name))
			return true;
	return false;
}

static _Noreturn void list_tests(void)
{
	struct bt_buf text = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 4);
	bt_table_texts(&t, (const char *[]){ "test", "kernel", "what it is", "one operation" });
	for (size_t i = 0; i < BSCHED_TESTS; i++) {
		bt_table_texts(&t, (const char *[]){ bsched_tests[i]->name, bsched_tests[i]->kernel, bsched_tests[i]->help,
						     bsched_tests[i]->operation });
	}
	for (size_t i = 0; i < BSCHED_TRACING; i++) {
		bt_table_texts(&t, (const char *[]){ tracing[i].name, "trace", tracing[i].help, "-" });
	}
	bt_table_text(&t, &text);
	bt_show(&text);
}

static void take_groups(struct bsched *b, struct bt_opts *o)
{
	uint32_t list[BT_LOAD_SCALES_MAX];
	size_t n = 0;

	bt_opts_list(o, BT_LOAD_THREADS_MAX, list, BT_LOAD_SCALES_MAX, &n);
	for (size_t i = 0; i < n; i++)
		if (list[i] == 0)
			bt_opts_fail(o, "%s: 0 groups can do nothing; 1 to %d", o->arg, BT_LOAD_THREADS_MAX);
	if (n == 0)
		return;
	memcpy(b->groups, list, n * sizeof(*list));
	b->n_groups = n;
}

/* A nice value may be negative. */
static void take_prio(struct bsched *b, struct bt_opts *o)
{
	double value = 0;

	bt_opts_f64(o, -20, 99, &value);
	b->policy.prio = (int)value;
	b->policy.prio_set = true;
	if (b->policy.prio != value)
		bt_opts_fail(o, "%s: a whole number is accepted", o->arg);
}

/* Returns whether the option was one of the load tests' own. */
static bool load_option(struct bsched *b, struct bt_opts *o, int key)
{
	static const char *const engines[] = { "socket", "pipe", NULL };

	switch (key) {
	case 'b': bt_opts_size(o, 16, BSCHED_MESSAGE_MAX, &b->message_bytes); break;
	case 'E': bt_opts_choice(o, engines, &b->engine); break;
	case OPT_FDS: bt_opts_u64(o, 1, 100, &b->fds); break;
	case OPT_GROUPS: take_groups(b, o); break;
	case OPT_LOOPS: bt_opts_u64(o, 1, 100000, &b->loops); break;
	case OPT_MATRIX: b->matrix = true; break;
	case OPT_POLICY: b->policy.name = o->arg; break;
	case OPT_PRIO: take_prio(b, o); break;
	case OPT_PROCESS: b->processes = true; break;
	case OPT_WORK: bt_opts_time(o, 1000, 100000000, &b->work_ns); break;
	case OPT_WORKERS: bt_opts_u64(o, 1, 1000, &b->workers); break;
	case 't':
		b->threads_set = true;
		return bt_load_option(&b->tool.load, o, key);
	default: return bt_load_option(&b->tool.load, o, key);
	}
	return true;
}

static const char *name_of(size_t i)
{
	return i < BSCHED_TESTS ? bsched_tests[i]->name : tracing[i - BSCHED_TESTS].name;
}

/* Each name once. */
static void take_names(struct bsched *b, char **names, int count)
{
	bool taken[BSCHED_TESTS + BSCHED_TRACING] = { false };

	for (int i = 0; i < count; i++) {
		size_t at = bt_loadtool_find(names[i], BSCHED_TESTS + BSCHED_TRACING, name_of);

		if (!taken[at])
			b->names[b->n_names++] = name_of(at);
		taken[at] = true;
	}
}

/* Which half the names belong to; ends the program when to both. Without names a command is traced. */
static bool choose_half(struct bsched *b)
{
	static const char *const quick[] = { "runq", "oncpu", "offcpu" };
	size_t traced = 0;

	if (b->n_names == 0 && b->command) {
		memcpy(b->names, quick, sizeof(quick));
		b->n_names = sizeof(quick) / sizeof(quick[0]);
		b->quick = true;
	}
	for (size_t i = 0; i < b->n_names; i++)
		traced += traces(b->names[i]);
	if (traced > 0 && traced < b->n_names)
		bt_die_usage("tracing tests and load tests do not go together; trace a load: bsched runq -- bsched pipe");
	if (traced == 0 && b->command)
		bt_die_usage("a COMMAND is for the tracing tests: runq oncpu offcpu switch migrate wake preempt");
	if (traced > 0)
		bsched_live_check(b);
	else if (b->live.given)
		bt_die_usage("an option of the tracing tests was given, but none of them: runq oncpu offcpu switch migrate wake preempt");
	return traced > 0;
}

static void parse(struct bsched *b, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		switch (key) {
		case 'h':
			bt_show_help(&tool);
		case 'V':
			bt_show_version(&tool);
		default:
			if (!bsched_live_option(b, &o, key) && !load_option(b, &o, key))
				bt_out_option(&b->tool.out_opts, &o, key);
		}
	if (key < 0)
		bt_die_usage(o.error);
	if (b->tool.load.list)
		list_tests();
	b->command = o.command && o.command[0] ? o.command : NULL;
	take_names(b, argv + o.first, o.last - o.first);
	b->tool.src.root = b->tool.load.root;
}

static void settle_cpus(struct bsched *b)
{
	const struct bt_load_opts *l = &b->tool.load;
	int n = bt_cpus_allowed(b->allowed, BT_CPUS_MAX);

	bt_loadtool_check(&b->tool);
	if (n < 0)
		bt_die(BT_EXIT_TROUBLE, "CPUs allowed: %s", strerror(-n));
	b->n_allowed = (size_t)n;
	b->pin = l->n_cpus > 0;
	b->n_cpus = b->pin ? l->n_cpus : b->n_allowed;
	memcpy(b->cpus, b->pin ? l->cpus : b->allowed, b->n_cpus * sizeof(*b->cpus));
}

/* What one option alone does not show to be wrong. */
static void check_options(struct bsched *b)
{
	const char *reason = bsched_policy_settle(&b->policy);
	uint64_t most = 1;

	if (reason)
		bt_die_usage(reason);
	if (bsched_deadline(b) && b->tool.load.n_cpus > 0)
		bt_die_usage("--policy deadline: threads that may run on all CPUs only; not with -c");
	if (b->matrix && b->workers > 1)
		bt_die_usage("--matrix: a pair has one worker; not with --workers");
	if (b->matrix && (b->tool.load.n_threads > 1 || b->tool.load.threads[0] > 1))
		bt_die_usage("--matrix: one pair at a time; not with -t");
	for (size_t i = 0; i < b->n_groups; i++)
		most = b->groups[i] > most ? b->groups[i] : most;
	if (most * b->fds * b->fds * b->loops > ROUND_MESSAGES_MAX)
		bt_die_usage("--groups, --fds, --loops: groups x fds x fds x loops, the messages of a round, may be 1000000 at most");
}

/* Refuse a policy that cannot be had before anything is written. */
static void try_policy(const struct bsched *b)
{
	int rc = bsched_policy_try(b);

	if (rc == 0)
		return;
	if (rc == -EBUSY)
		bt_die(BT_EXIT_UNABLE, "--policy deadline: the kernel has no CPU time left to promise; a lower -r asks for less");
	if (bsched_deadline(b) && rc == -EINVAL)
		bt_die(BT_EXIT_UNABLE, "--policy deadline: the kernel takes periods of 100 us to 4 s by default; -r and -t make another");
	if (bsched_deadline(b))
		bt_die(BT_EXIT_UNABLE, "--policy deadline: needs CAP_SYS_NICE and all CPUs of the machine; other, batch and idle work");
	bt_die(BT_EXIT_UNABLE, "--policy %s --prio %d: needs CAP_SYS_NICE or a higher limit (ulimit -r, -e); %s", b->policy.name,
	       b->policy.prio, "other, batch and idle work without");
}

/* A group of messaging takes two files for each receiver. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void prepare(struct bt_loadtool *t)
{
	struct bsched *b = (struct bsched *)t;

	if (b->work_ns)
		b->work_rounds = bsched_work_calibrate(&t->clock, b->work_ns);
}

static int run_load(struct bsched *b)
{
	check_options(b);
	settle_cpus(b);
	bsched_jobs_make(b);
	try_policy(b);
	raise_file_limit();
	return bt_loadtool_main(&b->tool);
}

int main(int argc, char **argv)
{
	static struct bsched b = {
		.tool = { .resource = "cpu", .resource_is = "the CPUs", .operations = "operations", .metrics = bsched_metrics,
			  .meta = bsched_meta, .adapt = bsched_job_opts, .prepare = prepare, .describe = bsched_describe,
			  .measures = bsched_measures, .load = BT_LOAD_OPTS_INIT },
		.message_bytes = 100, .fds = 20, .loops = 10, .workers = 1, .groups = { 1 }, .n_groups = 1,
	};

	b.tool.name = tool.name;
	b.tool.argc = argc;
	b.tool.argv = bt_opts_words(argc, argv);
	bt_err_init(tool.name);
	parse(&b, argc, argv);
	return choose_half(&b) ? bsched_trace(&b) : run_load(&b);
}
