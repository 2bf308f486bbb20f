/* SPDX-License-Identifier: ISC
 *
 * proc - the groups proc and thread: what processes and threads use and do.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "caps.h"
#include "choose.h"
#include "groups.h"
#include "taskfold.h"

#define BEST_MAX PROC_TOP_MAX

/* Fields of both groups, then those of processes alone. */
enum {
	CPU, USER, SYS, WAIT, MINOR, MAJOR, READ, WRITE, READ_CHARS, WRITE_CHARS, VOLUNTARY, INVOLUNTARY, SHARED,
	RSS = SHARED, PSS, THREADS, FDS
};

#define STATE(name, is_exact, head, say) \
	{ .metric = "cpu", .unit = "ratio", .dim = "state", .is = name, .how = BSAMPLE_SHARE, .scale = 1, .quantum = is_exact, \
	  .column = head, .help = say }
#define RATE(what, in, key, name, head, say) \
	{ .metric = what, .unit = in, .dim = key, .is = name, .how = BSAMPLE_RATE, .scale = 1, .column = head, .help = say }
#define GAUGE(what, in, head, say) { .metric = what, .unit = in, .how = BSAMPLE_GAUGE, .scale = 1, .column = head, .help = say }

#define SHARED_FIELDS \
	{ .metric = "cpu", .unit = "ratio", .how = BSAMPLE_SHARE, .scale = 1, .quantum = BSAMPLE_TASK, .column = "cpu", \
	  .help = "CPU used, 1 is one CPU" }, \
	STATE("user", BSAMPLE_TASK, "usr", "in user mode"), \
	STATE("sys", BSAMPLE_TASK, "sys", "in the kernel"), \
	STATE("wait", BSAMPLE_EXACT, "wait", "ready to run, but waiting for a CPU: of each thread, so more than 1 is possible"), \
	RATE("faults", "op/s", "how", "minor", NULL, "page faults without I/O"), \
	RATE("faults", "op/s", "how", "major", "majflt", "page faults that read from storage"), \
	RATE("bw", "B/s", "op", "read", "rd", "read from storage"), \
	RATE("bw", "B/s", "op", "write", "wr", "written to storage, or to be"), \
	RATE("io", "B/s", "op", "read", NULL, "given by read(2) and the like: from caches, pipes and sockets too"), \
	RATE("io", "B/s", "op", "write", NULL, "taken by write(2) and the like"), \
	RATE("switches", "op/s", "how", "voluntary", "vcs", "the CPU was given up: it had to wait for something"), \
	RATE("switches", "op/s", "how", "involuntary", "ics", "the CPU was taken away")

static const struct bsample_field process_fields[] = {
	SHARED_FIELDS,
	GAUGE("rss", "B", "rss", "memory in use, as the kernel counts it without looking"),
	GAUGE("pss", "B", NULL, "the same with a share of what is shared; slow, with -m alone"),
	GAUGE("threads", "count", "thr", "threads"),
	GAUGE("fds", "count", "fds", "open descriptors"),
	{ .metric = NULL },
};

static const struct bsample_field thread_fields[] = {
	SHARED_FIELDS,
	{ .metric = NULL },
};

static uint64_t known(const struct taskfig *f, uint32_t bit, uint64_t value)
{
	return f->known & bit ? value : BSAMPLE_NONE;
}

