/* SPDX-License-Identifier: ISC
 *
 * tasks - the census of a run and the sources that fill it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "caps.h"
#include "choose.h"
#include "clock.h"
#include "err.h"
#include "sig.h"
#include "tasks.h"

#define LOOK_NS 20000000u     /* how often to look for a process that is waited for */
#define START_SLACK_NS 500000000u /* of what the accounting tells */
#define RING_BYTES (2u << 20) /* 11 000 processes that end between two looks */

static bool there(void *arg, uint32_t place)
{
	const struct tasks *t = arg;

	return kernel_there(t->kernel, place);
}

static void take(void *arg, const struct taskfig *f, uint64_t read_ns)
{
	struct tasks *t = arg;

	bt_census_take(&t->census, f, bsample_live(t->s) ? read_ns : t->s->dump_ns);
}

static void take_end(void *arg, const struct taskfig *f)
{
	struct tasks *t = arg;

	bt_census_end(&t->census, f);
}

/* When a task began is told by the kernel's accounting to a few milliseconds only, so it is taken for the one that is known. */
static void take_stats(void *arg, const struct taskfig *figures)
{
	struct tasks *t = arg;
	struct taskfig f = *figures;
	const struct bt_census_process *p = bt_census_process(&t->census, f.pid);
	uint64_t begun = p ? p->t.now.start_ns : 0;
	bool near = begun < f.start_ns + START_SLACK_NS && f.start_ns < begun + START_SLACK_NS;

	if (p && !p->t.ended && f.tid == f.pid && (near || f.kind == TASKFIG_PROCESS))
		f.start_ns = begun;
	bt_census_end(&t->census, &f);
}

static bool same(void *arg, uint32_t pid, uint64_t run_ns, uint64_t read_ns)
{
	struct tasks *t = arg;

	return bt_census_same(&t->census, pid, run_ns, read_ns);
}

static bool wants(const struct tasks *t, const char *metric, int rank)
{
	return bt_load_wants(&t->s->load, metric) || t->s->proc.rank == rank;
}

/* The files that the metrics need. */
static uint32_t fields(const struct tasks *t)
{
	uint32_t bits = 0;

	if (wants(t, "cpu", PROC_RANK_WAIT))
		bits |= TASKFIG_WAIT;
	if (wants(t, "bw", PROC_RANK_BW) || wants(t, "io", PROC_RANK_IO))
		bits |= TASKFIG_IO;
	if (wants(t, "switches", PROC_RANK_SWITCHES))
		bits |= TASKFIG_SWITCHES;
	return bits;
}

static int open_kernel(struct tasks *t, bool passes, char error[400])
{
	const struct proc_opts *o = &t->s->proc;
	struct kernel_conf conf = {
		.passes = passes, .ends = true, .forks = o->trace.tree || t->s->command, .ring_bytes = RING_BYTES, .attach = o->trace.attach,
		.verbose = t->s->out_opts.verbose,
	};

	conf.pids = choose_numbers(t, &conf.n_pids);
	conf.cgroups = t->members.ids;
	conf.n_cgroups = t->members.n;
	conf.controller = t->members.controller;
	return kernel_open(&t->kernel, &conf, error);
}

/* Whether others' processes are hidden from this user. */
static bool is_hidden(const struct tasks *t)
{
	char *mounts = geteuid() != 0 && bsample_live(t->s) ? bt_src_text(&t->s->src, 1 << 20, "/proc/self/mountinfo") : NULL;
	const char *option = mounts ? strstr(mounts, "hidepid=") : NULL;
	bool hidden = option && strncmp(option, "hidepid=0", 9) != 0 && strncmp(option, "hidepid=off", 11) != 0;

	free(mounts);
	return hidden;
}

/* The kernel's accounting tells of ends as well, to those who may administer the network. */
static int open_stats(struct tasks *t)
{
	int rc;

	t->stats = malloc(sizeof(*t->stats));
	rc = t->stats ? bt_taskstats_open(t->stats, (unsigned)sysconf(_SC_NPROCESSORS_CONF)) : -ENOMEM;
	if (rc == 0)
		rc = bt_control_add(&t->s->control, t->stats->fd);
	if (rc == 0)
		return 0;
	if (t->stats)
		bt_taskstats_close(t->stats);
	free(t->stats);
	t->stats = NULL;
	return rc;
}

static int open_sources(struct tasks *t)
{
	int source = t->s->proc.source, rc = -ENOTSUP;
	bool wanted = source == PROC_SOURCE_BPF || source == PROC_SOURCE_AUTO;
	char error[400] = "";

	if (bsample_live(t->s) && source != PROC_SOURCE_TASKSTATS)
		rc = open_kernel(t, wanted, error);
	if (rc != 0 && source == PROC_SOURCE_BPF) {
		snprintf(t->why, sizeof(t->why), "%s", error[0] ? error : "a dump has no BPF");
		return rc;
	}
	t->by_kernel = rc == 0 && wanted;
	if (rc != 0 && bsample_live(t->s))
		rc = open_stats(t);
	if (rc != 0 && source == PROC_SOURCE_TASKSTATS) {
		snprintf(t->why, sizeof(t->why), "the kernel's accounting: %s%s", strerror(-rc),
			 rc == -EPERM ? "; it needs root, or CAP_NET_ADMIN, outside of namespaces" : "");
		return rc;
	}
	t->no_ends = rc != 0;
	if (t->no_ends && bsample_live(t->s))
		snprintf(t->why, sizeof(t->why), "processes that begin and end between two ticks are not seen: %.120s", error);
	if (is_hidden(t))
		snprintf(t->why, sizeof(t->why), "/proc is mounted with hidepid: only this user's processes are seen%s",
			 t->no_ends ? ", and none that begin and end between two ticks" : "");
	rc = procfs_open(&t->procfs, &t->s->src);
	if (rc != 0)
		snprintf(t->why, sizeof(t->why), "/proc: %s", strerror(-rc));
	return rc;
}

