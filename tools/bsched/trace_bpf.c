/* SPDX-License-Identifier: ISC
 *
 * trace_bpf - the tracing tests: sets the BPF programs up and makes records of what they have counted. Single long intervals are
 * in longest_bpf.c, stacks in stacks_bpf.c and folded_bpf.c.
 */
#include <errno.h>
#include <string.h>

#include "err.h"
#include "live_bpf.h"
#include "sysnames.h"

#define PLAIN_GROUPS (BSCHED_TRACED * BSCHED_HOWS)
#define RING_BYTES (1u << 20)
#define STACKS 16384u

const char *const bsched_live_metrics[] = {
	"runq", "oncpu", "offcpu", "switches", "migrations", "wakeups", "preemptions", "odd", BT_TRACETOOL_METRICS,
	BSCHED_PROC_METRICS, NULL
};

static const char *const test_names[BSCHED_TRACED] = { "runq", "oncpu", "offcpu", "switch", "migrate", "wake", "preempt" };
static const char *const metric_names[BSCHED_TRACED] = {
	"runq", "oncpu", "offcpu", "switches", "migrations", "wakeups", "preemptions"
};

const char *bsched_how_name(uint32_t what)
{
	static const char *const names[BSCHED_TRACED][BSCHED_HOWS] = {
		[BSCHED_RUNQ] = { "woken", "preempted", "new", "unwoken" },
		[BSCHED_ONCPU] = { "slept", "preempted", "yielded", "exited" },
		[BSCHED_SWITCH] = { "voluntary", "involuntary", "idle", "excluded" },
	};

	return what / BSCHED_HOWS < BSCHED_TRACED ? names[what / BSCHED_HOWS][what % BSCHED_HOWS] : NULL;
}

/* Letters as in ps(1), for the bits of include/linux/sched.h that a sleeping task can have. */
const char *bsched_state_name(uint32_t state, char room[16])
{
	static const struct {
		uint32_t bit;
		const char *name;
	} states[] = {
		{ 0x0400, "I" }, /* TASK_NOLOAD with UNINTERRUPTIBLE: idle kernel thread */
		{ 0x0001, "S" }, { 0x0002, "D" }, { 0x0004, "T" }, { 0x0008, "t" }, { 0x0040, "P" }, { 0x0080, "X" }, { 0x8000, "F" },
		{ 0x1000, "D" }, /* TASK_RTLOCK_WAIT */
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (state & states[i].bit)
			return states[i].name;
	snprintf(room, 16, "0x%x", state);
	return room;
}

void bsched_call_record(struct bt_rec *r, uint32_t call, char room[16])
{
	enum bt_abi abi;
	const char *name;

	if (call == 0)
		return;
	abi = (enum bt_abi)((call - 1) / BSCHED_CALLS);
	name = bt_sysname(abi, (call - 1) % BSCHED_CALLS);
	if (!name)
		snprintf(room, 16, "%u", (call - 1) % BSCHED_CALLS);
	bt_rec_str(r, "syscall", name ? name : room);
	bt_rec_str(r, "abi", bt_abi_name(abi));
}

static uint32_t test_bits(const struct bsched *b)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < b->n_names; i++)
		for (unsigned k = 0; k < BSCHED_TRACED; k++)
			if (!strcmp(b->names[i], test_names[k]))
				bits |= 1u << k;
	return bits;
}

static bool has(uint32_t tests, unsigned test)
{
	return tests >> test & 1;
}

static struct bpf_object_skeleton *open_programs(struct bt_tracetool *t, struct trace_conf **conf)
{
	struct bsched_session *s = t->arg;
	struct bsched_conf *own;

	s->skel = bsched_bpf__open();
	if (!s->skel)
		return NULL;
	*conf = (struct trace_conf *)&s->skel->rodata->conf;
	own = (struct bsched_conf *)&s->skel->rodata->bconf;
	own->tests = s->tests;
	own->stacks = (uint32_t)s->live->stack; /* the same bits */
	own->min_ns = s->live->min_ns;
	s->classic = t->tracer.attach == BT_ATTACH_CLASSIC;
	s->pair_keys = s->live->keys ? s->live->keys : s->classic ? TRACE_KEY_TID : TRACE_KEY_COMM;
	own->pair_keys = s->pair_keys;
	bpf_map__set_max_entries(s->skel->maps.ring, s->live->min_ns ? RING_BYTES : 4096);
	bpf_map__set_max_entries(s->skel->maps.stacks, s->live->stack ? STACKS : 1);
	return s->skel->skeleton;
}