static void put(uint64_t *numbers, const struct taskfig *f)
{
	numbers[CPU] = known(f, TASKFIG_CPU, bt_taskfold_cpu(f));
	numbers[USER] = known(f, TASKFIG_CPU, f->user_ns);
	numbers[SYS] = known(f, TASKFIG_CPU, f->sys_ns);
	numbers[WAIT] = known(f, TASKFIG_WAIT, f->wait_ns);
	numbers[MINOR] = known(f, TASKFIG_FAULTS, f->minor);
	numbers[MAJOR] = known(f, TASKFIG_FAULTS, f->major);
	numbers[READ] = known(f, TASKFIG_IO, f->read_bytes);
	numbers[WRITE] = known(f, TASKFIG_IO, f->write_bytes);
	numbers[READ_CHARS] = known(f, TASKFIG_IO, f->read_chars);
	numbers[WRITE_CHARS] = known(f, TASKFIG_IO, f->write_chars);
	numbers[VOLUNTARY] = known(f, TASKFIG_SWITCHES, f->voluntary);
	numbers[INVOLUNTARY] = known(f, TASKFIG_SWITCHES, f->involuntary);
}

/* A row for the task, with the numbers of both passes. The census knows what they were; the row may be new in this one. */
static struct bsample_row *put_row(struct bsample_table *t, const struct bt_census *c, const struct bt_census_task *task)
{
	struct bsample_row *row;
	char key[48], start[24], number[16];
	int len = snprintf(key, sizeof(key), "%u %llu", task->now.tid, (unsigned long long)task->now.start_ns / 10000000);

	row = bsample_row(t, key, (size_t)len);
	if (!row)
		return NULL;
	put(row->now, &task->now);
	memset(row->was, 0xff, t->n_fields * sizeof(*row->was));
	put(row->was, bt_census_was(c, task));
	row->had = task->had;
	row->read_ns = task->read_ns;
	row->was_ns = task->was_ns;
	bsample_row_dim(row, 0, number, (size_t)snprintf(number, sizeof(number), "%u", task->now.pid));
	bsample_row_dim(row, 1, task->now.comm, strnlen(task->now.comm, sizeof(task->now.comm)));
	bsample_row_dim(row, 2, start, (size_t)snprintf(start, sizeof(start), "%llu", (unsigned long long)task->now.start_ns / 10000000));
	if (t->group == &bsample_thread)
		bsample_row_dim(row, 3, number, (size_t)snprintf(number, sizeof(number), "%u", task->now.tid));
	return row;
}

/* What is no sum, and of processes alone. It is read for those that are shown only. */
static void put_gauges(struct bsample *s, const struct bt_census_task *task, struct bsample_row *row)
{
	struct procfs *p = &s->tasks->procfs;
	uint64_t n;

	if (task->ended)
		return;
	row->now[RSS] = known(&task->now, TASKFIG_RSS, task->now.rss_bytes);
	row->now[THREADS] = known(&task->now, TASKFIG_THREADS, task->now.threads);
	if (bt_load_wants(&s->load, "fds") && procfs_fds(p, task->now.pid, &n) == 0)
		row->now[FDS] = n;
	if (s->load.metrics && bt_load_wants(&s->load, "pss") && procfs_pss(p, task->now.pid, &n) == 0)
		row->now[PSS] = n;
}

/* The best of those offered, by rank: the highest first. */
struct best {
	const struct bt_census_task **list;
	uint64_t *ranks;
	size_t n, most;
};

static void offer(struct best *b, const struct bt_census_task *task, uint64_t rank)
{
	size_t i;

	if (b->n == b->most && (b->n == 0 || rank <= b->ranks[b->n - 1]))
		return;
	b->n += b->n < b->most;
	for (i = b->n - 1; i > 0 && b->ranks[i - 1] < rank; i--) {
		b->ranks[i] = b->ranks[i - 1];
		b->list[i] = b->list[i - 1];
	}
	b->ranks[i] = rank;
	b->list[i] = task;
}

static size_t most_shown(const struct bsample *s)
{
	if (s->proc.top_set)
		return s->proc.top;
	return proc_chooses(&s->proc, s->n_cgroups, s->command) ? 0 : 10;
}

static void show_task(struct bsample *s, struct bsample_table *t, const struct bt_census_task *task)
{
	struct bsample_row *row = put_row(t, &s->tasks->census, task);

	if (row && t->group == &bsample_proc)
		put_gauges(s, task, row);
}