static void set_up(struct tasks *t)
{
	t->census = (struct bt_census)BT_CENSUS_INIT;
	t->census.ends = !t->no_ends;
	t->census.whole = !t->by_kernel;
	t->census.there = t->by_kernel ? there : NULL;
	t->census.there_arg = t;
	t->census.covers = choose_covers;
	t->census.begun = choose_begun;
	t->census.arg = t;
	t->procfs.fields = fields(t);
	t->procfs.processes = true;
	t->procfs.pids = choose_numbers(t, &t->procfs.n_pids);
	t->procfs.same = t->procfs.n_pids ? NULL : same;
}

int tasks_open(struct bsample *s)
{
	struct tasks *t = s->tasks;
	int rc;

	if (t) {
		t->users++;
		return t->failed;
	}
	t = s->tasks = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->s = s;
	t->users = 1;
	t->procfs.dir = -1;
	rc = choose_open(t, s->child.pid > 0 ? (uint32_t)s->child.pid : 0);
	if (rc == 0)
		rc = members_open(&t->members, s->cgroups, s->n_cgroups, bsample_live(s), t->why);
	if (rc == 0)
		rc = open_sources(t);
	set_up(t);
	t->failed = rc;
	return rc;
}

void tasks_close(struct bsample *s)
{
	struct tasks *t = s->tasks;

	if (!t || --t->users > 0)
		return;
	kernel_close(t->kernel);
	if (t->stats)
		bt_taskstats_close(t->stats);
	free(t->stats);
	procfs_close(&t->procfs);
	bt_census_free(&t->census);
	choose_close(t);
	free(t);
	s->tasks = NULL;
}

/* Since boot, sleep included, less CLOCK_MONOTONIC, which stands still meanwhile. The time of a dump is since boot. */
static uint64_t boot_offset(const struct bsample *s)
{
	uint64_t mono = bt_clock_monotonic();
	struct timespec boot;

	if (!bsample_live(s))
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (uint64_t)boot.tv_sec * 1000000000u + (uint64_t)boot.tv_nsec - mono;
}

void proc_drain(struct bsample *s)
{
	struct tasks *t = s->tasks;

	if (t)
		kernel_drain(t->kernel, take_end, t);
	if (t && t->stats)
		bt_taskstats_drain(t->stats, take_stats, t);
}

int tasks_pass(struct bsample *s)
{
	struct tasks *t = s->tasks;
	uint64_t begin_ns = bt_clock_monotonic();

	if (t->tick_ns == s->tick_ns && t->census.pass > 1)
		return t->failed;
	t->tick_ns = s->tick_ns;
	bt_census_begin(&t->census, bsample_now(s), boot_offset(s));
	proc_drain(s);
	t->failed = t->by_kernel ? kernel_pass(t->kernel, take, t) : procfs_pass(&t->procfs, take, t);
	bt_census_finish(&t->census);
	choose_pass(t);
	t->pass_ns = bt_clock_monotonic() - begin_ns;
	return t->failed;
}

bool proc_by_ticks(const struct bsample *s)
{
	return s->tasks && s->tasks->by_kernel;
}

void proc_give_up_privilege(const struct bsample *s)
{
	uint64_t now = 1ull << BT_CAP_BPF | 1ull << BT_CAP_PERFMON | 1ull << BT_CAP_SYS_PTRACE | 1ull << BT_CAP_DAC_READ_SEARCH;
	uint64_t later = (s->out_opts.path ? 1ull << BT_CAP_DAC_OVERRIDE : 0) | (s->command ? 1ull << BT_CAP_KILL : 0);

	if (s->tasks && s->tasks->kernel)
		(void)bt_caps_keep(now, later);
}

/* Those that have gone again count as well: the look after the next one would have shown them. */
static bool appeared(struct bsample *s)
{
	s->tick_ns = bsample_now(s);
	return tasks_pass(s) == 0 && s->tasks->n_chosen > 0;
}

/* Those of -p that are not there, and will not be waited for. Returns whether any is there. */
static bool some_there(struct tasks *t)
{
	size_t missing = 0;

	for (size_t i = 0; i < t->n_pids; i++) {
		if (bt_src_exists(&t->s->src, "/proc/%u", t->pids[i].pid))
			continue;
		bt_warn("no process %u; --wait TIME waits for one", t->pids[i].pid);
		t->pids[i].found = t->pids[i].ended = true;
		missing++;
	}
	return missing == 0 || missing < t->n_pids;
}

bool proc_wait(struct bsample *s)
{
	uint64_t end = bsample_now(s) + s->proc.wait_ns, now;

	if (!s->tasks || !bsample_live(s))
		return true;
	if (!s->proc.wait_ns)
		return some_there(s->tasks);
	while (!appeared(s)) {
		now = bsample_now(s);
		if (bt_sig_caught() || now >= end)
			break;
		bt_control_wait(&s->control, now + LOOK_NS < end ? now + LOOK_NS : end);
	}
	if (s->tasks->n_chosen > 0 || bt_sig_caught())
		return true;
	bt_warn("no such process appeared within %g s", (double)s->proc.wait_ns / 1e9);
	return false;
}

bool proc_over(const struct bsample *s)
{
	const struct tasks *t = s->tasks;

	if (!t || t->n_pids == 0 || s->proc.trace.tree || s->command)
		return false;
	for (size_t i = 0; i < t->n_pids; i++)
		if (!t->pids[i].ended)
			return false;
	return true;
}