static int programs_loaded(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;
	int rc = 0;

	t->tracer.running = &s->skel->bss->running;
	t->tracer.lost = (const volatile struct trace_lost *)&s->skel->bss->lost;
	s->names.mount = t->tracer.cgroup_mount;
	t->groups.major = BSCHED_HOWS;
	if (s->live->min_ns)
		rc = bsched_longest_open(t);
	return rc == 0 && s->live->stack ? bsched_stacks_open(t) : rc;
}

static void add_meta(struct bt_tracetool *t, struct bt_rec *r)
{
	const struct bsched_session *s = t->arg;

	if (s->live->opts.keys)
		bt_rec_str(r, "keys", s->live->opts.keys);
	if (s->live->min_ns)
		bt_rec_f64(r, "min", (double)s->live->min_ns / 1e9);
}

/* The other task of a pair, under names that begin with what it did. */
static void add_other(struct bt_rec *r, const struct trace_key *key, uint32_t keys, bool waker)
{
	if (keys & TRACE_KEY_PID)
		bt_rec_u64(r, waker ? "waker_pid" : "by_pid", key->other_pid);
	if (keys & TRACE_KEY_TID)
		bt_rec_u64(r, waker ? "waker_tid" : "by_tid", key->other_tid);
	if (keys & TRACE_KEY_COMM)
		bt_tracerec_comm(r, waker ? "waker_comm" : "by_comm", key->other_comm);
}

static void add_sleep(struct bt_rec *r, const struct trace_key *key, char room[2][16])
{
	bt_rec_str(r, "state", bsched_state_name(key->more, room[0]));
	bsched_call_record(r, key->other_tid, room[1]);
}

/* Room for what the values of a record point to. */
struct words {
	char sleep[2][16], stack[BSCHED_SHOWN + 8];
};

/* Everything that tells this group apart. */
static void add_dimensions(struct bt_tracetool *t, struct bt_rec *r, const struct trace_key *key, struct words *w)
{
	struct bsched_session *s = t->arg;
	unsigned test = key->what / BSCHED_HOWS;

	if (bsched_how_name(key->what))
		bt_rec_str(r, "how", bsched_how_name(key->what));
	if (test == BSCHED_OFFCPU)
		add_sleep(r, key, w->sleep);
	if (test == BSCHED_PREEMPT && !s->classic)
		bt_rec_bool(r, "same_cgroup", key->what % BSCHED_HOWS == BSCHED_SAME_CGROUP);
	if (test == BSCHED_WAKE || test == BSCHED_PREEMPT) {
		bt_tracerec_key(r, key, s->pair_keys, &s->names);
		add_other(r, key, s->pair_keys, test == BSCHED_WAKE);
		return;
	}
	if (test == BSCHED_MIGRATE && s->live->keys & TRACE_KEY_CPU) {
		bt_tracerec_key(r, key, s->live->keys & ~TRACE_KEY_CPU, &s->names);
		bt_rec_u64(r, "from", key->cpu);
		bt_rec_u64(r, "to", key->more);
		return;
	}
	/* Switches from the idle task and our own have no other key. */
	if (test != BSCHED_SWITCH || key->what % BSCHED_HOWS < BSCHED_IDLE)
		bt_tracerec_key(r, key, s->live->keys, &s->names);
	if (s->live->stack)
		bsched_stack_record(s, r, key, w->stack);
}

