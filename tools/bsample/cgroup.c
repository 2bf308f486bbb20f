/* SPDX-License-Identifier: ISC
 *
 * cgroup - what control groups use and how they are held up: finds them and reads their files. Groups of the same path in several
 * hierarchies of version 1 are one row.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cgroup.h"
#include "cgroupfiles.h"
#include "groups.h"

#define GROUPS_MAX 4096
#define LOOK_NS 1000000000u /* how often to look for new ones */
#define DEPTH_MAX 64

struct member {
	char *path;  /* below the mounts; "/" is the root */
	bool seen;
	struct bt_reread files[CGROUP_FILES]; /* path NULL: not there */
};

struct groups {
	struct bt_cgroup_dir trees[CGROUP_TREES]; /* path cut to the mount point; "": absent */
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
	for (size_t i = 0; i < CGROUP_FILES; i++)
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
	for (size_t i = 0; i < CGROUP_FILES; i++) {
		int rc;

		if (cgroup_files[i].tree != tree || m->files[i].path)
			continue;
		rc = bt_reread_open(&m->files[i], &s->src, "%s%s/%s", q->trees[tree].path, strcmp(m->path, "/") == 0 ? "" : m->path,
				    cgroup_files[i].name);
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
	for (size_t i = 0; i < CGROUP_FILES; i++)
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
	for (unsigned tree = 0; tree < CGROUP_TREES; tree++)
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
	for (unsigned tree = 0; tree < CGROUP_TREES; tree++) {
		struct bt_cgroup_dir *d = &q->trees[tree];

		bt_cgroup_of(d, &s->src, cgroup_controllers[tree]);
		if (tree != CGROUP_V2 && d->v2)
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
	for (unsigned tree = 0; tree < CGROUP_TREES; tree++)
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

	for (size_t i = 0; i < CGROUP_FILES; i++) {
		const char *text = m->files[i].path ? bsample_text(s, t, &m->files[i]) : NULL;

		if (!text)
			continue;
		row = row ? row : bsample_row(t, m->path, strlen(m->path));
		if (!row)
			return;
		cgroup_files[i].take(text, row->now);
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
		bsample_warn(s, "files", "cgroup: no more files can be opened, some figures are left out; %s",
			     "raise ulimit -n, or name groups by --cgroup");
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
	.name = "cgroup", .help = "control groups: CPU, memory, I/O, pressure", .fields = cgroup_fields, .list = true,
	.dims = { { "cgroup", false } },
	.open = open_cgroup, .read = read_cgroup, .close = close_cgroup,
};
