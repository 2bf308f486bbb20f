/* SPDX-License-Identifier: ISC
 *
 * proctree - descendants of processes, from /proc/PID/stat.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"
#include "proctree.h"

struct process {
	uint32_t pid, parent;
};

struct processes {
	struct process *list;
	size_t n, cap;
};

/* The fourth field; the second one, the name in parentheses, may hold anything. */
static uint32_t parent_of(const struct bt_src *src, uint32_t pid)
{
	char text[1024], *p, *end;
	uint64_t parent = 0;

	if (bt_src_read(src, text, sizeof(text), "/proc/%u/stat", pid) <= 0)
		return 0;
	p = strrchr(text, ')');
	if (!p || strlen(p) < 4)
		return 0;
	p += 4; /* ") S " */
	end = strchr(p, ' ');
	if (end)
		*end = '\0';
	(void)bt_num_u64(p, 0, UINT32_MAX, &parent);
	return (uint32_t)parent;
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
	all->list[all->n++] = (struct process){ pid, parent };
	return 0;
}

static int read_all(const struct bt_src *src, struct processes *all)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int rc = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc", src->root);
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

/* found grows while it is worked through; each process has one parent, so none comes twice unless it was named. */
static int descend(const struct processes *all, struct processes *found, size_t named, int (*take)(void *arg, uint32_t pid), void *arg)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < found->n; i++) {
		if (i >= named)
			rc = take(arg, found->list[i].pid);
		for (size_t k = 0; rc == 0 && found->n <= all->n + named && k < all->n; k++)
			if (all->list[k].parent == found->list[i].pid)
				rc = add(found, all->list[k].pid, 0);
	}
	return rc;
}

int bt_proctree_each(const struct bt_src *src, const uint32_t *pids, size_t count, int (*take)(void *arg, uint32_t pid), void *arg)
{
	struct processes all = { NULL, 0, 0 }, found = { NULL, 0, 0 };
	int rc = read_all(src, &all);

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = add(&found, pids[i], 0);
	if (rc == 0)
		rc = descend(&all, &found, count, take, arg);
	free(all.list);
	free(found.list);
	return rc;
}
