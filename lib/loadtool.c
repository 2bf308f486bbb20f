/* SPDX-License-Identifier: ISC
 *
 * loadtool - what every load tool is beside its tests.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"
#include "err.h"
#include "loadrec.h"
#include "loadtool.h"
#include "num.h"
#include "sig.h"

#define CALIBRATE_NS 50000 /* a rough start: the clock is refined before every run */

/* Set when nobody reads our output any more; the engine polls it beside the signals. */
static volatile sig_atomic_t reader_gone;

int bt_loadtool_stop(void)
{
	int sig = bt_sig_caught();

	return sig ? sig : reader_gone;
}

size_t bt_loadtool_find(const char *name, size_t count, const char *(*name_of)(size_t i))
{
	struct bt_buf reason = BT_BUF_INIT;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(name_of(i), name))
			return i;
	bt_buf_printf(&reason, "unknown test '%.40s'; there are: ", name);
	for (size_t i = 0; i < count; i++)
		bt_buf_printf(&reason, "%s%s", i ? " " : "", name_of(i));
	bt_die_usage(bt_buf_cstr(&reason));
}

static void check_metrics(const struct bt_loadtool *t)
{
	struct bt_buf reason = BT_BUF_INIT;
	char name[64];

	if (!bt_load_unknown(&t->load, t->metrics, name))
		return;
	bt_buf_printf(&reason, "-m, --metrics: no metric is named '%s'; there are:", name);
	for (size_t i = 0; t->metrics[i]; i++)
		bt_buf_printf(&reason, " %s", t->metrics[i]);
	bt_die_usage(bt_buf_cstr(&reason));
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

void bt_loadtool_check(const struct bt_loadtool *t)
{
	check_metrics(t);
	check_cpus(&t->load);
}

uint64_t bt_loadtool_plant(const char *variable, const char *test)
{
	const char *text = getenv(variable), *colon;
	uint64_t every = BT_PLANT_EVERY;
	struct bt_buf reason = BT_BUF_INIT;
	size_t len;

	if (!text)
		return 0;
	colon = strchr(text, ':');
	len = colon ? (size_t)(colon - text) : strlen(text);
	if (colon && bt_num_u64(colon + 1, 1, UINT32_MAX, &every) < 0) {
		bt_buf_printf(&reason, "%s: TEST or TEST:N with N from 1 to 4294967295 is accepted", variable);
		bt_die_usage(bt_buf_cstr(&reason));
	}
	return strlen(test) == len && !strncmp(test, text, len) ? every : 0;
}

/* Try to take the lock. Refuses before anything is written, so that an output file stays what it was. */
static int try_lock(struct bt_loadtool *t)
{
	int rc = bt_lock_take(&t->locks, t->resource);

	if (rc == 0 && t->also)
		rc = bt_lock_take(&t->locks, t->also);
	if (rc == -EAGAIN && t->load.lock == BT_LOCK_FAIL)
		bt_die(BT_EXIT_UNABLE, "another btools run is using %s; --lock wait waits for it", t->resource_is);
	return rc;
}

/* What follows from rc of try_lock, now that there is a stream to say it in. */
static void settle_lock(struct bt_loadtool *t, int rc)
{
	char text[128];

	if (rc == -EAGAIN && t->load.lock == BT_LOCK_OFF)
		t->taint |= BT_TAINT_SHARED;
	if (t->load.lock == BT_LOCK_OFF)
		return;
	if (rc == -EAGAIN) {
		snprintf(text, sizeof(text), "waiting for another btools run that uses %s", t->resource_is);
		bt_out_warn(&t->out, "lock-wait", text);
		rc = bt_lock_wait(&t->locks, t->resource, bt_loadtool_stop);
		if (rc == 0 && t->also)
			rc = bt_lock_wait(&t->locks, t->also, bt_loadtool_stop);
	}
	if (rc < 0 && rc != -EINTR) {
		bt_out_warn(&t->out, "lock-unusable", "no lock directory can be used, so other btools runs are not seen");
		bt_warn("lock directory: %s; going on without locks", strerror(-rc));
	}
}

/* Five times a second: progress, a look at whether the reader of our pipe still lives, and the tool's own. */
static void tick(void *arg, uint64_t now_ns)
{
	struct bt_loadtool *t = arg;
	struct pollfd out = { .fd = t->out.file.fd };
	char what[64];

	if (t->out.error || (poll(&out, 1, 0) > 0 && out.revents & POLLERR))
		reader_gone = 1;
	snprintf(what, sizeof(what), "%s x%u  rep %u/%llu", t->job->test, t->threads, t->rep, (unsigned long long)t->load.repeat);
	bt_progress_show(&t->progress, now_ns, what);
	if (t->pulse)
		t->pulse(t, now_ns);
}

static bool enough(void *arg)
{
	struct bt_loadtool *t = arg;

	return t->enough(t);
}

static int started(void *arg)
{
	struct bt_loadtool *t = arg;

	return t->started(t);
}

static int over(void *arg)
{
	struct bt_loadtool *t = arg;

	return t->over(t);
}

static void say_failure(struct bt_loadtool *t, const struct bt_load_run *run)
{
	bt_progress_clear(&t->progress);
	if (t->failure)
		t->failure(t, run->error, run->error_in);
	else
		bt_warn("%s: a worker failed (%s): %s", t->job->test, run->error_in, strerror(-run->error));
}

/* Returns 0 or -errno; what was wrong has been said. */
static int try_one(struct bt_loadtool *t, struct bt_load_job *job, uint32_t threads, uint32_t rep)
{
	struct bt_load_run run = {
		.ops = job->ops, .config = job->config, .opts = t->opts, .threads = threads, .repetition = rep, .sleeps = job->sleeps,
		.clock = &t->clock, .src = &t->src, .taint = t->taint, .stop = bt_loadtool_stop, .on_interval = bt_loadrec_sample,
		.on_tick = tick, .enough = t->enough ? enough : NULL, .on_start = t->started ? started : NULL,
		.on_over = t->over ? over : NULL, .arg = t,
	};
	int rc;

	t->threads = threads;
	t->rep = rep;
	rc = t->before ? t->before(t) : 0;
	if (rc == 0) {
		bt_clock_refine(&t->clock);
		rc = bt_load_exec(&run, bt_loadrec_report);
		if (rc < 0)
			say_failure(t, &run);
	}
	if (t->after)
		t->after(t);
	return rc;
}

static void run_one(struct bt_loadtool *t, struct bt_load_job *job, uint32_t threads, uint32_t rep)
{
	while (try_one(t, job, threads, rep) < 0) {
		if (bt_loadtool_stop() || !t->again || !t->again(t)) {
			t->failed = !bt_loadtool_stop();
			return;
		}
	}
}

static bool going_on(const struct bt_loadtool *t)
{
	return !bt_loadtool_stop() && !t->out.error && !t->failed;
}

static void run_job(struct bt_loadtool *t, struct bt_load_job *job, uint32_t rep)
{
	t->job = job;
	t->opts = t->adapt ? t->adapt(t, job) : &t->load;
	for (size_t k = 0; k < t->opts->n_threads && going_on(t); k++)
		run_one(t, job, t->opts->threads[k], rep);
}

/* All tests with all numbers of threads, then the next repetition, so that a slow drift of the machine hits all alike. */
static void run_all(struct bt_loadtool *t)
{
	if (t->prepare)
		t->prepare(t);
	bt_progress_init(&t->progress, t->out_opts.quiet, bt_load_total_ns(&t->load, (unsigned)t->n_jobs),
			 bt_clock_now(&t->clock));
	for (uint32_t rep = 1; rep <= t->load.repeat; rep++)
		for (size_t i = 0; i < t->n_jobs && going_on(t); i++)
			run_job(t, &t->jobs[i], rep);
}

/* Says how it went in the end record and in the exit status. */
static int finish(struct bt_loadtool *t, uint64_t start_ns)
{
	int sig = bt_sig_caught(), status = t->errors || t->failed ? BT_EXIT_TROUBLE : BT_EXIT_OK, rc;

	if (t->failed && t->fail_status)
		status = t->fail_status;
	bt_lock_release(&t->locks);
	bt_progress_clear(&t->progress);
	bt_out_end(&t->out, status ? "failed" : sig ? "interrupted" : "ok", bt_clock_now(&t->clock) - start_ns, t->errors);
	rc = bt_out_close(&t->out);
	bt_check_output(rc, t->out_opts.path, BT_EXIT_TROUBLE);
	if (sig)
		bt_die_signal(sig);
	return status;
}

int bt_loadtool_main(struct bt_loadtool *t)
{
	int rc, locked;
	uint64_t start_ns;

	t->src.root = t->load.root;
	bt_sig_init();
	bt_clock_init(&t->clock, CALIBRATE_NS);
	start_ns = bt_clock_now(&t->clock);
	locked = t->load.dry_run ? 0 : try_lock(t);
	rc = bt_out_open(&t->out, &t->out_opts, t->name);
	if (rc < 0)
		bt_lock_release(&t->locks);
	bt_check_output(rc, t->out_opts.path, BT_EXIT_USAGE);
	bt_loadrec_meta(t);
	settle_lock(t, locked);
	if (!t->load.dry_run)
		run_all(t);
	return finish(t, start_ns);
}
