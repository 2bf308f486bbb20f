/* SPDX-License-Identifier: ISC
 *
 * bcpu - how fast, how steady and how correct are the CPUs.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bcpu.h"
#include "cpus.h"
#include "err.h"
#include "num.h"
#include "sig.h"
#include "table.h"

#define CALIBRATE_NS 50000 /* a rough start: the clock is refined before every run */
#define PLANT_EVERY 10 /* BCPU_PLANT=TEST without a number */

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ 'E', "engine", "ISA", "instruction set of hash and vec: best, portable, or one that -L shows (default best)" },
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bcpu",
	.synopsis = "[options] [TEST ...]",
	.purpose = "Measures how fast, how steady and how correct the CPUs are.",
	.options = options,
	.examples = "  bcpu int hash | bagg\n"
		    "  bcpu -R 5 -t 1,2 int > cpu.ndjson\n"
		    "  bcpu -d 10s -i 1s jitter | jq -c 'select(.metric == \"gap\") | [.ts, .p99, .max]'\n",
};

/* Set when nobody reads our output any more; the engine polls it beside the signals. */
static volatile sig_atomic_t reader_gone;

static int stop(void)
{
	int sig = bt_sig_caught();

	return sig ? sig : reader_gone;
}

static void test_names(struct bt_buf *b)
{
	for (size_t i = 0; bcpu_kernels[i]; i++)
		bt_buf_printf(b, "%s%s", i ? " " : "", bcpu_kernels[i]->name);
}

/* The ways of a kernel, the best first, those that this CPU lacks in parentheses. */
static void isa_names(struct bt_buf *b, const struct bcpu_kernel *kernel)
{
	for (const struct bcpu_isa *isa = kernel->isas; isa->name; isa++) {
		bool usable = !isa->usable || isa->usable();

		bt_buf_printf(b, usable ? "%s%s" : "%s(%s)", isa == kernel->isas ? "" : " ", isa->name);
		if (!isa->usable)
			break;
	}
}

static _Noreturn void list_tests(void)
{
	struct bt_buf text = BT_BUF_INIT, isas = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 5);
	bt_table_row(&t);
	bt_table_cell(&t, 0, "test");
	bt_table_cell(&t, 1, "kernel");
	bt_table_cell(&t, 2, "isa");
	bt_table_cell(&t, 3, "one operation");
	bt_table_cell(&t, 4, "what it is");
	for (size_t i = 0; bcpu_kernels[i]; i++) {
		const struct bcpu_kernel *kernel = bcpu_kernels[i];

		isas.len = 0;
		isa_names(&isas, kernel);
		bt_table_row(&t);
		bt_table_cell(&t, 0, "%s", kernel->name);
		bt_table_cell(&t, 1, "%s", kernel->id);
		bt_table_cell(&t, 2, "%s", bt_buf_cstr(&isas));
		bt_table_cell(&t, 3, "%s", kernel->work);
		bt_table_cell(&t, 4, "%s", kernel->help);
	}
	bt_table_text(&t, &text);
	bt_show(&text);
}

static void add_job(struct bcpu *b, const struct bcpu_kernel *kernel)
{
	for (size_t i = 0; i < b->n_jobs; i++)
		if (b->jobs[i].kernel == kernel)
			return;
	b->jobs[b->n_jobs++].kernel = kernel;
}

static void choose_tests(struct bcpu *b, char **names, int count)
{
	struct bt_buf reason = BT_BUF_INIT;

	for (int i = 0; i < count; i++) {
		const struct bcpu_kernel *kernel = bcpu_find(names[i]);

		if (!kernel) {
			bt_buf_printf(&reason, "unknown test '%.40s'; there are: ", names[i]);
			test_names(&reason);
			bt_die_usage(bt_buf_cstr(&reason));
		}
		add_job(b, kernel);
	}
	for (size_t i = 0; count == 0 && bcpu_kernels[i]; i++)
		add_job(b, bcpu_kernels[i]);
}

