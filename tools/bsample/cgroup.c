/* SPDX-License-Identifier: ISC
 *
 * cgroup - what control groups use and how they are held up, of version 2 and of version 1 (Documentation/admin-guide/cgroup-v2.rst and
 * cgroup-v1/). Groups of the same path in several hierarchies of version 1 are one row.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cgroup.h"
#include "groups.h"

#define GROUPS_MAX 4096
#define LOOK_NS 1000000000u /* how often to look for new ones */
#define DEPTH_MAX 64

enum {
	CPU, USER, SYS, THROTTLED, THROTTLES, MEM, SWAP, OOM, READ_BYTES, WRITE_BYTES, READS, WRITES, TASKS,
	CPU_SOME, CPU_FULL, MEM_SOME, MEM_FULL, IO_SOME, IO_FULL
};

#define STALL(name, which, say) \
	{ .metric = "stall", .unit = "ratio", .dim = "res", .is = name, .dim2 = "how", .is2 = which, .how = BSAMPLE_SHARE, .scale = 1000, \
	  .better = BT_BETTER_LOWER, .help = say }
#define IO(name, op_unit, which, head, say) \
	{ .metric = name, .unit = op_unit, .dim = "op", .is = which, .how = BSAMPLE_RATE, .scale = 1, .column = head, .help = say }

static const struct bsample_field fields[] = {
	[CPU] = { .metric = "cpu", .unit = "ratio", .how = BSAMPLE_SHARE, .scale = 1, .quantum = BSAMPLE_TICK, .column = "cpu",
		  .help = "CPUs used, those of groups below included, like all that follows" },
	[USER] = { .metric = "cpu", .unit = "ratio", .dim = "state", .is = "user", .how = BSAMPLE_SHARE, .scale = 1, .quantum = BSAMPLE_USER_HZ,
		   .help = "in user mode" },
	[SYS] = { .metric = "cpu", .unit = "ratio", .dim = "state", .is = "sys", .how = BSAMPLE_SHARE, .scale = 1, .quantum = BSAMPLE_USER_HZ,
		  .help = "in the kernel" },
	[THROTTLED] = { .metric = "throttled", .unit = "ratio", .how = BSAMPLE_SHARE, .scale = 1, .better = BT_BETTER_LOWER, .column = "thr",
			.help = "time that the quota stopped it, of all its CPUs together" },
	[THROTTLES] = { .metric = "throttles", .unit = "op/s", .how = BSAMPLE_RATE, .scale = 1, .better = BT_BETTER_LOWER,
			.help = "periods in which it did" },
	[MEM] = { .metric = "mem", .unit = "B", .how = BSAMPLE_GAUGE, .scale = 1, .column = "mem", .help = "memory charged to it, caches included" },
	[SWAP] = { .metric = "mem", .unit = "B", .dim = "state", .is = "swap", .how = BSAMPLE_GAUGE, .scale = 1, .help = "swap space (version 2)" },
	[OOM] = { .metric = "oom_kills", .unit = "op/s", .how = BSAMPLE_RATE, .scale = 1, .better = BT_BETTER_LOWER,
		  .help = "processes killed for want of memory" },
	[READ_BYTES] = IO("bw", "B/s", "read", "rd/s", "bytes read from and written to block devices"),
	[WRITE_BYTES] = IO("bw", "B/s", "write", "wr/s", NULL),
	[READS] = IO("iops", "op/s", "read", NULL, "requests to block devices"),
	[WRITES] = IO("iops", "op/s", "write", NULL, NULL),
	[TASKS] = { .metric = "tasks", .unit = "count", .how = BSAMPLE_GAUGE, .scale = 1, .column = "tasks", .help = "threads in it" },
	[CPU_SOME] = STALL("cpu", "some", "time in which some task of it waited for a CPU (version 2)"),
	[CPU_FULL] = STALL("cpu", "full", "and no other one ran"),
	[MEM_SOME] = STALL("memory", "some", "the same for memory"),
	[MEM_FULL] = STALL("memory", "full", NULL),
	[IO_SOME] = STALL("io", "some", "the same for I/O"),
	[IO_FULL] = STALL("io", "full", NULL),
	{ .metric = NULL },
};

