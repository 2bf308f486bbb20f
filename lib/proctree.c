/* SPDX-License-Identifier: ISC
 *
 * proctree - descendants of processes, from /proc/PID/stat.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"
#include "procstat.h"
#include "proctree.h"

struct process {
	uint32_t pid, parent;
	bool taken;
};

struct processes {
	struct process *list; /* by parent once sorted */
	size_t n, cap;
};

/* Those whose children are to be looked for. */
struct queue {
	uint32_t *pids;
	size_t n;
};

static uint32_t parent_of(const struct bt_src *src, uint32_t pid)
{
	uint64_t parent = 0;

	return bt_procstat_read(src, pid, BT_PROCSTAT_PARENT, &parent) == 0 && parent <= UINT32_MAX ? (uint32_t)parent : 0;
}

static int add(struct processes *all, uint32_t pid, uint32_t parent)
{
	if (all->n == all->cap) {
		size_t cap = all->cap ? all->cap * 2 : 256;
		struct process *grown = reallocarray(all->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		all->list = grown;
		all->cap = cap;
	}
	all->list[all->n++] = (struct process){ pid, parent, false };
	return 0;
}

static int read_all(const struct bt_src *src, struct processes *all)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int rc = 0;
	DIR *dir;

	if (snprintf(path, sizeof(path), "%s/proc", src->root) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (rc == 0 && (entry = readdir(dir))) {
		uint64_t pid;

		if (bt_num_u64(entry->d_name, 1, UINT32_MAX, &pid) == 0)
			rc = add(all, (uint32_t)pid, parent_of(src, (uint32_t)pid));
	}
	closedir(dir);
	return rc;
}

static int by_parent(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* The place of the first one with that parent, if there is any. */
static size_t first_child(const struct processes *all, uint32_t parent)
{
	size_t low = 0, high = all->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all->list[middle].parent < parent)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* q grows while it is worked through. Each process is taken once, even if fixtures have two parents in a circle. */
static int descend(struct processes *all, struct queue *q, int (*take)(void *arg, uint32_t pid), void *arg)
{
	int rc = 0;

	for (size_t i = 0; i < q->n; i++)
		for (size_t k = first_child(all, q->pids[i]); rc == 0 && k < all->n && all->list[k].parent == q->pids[i]; k++) {
			if (all->list[k].taken)
				continue;
			all->list[k].taken = true;
			q->pids[q->n++] = all->list[k].pid;
			rc = take(arg, all->list[k].pid);
		}
	return rc;
}

int bt_proctree_each(const struct bt_src *src, const uint32_t *pids, size_t count, int (*take)(void *arg, uint32_t pid), void *arg)
{
	struct processes all = { NULL, 0, 0 };
	struct queue q = { NULL, count };
	int rc = read_all(src, &all);

	if (rc == 0 && all.n > 0 && count > 0) {
		qsort(all.list, all.n, sizeof(*all.list), by_parent);
		q.pids = calloc(all.n + count, sizeof(*q.pids));
		rc = q.pids ? 0 : -ENOMEM;
	}
	if (q.pids) {
		memcpy(q.pids, pids, count * sizeof(*pids));
		rc = descend(&all, &q, take, arg);
	}
	free(all.list);
	free(q.pids);
	return rc;
}