static void check_metrics(const struct bcpu *b)
{
	struct bt_buf reason = BT_BUF_INIT;
	char name[64];

	if (!bt_load_unknown(&b->load, bcpu_metrics, name))
		return;
	bt_buf_printf(&reason, "-m, --metrics: no metric is named '%s'; there are:", name);
	for (size_t i = 0; bcpu_metrics[i]; i++)
		bt_buf_printf(&reason, " %s", bcpu_metrics[i]);
	bt_die_usage(bt_buf_cstr(&reason));
}

static void choose_isas(struct bcpu *b)
{
	struct bt_buf reason = BT_BUF_INIT;
	bool any = !strcmp(b->isa, "best") || !strcmp(b->isa, "portable");

	if (!any && !bcpu_has_isa(b->jobs, b->n_jobs, b->isa)) {
		bt_buf_printf(&reason, "-E, --engine: no test chosen has '%.40s'; bcpu -L shows what there is", b->isa);
		bt_die_usage(bt_buf_cstr(&reason));
	}
	for (size_t i = 0; i < b->n_jobs; i++)
		if (bcpu_choose(&b->jobs[i], b->isa) < 0)
			bt_die(BT_EXIT_UNABLE, "this CPU has no %s; without -E the best that it has is used", b->isa);
}

/* BCPU_PLANT=TEST[:N]: every N-th batch of TEST expects a wrong answer. */
static void plant(struct bcpu *b)
{
	const char *text = getenv("BCPU_PLANT"), *colon;
	uint64_t every = PLANT_EVERY;
	size_t len;

	if (!text)
		return;
	colon = strchr(text, ':');
	len = colon ? (size_t)(colon - text) : strlen(text);
	if (colon && bt_num_u64(colon + 1, 1, UINT32_MAX, &every) < 0)
		bt_die_usage("BCPU_PLANT: TEST or TEST:N with N from 1 to 4294967295 is accepted");
	for (size_t i = 0; i < b->n_jobs; i++)
		if (strlen(b->jobs[i].kernel->name) == len && !strncmp(b->jobs[i].kernel->name, text, len))
			b->jobs[i].plant = every;
}

static void check_cpus(const struct bt_load_opts *l)
{
	static uint32_t allowed[BT_CPUS_MAX];
	int count = bt_cpus_allowed(allowed, BT_CPUS_MAX);

	for (size_t i = 0; i < l->n_cpus; i++) {
		int at = 0;

		while (at < count && allowed[at] != l->cpus[i])
			at++;
		if (at >= count)
			bt_die(BT_EXIT_UNABLE, "CPU %u is offline, missing or closed to this process; it may use %d, the first is %u",
			       l->cpus[i], count, allowed[0]);
	}
}

static void parse(struct bcpu *b, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	b->argc = argc;
	b->argv = argv;
	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		switch (key) {
		case 'E':
			b->isa = o.arg;
			break;
		case 'h':
			bt_show_help(&tool);
		case 'V':
			bt_show_version(&tool);
		default:
			if (!bt_load_option(&b->load, &o, key))
				bt_out_option(&b->out_opts, &o, key);
		}
	if (key < 0)
		bt_die_usage(o.error);
	if (b->load.list)
		list_tests();
	check_metrics(b);
	choose_tests(b, argv + o.first, argc - o.first);
	choose_isas(b);
	plant(b);
	check_cpus(&b->load);
	b->src.root = b->load.root;
}

/* Try to take the lock "cpu". Refuses before anything is written, so that an output file stays what it was. */
static int try_lock(struct bcpu *b)
{
	int rc = bt_lock_take(&b->locks, "cpu");

	if (rc == -EAGAIN && b->load.lock == BT_LOCK_FAIL)
		bt_die(BT_EXIT_UNABLE, "another btools run is using the CPUs; --lock wait waits for it");
	return rc;
}

/* What follows from rc of try_lock, now that there is a stream to say it in. */
static void settle_lock(struct bcpu *b, int rc)
{
	if (rc == -EAGAIN && b->load.lock == BT_LOCK_OFF)
		b->taint |= BT_TAINT_SHARED;
	if (b->load.lock == BT_LOCK_OFF)
		return;
	if (rc == -EAGAIN) {
		bt_out_warn(&b->out, "lock-wait", "waiting for another btools run that uses the CPUs");
		rc = bt_lock_wait(&b->locks, "cpu", stop);
	}
	if (rc < 0 && rc != -EINTR) {
		bt_out_warn(&b->out, "lock-unusable", "no lock directory can be used, so other btools runs are not seen");
		bt_warn("lock directory: %s; going on without locks", strerror(-rc));
	}
}