/* A line "name N": its number times scale. */
static void take_line(const char *text, const char *name, uint64_t scale, uint64_t *out)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = bsample_line(line)) {
		const char *p = line + len;

		if (strncmp(line, name, len) != 0 || *p != ' ' || !bsample_u64(&p, out))
			continue;
		if (*out != BSAMPLE_NONE)
			*out *= scale;
		return;
	}
}

static void take_cpu_stat(const char *text, uint64_t *now)
{
	take_line(text, "usage_usec", 1000, &now[CPU]);
	take_line(text, "user_usec", 1000, &now[USER]);
	take_line(text, "system_usec", 1000, &now[SYS]);
	take_line(text, "throttled_usec", 1000, &now[THROTTLED]);
	take_line(text, "nr_throttled", 1, &now[THROTTLES]);
}

static void take_cpu_stat_v1(const char *text, uint64_t *now)
{
	take_line(text, "throttled_time", 1, &now[THROTTLED]);
	take_line(text, "nr_throttled", 1, &now[THROTTLES]);
}

/* In the unit of /proc/stat. */
static void take_cpuacct_stat(const char *text, uint64_t *now)
{
	take_line(text, "user", 10000000, &now[USER]);
	take_line(text, "system", 10000000, &now[SYS]);
}

static void take_cpuacct_usage(const char *text, uint64_t *now)
{
	bsample_u64(&text, &now[CPU]);
}

static void take_mem(const char *text, uint64_t *now)
{
	bsample_u64(&text, &now[MEM]);
}

static void take_swap(const char *text, uint64_t *now)
{
	bsample_u64(&text, &now[SWAP]);
}

static void take_oom(const char *text, uint64_t *now)
{
	take_line(text, "oom_kill", 1, &now[OOM]);
}

static void take_tasks(const char *text, uint64_t *now)
{
	bsample_u64(&text, &now[TASKS]);
}

static void add_to(uint64_t *sum, const char *number)
{
	uint64_t v;

	if (bsample_u64(&number, &v))
		*sum = *sum == BSAMPLE_NONE ? v : *sum + v;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" for each device. A group that did nothing has no line. */
static void take_io(const char *text, uint64_t *now)
{
	static const struct { const char *name; unsigned field; } words[] = {
		{ " rbytes=", READ_BYTES }, { " wbytes=", WRITE_BYTES }, { " rios=", READS }, { " wios=", WRITES },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		now[words[i].field] = 0;
		for (const char *p = text; (p = strstr(p, words[i].name)); ) {
			p += strlen(words[i].name);
			add_to(&now[words[i].field], p);
		}
	}
}

/* "8:0 Read 1", and a sum of each device and of all, which are not called Read or Write. */
static void take_blkio(const char *text, uint64_t *reads, uint64_t *writes)
{
	*reads = *writes = 0;
	for (const char *line = text; line; line = bsample_line(line)) {
		const char *op = line + strcspn(line, " \n");

		if (strncmp(op, " Read ", 6) == 0)
			add_to(reads, op + 6);
		if (strncmp(op, " Write ", 7) == 0)
			add_to(writes, op + 7);
	}
}

static void take_blkio_bytes(const char *text, uint64_t *now)
{
	take_blkio(text, &now[READ_BYTES], &now[WRITE_BYTES]);
}

static void take_blkio_ops(const char *text, uint64_t *now)
{
	take_blkio(text, &now[READS], &now[WRITES]);
}

static void take_stall(const char *text, uint64_t *now, unsigned some, unsigned full)
{
	now[some] = bsample_psi_total(text, "some");
	now[full] = bsample_psi_total(text, "full");
}

static void take_cpu_stall(const char *text, uint64_t *now)
{
	take_stall(text, now, CPU_SOME, CPU_FULL);
}

static void take_mem_stall(const char *text, uint64_t *now)
{
	take_stall(text, now, MEM_SOME, MEM_FULL);
}

static void take_io_stall(const char *text, uint64_t *now)
{
	take_stall(text, now, IO_SOME, IO_FULL);
}

/* The hierarchies, and the files of a group in each. */
enum { V2, V1_CPU, V1_CPUACCT, V1_MEMORY, V1_BLKIO, V1_PIDS, TREES };
static const char *const controllers[TREES] = { "", "cpu", "cpuacct", "memory", "blkio", "pids" };

static const struct {
	unsigned tree;
	const char *name;
	void (*take)(const char *text, uint64_t *now);
} files[] = {
	{ V2, "cpu.stat", take_cpu_stat }, { V2, "memory.current", take_mem }, { V2, "memory.swap.current", take_swap },
	{ V2, "memory.events", take_oom }, { V2, "io.stat", take_io }, { V2, "pids.current", take_tasks },
	{ V2, "cpu.pressure", take_cpu_stall }, { V2, "memory.pressure", take_mem_stall }, { V2, "io.pressure", take_io_stall },
	{ V1_CPU, "cpu.stat", take_cpu_stat_v1 }, { V1_CPUACCT, "cpuacct.usage", take_cpuacct_usage },
	{ V1_CPUACCT, "cpuacct.stat", take_cpuacct_stat }, { V1_MEMORY, "memory.usage_in_bytes", take_mem },
	{ V1_MEMORY, "memory.oom_control", take_oom }, { V1_BLKIO, "blkio.throttle.io_service_bytes", take_blkio_bytes },
	{ V1_BLKIO, "blkio.throttle.io_serviced", take_blkio_ops }, { V1_PIDS, "pids.current", take_tasks },
};
#define FILES (sizeof(files) / sizeof(files[0]))

struct member {
	char *path;  /* below the mounts; "/" is the root */
	bool seen;
	struct bt_reread files[FILES]; /* path NULL: not there */
};

struct groups {
	struct bt_cgroup_dir trees[TREES]; /* path cut to the mount point; "": absent */
	struct member *list[GROUPS_MAX];
	size_t n;
	bool too_many, no_files, said; /* some are left out; said once */
	uint64_t looked_ns;
	const char *root;
};

static struct member *find_member(struct groups *q, const char *path)
{
	struct member *found;

	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->list[i]->path, path) == 0)
			return q->list[i];
	found = q->n < GROUPS_MAX ? calloc(1, sizeof(*found)) : NULL;
	q->too_many |= !found;
	if (!found)
		return NULL;
	for (size_t i = 0; i < FILES; i++)
		found->files[i].fd = -1;
	found->path = strdup(path);
	if (!found->path) {
		free(found);
		return NULL;
	}
	q->list[q->n++] = found;
	return found;
}