/* All tasks of the group that are wanted, or the best of them. */
static void each_task(struct bsample *s, struct bsample_table *t, struct best *b, const struct bt_census_task *task)
{
	uint64_t rank;

	if (!bt_census_shown(&s->tasks->census, task))
		return;
	if (b->most == 0) {
		show_task(s, t, task);
		return;
	}
	rank = choose_rank(s->tasks, task);
	if (rank > 0)
		offer(b, task, rank);
}

static int read_tasks(struct bsample *s, struct bsample_table *t)
{
	const struct bt_census_task *list[BEST_MAX];
	uint64_t ranks[BEST_MAX];
	struct best b = { list, ranks, 0, most_shown(s) };
	int rc = tasks_pass(s);

	for (size_t i = 0; i < s->tasks->n_chosen; i++) {
		struct bt_census_process *p = s->tasks->chosen[i];

		if (t->group == &bsample_proc)
			each_task(s, t, &b, &p->t);
		else
			for (struct bt_census_thread *thread = p->threads; thread; thread = thread->next)
				each_task(s, t, &b, &thread->t);
	}
	for (size_t i = 0; i < b.n; i++)
		show_task(s, t, b.list[i]);
	return rc;
}

static void add_end(struct bt_rec *r, const struct taskfig *f)
{
	bt_rec_u64(r, "pid", f->pid);
	bt_rec_text(r, "comm", f->comm, strnlen(f->comm, sizeof(f->comm)));
	bt_rec_u64(r, "start", f->start_ns / 10000000);
	bt_rec_u64(r, "ppid", f->ppid);
	if (f->ns_pid && f->ns_pid != f->pid)
		bt_rec_u64(r, "ns_pid", f->ns_pid);
	if (WIFSIGNALED((int)f->exit_code))
		bt_rec_u64(r, "signal", (uint64_t)WTERMSIG((int)f->exit_code));
	else
		bt_rec_u64(r, "status", (uint64_t)WEXITSTATUS((int)f->exit_code));
	bt_rec_u64(r, "user_ns", f->user_ns);
	bt_rec_u64(r, "sys_ns", f->sys_ns);
	bt_rec_u64(r, "rss_max", f->rss_bytes);
	bt_rec_u64(r, "minor", f->minor);
	bt_rec_u64(r, "major", f->major);
	bt_rec_u64(r, "voluntary", f->voluntary);
	bt_rec_u64(r, "involuntary", f->involuntary);
	if (!(f->known & TASKFIG_IO))
		return;
	bt_rec_u64(r, "read_bytes", f->read_bytes);
	bt_rec_u64(r, "write_bytes", f->write_bytes);
	bt_rec_u64(r, "read_chars", f->read_chars);
	bt_rec_u64(r, "write_chars", f->write_chars);
}

/* The end of a process, with all that it has used. */
static void emit_end(struct bsample *s, const struct bt_census_process *p)
{
	const struct taskfig *f = &p->t.now;
	struct bt_rec r;

	bsample_start(s, &r, BT_KIND_EVENT, "proc", p->t.read_ns, 0);
	add_end(&r, f);
	bt_rec_count(&r, "life", "ns", BT_BETTER_NONE, f->end_ns > f->start_ns ? f->end_ns - f->start_ns : 0);
	bsample_emit(s, &r);
}

static void emit_count(struct bsample *s, enum bt_kind kind, const char *metric, const char *name, const char *value,
		       uint64_t count)
{
	struct bt_rec r;

	bsample_start(s, &r, kind, "proc", s->tick_ns, s->tick_ns - (kind == BT_KIND_RESULT ? s->start_ns : s->last_ns));
	if (name)
		bt_rec_str(&r, name, value);
	bt_rec_count(&r, metric, "count", BT_BETTER_NONE, count);
	bsample_emit(s, &r);
}