/* Five times a second: progress, and a look at whether the reader of our pipe still lives. */
static void tick(void *arg, uint64_t now_ns)
{
	struct bcpu *b = arg;
	struct pollfd out = { .fd = b->out.file.fd };
	char what[64];

	if (b->out.error || (poll(&out, 1, 0) > 0 && out.revents & POLLERR))
		reader_gone = 1;
	snprintf(what, sizeof(what), "%s x%u  rep %u/%llu", b->job->kernel->name, b->threads, b->rep,
		 (unsigned long long)b->load.repeat);
	bt_progress_show(&b->progress, now_ns, what);
}

static void run_one(struct bcpu *b, struct bcpu_job *job, uint32_t threads, uint32_t rep)
{
	struct bt_load_run run = {
		.ops = bcpu_ops(job), .config = job, .opts = &b->load, .threads = threads, .repetition = rep,
		.clock = &b->clock, .src = &b->src, .taint = b->taint, .stop = stop, .on_interval = bcpu_sample,
		.on_tick = tick, .arg = b,
	};
	int rc;

	b->job = job;
	b->threads = threads;
	b->rep = rep;
	bt_clock_refine(&b->clock);
	rc = bt_load_exec(&run, bcpu_report);
	if (rc < 0) {
		bt_progress_clear(&b->progress);
		bt_warn("%s: a worker failed (%s): %s", job->kernel->name, run.error_in, strerror(-rc));
		b->failed = true;
	}
}

/* All tests with all numbers of threads, then the next repetition, so that a slow drift of the machine hits all alike. */
static void run_all(struct bcpu *b)
{
	bt_progress_init(&b->progress, b->out_opts.quiet, bt_load_total_ns(&b->load, (unsigned)b->n_jobs),
			 bt_clock_now(&b->clock));
	for (uint32_t rep = 1; rep <= b->load.repeat; rep++)
		for (size_t i = 0; i < b->n_jobs; i++)
			for (size_t t = 0; t < b->load.n_threads; t++) {
				if (stop() || b->out.error || b->failed)
					return;
				run_one(b, &b->jobs[i], b->load.threads[t], rep);
			}
}

/* Says how it went in the end record and in the exit status. */
static int finish(struct bcpu *b, uint64_t start_ns)
{
	int sig = bt_sig_caught(), status = b->errors || b->failed ? BT_EXIT_TROUBLE : BT_EXIT_OK, rc;

	bt_lock_release(&b->locks);
	bt_progress_clear(&b->progress);
	bt_out_end(&b->out, status ? "failed" : sig ? "interrupted" : "ok", bt_clock_now(&b->clock) - start_ns, b->errors);
	rc = bt_out_close(&b->out);
	bt_check_output(rc, b->out_opts.path, BT_EXIT_TROUBLE);
	if (sig)
		bt_die_signal(sig);
	return status;
}

int main(int argc, char **argv)
{
	static struct bcpu b = { .load = BT_LOAD_OPTS_INIT, .isa = "best" };
	int rc, locked;
	uint64_t start_ns;

	bt_err_init(tool.name);
	parse(&b, argc, argv);
	bt_sig_init();
	bt_clock_init(&b.clock, CALIBRATE_NS);
	start_ns = bt_clock_now(&b.clock);
	locked = b.load.dry_run ? 0 : try_lock(&b);
	rc = bt_out_open(&b.out, &b.out_opts, tool.name);
	if (rc < 0)
		bt_lock_release(&b.locks);
	bt_check_output(rc, b.out_opts.path, BT_EXIT_USAGE);
	bcpu_meta(&b);
	settle_lock(&b, locked);
	if (!b.load.dry_run)
		run_all(&b);
	return finish(&b, start_ns);
}