static void show_group(void *arg, const struct bt_trace_view *v)
{
	struct bt_tracetool *t = arg;
	struct bsched_session *s = t->arg;
	unsigned test = v->key->what / BSCHED_HOWS;
	struct words w;
	struct bt_rec r;

	if (test >= BSCHED_TRACED)
		return;
	bt_tracetool_start(t, &r, test_names[test]);
	add_dimensions(t, &r, v->key, &w);
	if (v->hist->n > 0) {
		bt_rec_dist(&r, metric_names[test], "ns", test == BSCHED_ONCPU ? BT_BETTER_NONE : BT_BETTER_LOWER, v->hist);
		bt_tracerec_max(&r, &v->max, t->wall_us);
	} else {
		bt_rec_count(&r, metric_names[test], "count", BT_BETTER_NONE, v->extra[BSCHED_COUNT]);
	}
	bt_tracetool_emit(t, &r);
	if (t->kind != BT_KIND_RESULT)
		return;
	s->matched += v->hist->n + v->extra[BSCHED_COUNT];
	bsched_folded_add(s, v->key, (uint64_t)v->hist->sum);
}

static void show(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;
	int rc;

	if (s->live->stack)
		bsched_stacks_read(t);
	rc = bt_trace_groups_show(&t->groups, t->kind == BT_KIND_RESULT, BSCHED_COUNT, show_group, t);
	if (rc < 0)
		bt_warn("reading what was counted: %s", strerror(-rc));
}

/* struct trace_task of bpf/bsched.bpf.c begins so. */
struct task {
	uint32_t tid;
	uint16_t flags, seen;
	struct taskstate state;
};

#define DOINGS (TASKSTATE_NEW + 1) /* enum taskstate_what */

static void count_doing(const struct bt_tracetool *t, const struct task *task, uint64_t counts[DOINGS])
{
	if (task->tid && task->seen == (uint16_t)t->tracer.beginnings && task->state.what < DOINGS)
		counts[task->state.what]++;
}

/* Those that had no place in the table. */
static void count_elsewhere(const struct bt_tracetool *t, uint64_t counts[DOINGS])
{
	const struct bpf_map *map = ((const struct bsched_session *)t->arg)->skel->maps.more_tasks;
	_Alignas(struct task) char task[512];
	uint32_t tid = 0, next;

	if (bpf_map__value_size(map) > sizeof(task))
		return;
	for (bool first = true; bpf_map_get_next_key(bpf_map__fd(map), first ? NULL : &tid, &next) == 0; first = false) {
		tid = next;
		if (bpf_map_lookup_elem(bpf_map__fd(map), &tid, task) == 0)
			count_doing(t, (const struct task *)task, counts);
	}
}

/* Tasks whose interval has not ended: what they do now is in no figure. */
static void count_in_flight(struct bt_tracetool *t)
{
	static const char *const names[DOINGS] = { "unknown", "oncpu", "offcpu", "woken", "preempted", "new" };
	uint64_t counts[DOINGS] = { 0 };

	for (uint32_t i = 0; i < t->tracer.conf->n_tasks; i++)
		count_doing(t, (const struct task *)(t->tracer.tasks + i * t->tracer.task_bytes), counts);
	count_elsewhere(t, counts);
	for (unsigned i = TASKSTATE_RUNNING; i < DOINGS; i++)
		bt_tracetool_count(t, "in_flight", "how", names[i], counts[i]);
}

static void summary(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;
	const volatile uint64_t *odd = s->skel->bss->bsched_lost.odd;

	bt_tracetool_count(t, "matched", NULL, NULL, s->matched);
	bt_tracetool_count(t, "unmatched", "how", "first", odd[TASKSTATE_BEGAN]);
	bt_tracetool_count(t, "unmatched", "how", "missed", odd[TASKSTATE_MISSED]);
	count_in_flight(t);
	bt_tracetool_count(t, "odd", "how", "repeated", odd[TASKSTATE_REPEATED]);
	bt_tracetool_count(t, "odd", "how", "unwoken", odd[TASKSTATE_UNWOKEN]);
	if (s->live->stack)
		bt_tracetool_count(t, "lost", "cause", "stacks", s->skel->bss->bsched_lost.stacks);
	if (s->live->min_ns)
		bsched_longest_lost(t);
}