/* Once for each file that may not be read. */
static void say_refused(struct bsample *s)
{
	struct tasks *t = s->tasks;
	uint32_t fresh = t->procfs.refused & ~t->refused_said;
	const char *needs = bt_caps_have(bt_caps_effective(), BT_CAP_SYS_PTRACE) ? "" : "; that needs root, or CAP_SYS_PTRACE";

	t->refused_said |= fresh;
	if (fresh & TASKFIG_IO)
		bsample_warn(s, "refused", "proc: what some processes read and write may not be seen%s", needs);
	if (fresh & ~(uint32_t)TASKFIG_IO)
		bsample_warn(s, "refused", "proc: some figures of some processes may not be seen%s", needs);
}

static void emit_ends(struct bsample *s, struct bsample_table *t)
{
	uint64_t ended = 0;
	struct bt_rec r;

	say_refused(s);
	for (size_t i = 0; s->proc.n_open && i < t->n; i++)
		openfiles_emit(s, t->rows[i]);
	for (size_t i = 0; i < s->tasks->n_chosen; i++)
		if (s->tasks->chosen[i]->t.ended) {
			emit_end(s, s->tasks->chosen[i]);
			ended++;
		}
	if (bsample_live(s)) {
		bsample_start(s, &r, BT_KIND_SAMPLE, "proc", s->tick_ns, 0);
		bt_rec_count(&r, "pass", "ns", BT_BETTER_LOWER, s->tasks->pass_ns);
		bsample_emit(s, &r);
	}
	if (!s->tasks->no_ends)
		emit_count(s, BT_KIND_SAMPLE, "ends", NULL, NULL, ended);
}

static void finish_tasks(struct bsample *s, struct bsample_table *t)
{
	(void)t;
	emit_count(s, BT_KIND_RESULT, "lost", "cause", "ring",
		   kernel_lost(s->tasks->kernel) + (s->tasks->stats ? s->tasks->stats->lost : 0));
	emit_count(s, BT_KIND_RESULT, "lost", "cause", "unseen", s->tasks->census.unseen);
	emit_count(s, BT_KIND_RESULT, "lost", "cause", "memory", s->tasks->census.lost);
}

static void tell_source(const struct bsample *s, const struct bsample_table *t, struct bt_rec *r)
{
	(void)t;
	bt_rec_str(r, "source", s->tasks->by_kernel ? "bpf" : "procfs");
	if (s->tasks->kernel)
		bt_rec_str(r, "attach", kernel_attach(s->tasks->kernel));
	bt_rec_str(r, "ends", s->tasks->kernel ? "bpf" : s->tasks->stats ? "taskstats" : "none");
}

static int open_tasks(struct bsample *s, struct bsample_table *t)
{
	int rc = tasks_open(s);

	t->state = s;
	if (s->tasks && s->tasks->users == 1)
		bsample_missing(t, "%s", s->tasks->why);
	if (s->tasks && t->group == &bsample_thread)
		s->tasks->procfs.threads = true;
	return rc;
}

static void close_tasks(struct bsample_table *t)
{
	if (t->state)
		tasks_close(t->state);
}

static const char *const also[] = { "life", "open", "ends", "pass", "lost", NULL };

const struct bsample_group bsample_proc = {
	.name = "proc", .help = "processes: CPU, waiting, memory, faults, I/O, switches", .fields = process_fields, .list = true,
	.dims = { { "pid", true }, { "comm", false }, { "start", true } },
	.also = also, .open = open_tasks, .read = read_tasks, .emit = emit_ends, .meta = tell_source, .finish = finish_tasks,
	.close = close_tasks,
};

const struct bsample_group bsample_thread = {
	.name = "thread", .help = "threads: CPU, waiting, faults, I/O, switches", .fields = thread_fields, .list = true,
	.dims = { { "pid", true }, { "comm", false }, { "start", true }, { "tid", true } },
	.open = open_tasks, .read = read_tasks, .close = close_tasks,
};
