/* SPDX-License-Identifier: ISC
 *
 * members - the processes of control groups.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "members.h"

#define TEXT_MAX (4u << 20) /* of a cgroup.procs: half a million processes */
#define DEPTH_MAX 32

static int refuse(char error[MEMBERS_ERROR], const char *group, int rc)
{
	const char *why = strerror(-rc);

	if (rc == -ENOENT)
		why = "no such control group";
	if (rc == -EXDEV)
		why = "in another hierarchy than the first one";
	if (rc == -ENOTSUP)
		why = "its hierarchy has no controller, so the kernel does not tell whose tasks are in it";
	snprintf(error, MEMBERS_ERROR, "--cgroup %.80s: %s", group, why);
	return rc;
}

/* The directory of a group that is given by its path below the mount point, or as it is. */
static int find(const char *group, char dir[PATH_MAX], struct bt_cgroup_at *at)
{
	static const struct bt_src live = { "" };
	struct bt_cgroup own;
	int rc;

	if (bt_src_copy(dir, PATH_MAX, group) < strlen(group))
		return -ENAMETOOLONG;
	rc = bt_cgroup_at(dir, at);
	if (rc == 0 || rc == -ENOTSUP)
		return rc;
	bt_cgroup_find(&own, &live);
	if (!own.cpu.path[0] || snprintf(dir, PATH_MAX, "%.*s/%s", (int)own.cpu.mount_len, own.cpu.path, group) >= PATH_MAX)
		return -ENOENT;
	return bt_cgroup_at(dir, at);
}

static int add(struct members *m, const char *group, bool live)
{
	struct bt_cgroup_at at = { .v2 = true };
	char dir[PATH_MAX];
	int rc = 0;

	if (m->n == TASKFIG_CGROUPS)
		return -E2BIG;
	if (live)
		rc = find(group, dir, &at);
	else
		bt_src_copy(dir, sizeof(dir), group);
	if (rc == 0 && m->n > 0 && strcmp(m->controller, at.controller) != 0)
		rc = -EXDEV;
	if (rc != 0)
		return rc;
	bt_src_copy(m->controller, sizeof(m->controller), at.controller);
	m->dirs[m->n] = strdup(dir);
	m->ids[m->n] = at.id;
	m->n += m->dirs[m->n] != NULL;
	return m->n > 0 ? 0 : -ENOMEM;
}

int members_open(struct members *m, const char *const *groups, unsigned n, bool live, char error[MEMBERS_ERROR])
{
	for (unsigned i = 0; i < n; i++) {
		int rc = add(m, groups[i], live);

		if (rc != 0)
			return refuse(error, groups[i], rc);
	}
	return 0;
}

/* The numbers of processes, one a line. Those of another PID namespace are 0. */
static void take_list(struct members *m, const char *text)
{
	for (const char *p = text; *p; p += strspn(p, "\n")) {
		unsigned long pid = strtoul(p, NULL, 10);

		if (pid > 0 && pid <= UINT32_MAX)
			(void)bt_idmap_put(&m->pids, (uint32_t)pid, m);
		p += strcspn(p, "\n");
	}
}

static void walk(struct members *m, const struct bt_src *src, const char *dir, unsigned depth)
{
	char path[PATH_MAX], *text = bt_src_text(src, TEXT_MAX, "%s/cgroup.procs", dir);
	struct dirent *e;
	DIR *d;

	if (text)
		take_list(m, text);
	free(text);
	if (depth == 0 || snprintf(path, sizeof(path), "%s%s", src->root, dir) >= (int)sizeof(path))
		return;
	d = opendir(path);
	while (d && (e = readdir(d)))
		if ((e->d_type == DT_DIR || e->d_type == DT_UNKNOWN) && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) < (int)sizeof(path))
			walk(m, src, path, depth - 1);
	if (d)
		closedir(d);
}

void members_read(struct members *m, const struct bt_src *src)
{
	if (m->n == 0)
		return;
	bt_idmap_free(&m->pids);
	for (unsigned i = 0; i < m->n; i++)
		walk(m, src, m->dirs[i], DEPTH_MAX);
}

bool members_have(const struct members *m, uint32_t pid)
{
	return bt_idmap_get(&m->pids, pid) != NULL;
}

void members_close(struct members *m)
{
	for (unsigned i = 0; i < m->n; i++)
		free(m->dirs[i]);
	m->n = 0;
	bt_idmap_free(&m->pids);
}