/* Only what the tests need; the first four follow numbers and names. */
static void choose_programs(const char *programs[10], uint32_t tests, const struct bsched *b)
{
	bool switches = tests & ~(1u << BSCHED_MIGRATE | 1u << BSCHED_WAKE);
	bool tree = b->command || b->live.opts.tree;
	unsigned n = 0;

	if (tree)
		programs[n++] = "fork";
	programs[n++] = "exec";
	if (b->live.opts.n_allow || b->live.opts.n_deny || b->live.keys)
		programs[n++] = "rename";
	if (b->live.opts.n_pids || !switches)
		programs[n++] = "exit";
	if (switches)
		programs[n++] = "sched_switch";
	if (has(tests, BSCHED_RUNQ) || has(tests, BSCHED_OFFCPU) || has(tests, BSCHED_WAKE)) {
		programs[n++] = "sched_waking";
		programs[n++] = "sched_wakeup_new";
	}
	if (has(tests, BSCHED_MIGRATE))
		programs[n++] = "sched_migrate_task";
	programs[n] = NULL;
}

/* What a classic tracepoint does not tell of the task that is not the current one. */
static void check_classic(const struct bsched *b)
{
	const struct bt_trace_opts *o = &b->live.opts;

	if (o->attach == BT_ATTACH_CLASSIC && ((b->live.keys & ~(TRACE_KEY_TID | TRACE_KEY_CPU)) || o->n_allow || o->n_deny || o->cgroup))
		bt_die(BT_EXIT_UNABLE, "--attach classic knows tasks by their number only: "
		       "it can group by tid and cpu, and trace -p or a COMMAND");
}

static uint32_t choose_keys(const struct bsched_session *s)
{
	bool several = has(s->tests, BSCHED_OFFCPU) || has(s->tests, BSCHED_WAKE) || has(s->tests, BSCHED_PREEMPT);

	return s->live->keys | (several ? TRACE_KEY_SYSCALL : 0u) | (s->live->stack ? TRACE_KEY_STACK : 0u);
}

static void join_names(const struct bsched *b, struct bt_buf *out)
{
	for (size_t i = 0; i < b->n_names; i++)
		bt_buf_printf(out, "%s%s", i ? "," : "", b->names[i]);
}

int bsched_trace(struct bsched *b)
{
	static struct bsched_session s = { .names = BT_CGROUPNAMES_INIT, .folded = BT_BUF_INIT };
	static struct bt_tracer probe = BT_TRACER_INIT;
	static struct bt_tracetool t;
	const struct bt_src src = { b->tool.load.root };
	struct bt_buf tests = BT_BUF_INIT;
	const char *programs[10];
	int status;

	libbpf_set_print(NULL);
	if (b->live.opts.attach == BT_ATTACH_AUTO && bt_tracer_probe(&probe, &src, BT_ATTACH_AUTO) != 0)
		return bsched_proc(b, probe.error);
	check_classic(b);
	s.live = &b->live;
	s.tests = test_bits(b);
	choose_programs(programs, s.tests, b);
	join_names(b, &tests);
	t = (struct bt_tracetool){
		.name = b->tool.name, .test = "trace", .tests = bt_buf_cstr(&tests), .load = &b->tool.load, .opts = &b->live.opts,
		.out_opts = &b->tool.out_opts, .argc = b->tool.argc, .argv = b->tool.argv, .command = b->command,
		.programs = programs, .keys = choose_keys(&s),
		.size = { .plain_groups = PLAIN_GROUPS, .buckets = s.tests & (1u << BSCHED_RUNQ | 1u << BSCHED_ONCPU | 1u << BSCHED_OFFCPU),
			  .digits = 2, .irqs_off = true },
		.open = open_programs, .loaded = programs_loaded, .meta = add_meta, .show = show, .summary = summary, .ring_fd = -1,
		.drain = b->live.min_ns ? bsched_longest_drain : NULL, .tick = b->live.stack ? bsched_stacks_read : NULL,
		.last = b->live.folded ? bsched_folded_write : NULL, .arg = &s,
	};
	bsched_folded_open(&s);
	status = bt_tracetool_main(&t);
	ring_buffer__free(s.ring);
	bsched_folded_close(&s);
	bsched_stacks_close(&s);
	bt_cgroupnames_free(&s.names);
	bsched_bpf__destroy(s.skel);
	bt_buf_free(&tests);
	return status;
}