static void open_member(struct bsample *s, struct groups *q, struct member *m, unsigned tree)
{
	for (size_t i = 0; i < FILES; i++) {
		int rc;

		if (files[i].tree != tree || m->files[i].path)
			continue;
		rc = bt_reread_open(&m->files[i], &s->src, "%s%s/%s", q->trees[tree].path, strcmp(m->path, "/") == 0 ? "" : m->path,
				    files[i].name);
		q->no_files |= rc == -EMFILE || rc == -ENFILE;
		if (rc < 0)
			bt_reread_close(&m->files[i]);
	}
}

/* The group of that path, and those below it to the depth. */
static void walk(struct bsample *s, struct groups *q, unsigned tree, const char *path, uint64_t depth)
{
	char dir[4096], below[4096];
	struct member *m;
	struct dirent *e;
	DIR *d;

	if (snprintf(dir, sizeof(dir), "%s%s", q->trees[tree].path, path) >= (int)sizeof(dir) || !(d = bsample_opendir(s, dir)))
		return;
	m = find_member(q, path);
	if (m) {
		m->seen = true;
		open_member(s, q, m, tree);
	}
	while (m && depth > 0 && (e = readdir(d))) {
		if ((e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) || strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", strcmp(path, "/") == 0 ? "" : path, e->d_name) < (int)sizeof(below))
			walk(s, q, tree, below, depth - 1);
	}
	closedir(d);
}

/* A path as the user gives it: a directory below a mount point, or already what is below. */
static const char *below_mount(const struct groups *q, unsigned tree, const char *given)
{
	size_t len = strlen(q->trees[tree].path);

	if (strncmp(given, q->trees[tree].path, len) == 0 && (given[len] == '/' || given[len] == '\0'))
		return given[len] ? given + len : "/";
	return given;
}

static void free_member(struct member *m)
{
	for (size_t i = 0; i < FILES; i++)
		bt_reread_close(&m->files[i]);
	free(m->path);
	free(m);
}

static int by_path(const void *a, const void *b)
{
	const struct member *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static void walk_tree(struct bsample *s, struct groups *q, unsigned tree)
{
	char path[4096];

	if (s->n_cgroups == 0)
		walk(s, q, tree, "/", s->depth_set ? s->depth : 1);
	for (unsigned i = 0; i < s->n_cgroups; i++) {
		const char *below = below_mount(q, tree, s->cgroups[i]);
		int len = snprintf(path, sizeof(path), "%s%s", below[0] == '/' ? "" : "/", below);

		while (len > 1 && len < (int)sizeof(path) && path[len - 1] == '/')
			path[--len] = '\0';
		walk(s, q, tree, path, s->depth);
	}
}

static void look(struct bsample *s, struct groups *q)
{
	size_t kept = 0;

	q->looked_ns = bsample_now(s);
	q->root = s->src.root;
	for (size_t i = 0; i < q->n; i++)
		q->list[i]->seen = false;
	for (unsigned tree = 0; tree < TREES; tree++)
		if (q->trees[tree].path[0])
			walk_tree(s, q, tree);
	for (size_t i = 0; i < q->n; i++) {
		if (q->list[i]->seen)
			q->list[kept++] = q->list[i];
		else
			free_member(q->list[i]);
	}
	q->n = kept;
	qsort(q->list, q->n, sizeof(q->list[0]), by_path);
}

/* In hybrid mode a controller lives in one hierarchy, and bt_cgroup_of() prefers version 1. */
static void find_trees(struct bsample *s, struct groups *q)
{
	for (unsigned tree = 0; tree < TREES; tree++) {
		struct bt_cgroup_dir *d = &q->trees[tree];

		bt_cgroup_of(d, &s->src, controllers[tree]);
		if (tree != V2 && d->v2)
			d->path[0] = '\0';
		d->path[d->path[0] ? d->mount_len : 0] = '\0';
	}
}

static int open_cgroup(struct bsample *s, struct bsample_table *t)
{
	struct groups *q = calloc(1, sizeof(*q));
	bool any = false;

	t->state = q;
	if (!q)
		return -ENOMEM;
	find_trees(s, q);
	for (unsigned tree = 0; tree < TREES; tree++)
		any |= q->trees[tree].path[0];
	if (!any) {
		bsample_missing(t, "no hierarchy of control groups is mounted");
		return -ENOENT;
	}
	bsample_more_files();
	look(s, q);
	if (q->n == 0)
		bsample_missing(t, "no control group of that name yet");
	return 0;
}

static void read_member(struct bsample *s, struct bsample_table *t, struct member *m)
{
	struct bsample_row *row = NULL;

	for (size_t i = 0; i < FILES; i++) {
		const char *text = m->files[i].path ? bsample_text(s, t, &m->files[i]) : NULL;

		if (!text)
			continue;
		row = row ? row : bsample_row(t, m->path, strlen(m->path));
		if (!row)
			return;
		files[i].take(text, row->now);
	}
	if (row)
		bsample_row_dim(row, 0, m->path, strlen(m->path));
}

static void say_left_out(struct bsample *s, struct groups *q)
{
	if (q->said)
		return;
	q->said = q->too_many || q->no_files;
	if (q->too_many)
		bsample_warn(s, "groups", "cgroup: more than %d control groups; the rest is left out", GROUPS_MAX);
	if (q->no_files)
		bsample_warn(s, "files", "cgroup: no more files can be opened, some figures are left out; raise ulimit -n, or name groups by --cgroup");
}

static int read_cgroup(struct bsample *s, struct bsample_table *t)
{
	struct groups *q = t->state;

	if (bsample_now(s) - q->looked_ns >= LOOK_NS || q->root != s->src.root)
		look(s, q);
	say_left_out(s, q);
	for (size_t i = 0; i < q->n; i++)
		read_member(s, t, q->list[i]);
	return 0;
}

static void close_cgroup(struct bsample_table *t)
{
	struct groups *q = t->state;

	for (size_t i = 0; q && i < q->n; i++)
		free_member(q->list[i]);
	free(q);
}

const struct bsample_group bsample_cgroup = {
	.name = "cgroup", .help = "control groups: CPU, memory, I/O, pressure", .fields = fields, .list = true, .dims = { { "cgroup", false } },
	.open = open_cgroup, .read = read_cgroup, .close = close_cgroup,
};
