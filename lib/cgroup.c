/* SPDX-License-Identifier: ISC
 *
 * cgroup - where control groups are, our own one and that of a directory: version 1, version 2, or both.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup.h"

#define TEXT_MAX 262144 /* bytes read of mountinfo; hosts of many containers have long ones */

/* Whether the comma list of len bytes holds word. */
static bool list_has(const char *list, size_t len, const char *word)
{
	size_t word_len = strlen(word), n;
	const char *end = list + len;

	for (; list < end; list += n + 1) {
		const char *comma = memchr(list, ',', (size_t)(end - list));

		n = (size_t)((comma ? comma : end) - list);
		if (n == word_len && memcmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* The path in a line "ID:CONTROLLERS:PATH" of /proc/self/cgroup; version 2 is the line whose controllers are empty. */
static bool own_path(const char *text, const char *controller, char *out, size_t cap)
{
	const char *line, *list, *path;
	size_t len;

	for (line = text; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		list = memchr(line, ':', len);
		path = list ? memchr(list + 1, ':', len - (size_t)(list + 1 - line)) : NULL;
		if (!path || path[1] != '/' || (size_t)(line + len - path) > cap)
			continue;
		list++;
		if (*controller ? !list_has(list, (size_t)(path - list), controller) : path != list)
			continue;
		path++;
		memcpy(out, path, (size_t)(line + len - path));
		out[line + len - path] = '\0';
		return true;
	}
	return false;
}

/* Blank, tab, newline and backslash come as \040 and so on (fs/proc_namespace.c, mangle). */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* Words of a line of mountinfo: 36 35 DEVICE ROOT POINT OPTIONS [TAGS...] - TYPE SOURCE SUPER_OPTIONS. */
struct mount {
	char *device, *root, *point, *type, *options;
};

static bool split_mount(char *line, struct mount *m)
{
	char *word, *save, *tail = strstr(line, " - ");
	unsigned i;

	if (!tail)
		return false;
	*tail = '\0';
	memset(m, 0, sizeof(*m));
	for (i = 0, word = strtok_r(line, " ", &save); word && i < 5; i++, word = strtok_r(NULL, " ", &save)) {
		if (i == 2)
			m->device = word;
		if (i == 3)
			m->root = word;
		if (i == 4)
			m->point = word;
	}
	m->type = strtok_r(tail + 3, " ", &save);
	strtok_r(NULL, " ", &save);
	m->options = strtok_r(NULL, " ", &save);
	if (!m->point || !m->options)
		return false;
	unescape(m->root);
	unescape(m->point);
	return true;
}

/* A container may see only a subtree: the mount's root is then the beginning of our path as the host sees it. A path that
 * does not begin so, or that leads out of our namespace ("/.."), is answered with the mount point. */
static void join(struct bt_cgroup_dir *d, const struct mount *m, const char *path)
{
	size_t root = strcmp(m->root, "/") == 0 ? 0 : strlen(m->root), len;

	if (strncmp(path, m->root, root) == 0 && (path[root] == '/' || path[root] == '\0'))
		path += root;
	else
		path = "";
	if (strcmp(path, "/") == 0 || strstr(path, "/.."))
		path = "";
	d->path[0] = '\0';
	d->mount_len = strlen(m->point);
	len = strlen(path);
	if (d->mount_len + len >= sizeof(d->path) || strstr(m->point, "/.."))
		return;
	memcpy(d->path, m->point, d->mount_len);
	memcpy(d->path + d->mount_len, path, len + 1);
}

/* What one mount tells about the controller's directory. Version 1 wins: a controller lives in one hierarchy only, and
 * version 2 shows its directories even for controllers that it does not have. */
static void take_mount(struct bt_cgroup_dir *d, const struct mount *m, const char *own, const char *controller)
{
	bool v2 = strcmp(m->type, "cgroup2") == 0;
	char path[sizeof(d->path)];

	if (d->path[0] && (v2 || !d->v2))
		return;
	if (!v2 && !list_has(m->options, strlen(m->options), controller))
		return;
	if (!own_path(own, v2 ? "" : controller, path, sizeof(path)))
		return;
	d->v2 = v2;
	join(d, m, path);
}

void bt_cgroup_find(struct bt_cgroup *c, const struct bt_src *src)
{
	char *mounts = bt_src_text(src, TEXT_MAX, "/proc/self/mountinfo"), *own = NULL, *line, *save;
	bool v1 = false, v2 = false;
	struct mount m;

	memset(c, 0, sizeof(*c));
	if (mounts)
		own = bt_src_text(src, TEXT_MAX, "/proc/self/cgroup");
	if (!own) {
		free(mounts);
		return;
	}
	for (line = strtok_r(mounts, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strstr(line, " - cgroup") || !split_mount(line, &m))
			continue;
		if (strcmp(m.type, "cgroup") != 0 && strcmp(m.type, "cgroup2") != 0)
			continue;
		v1 |= m.type[6] == '\0';
		v2 |= m.type[6] != '\0';
		take_mount(&c->cpu, &m, own, "cpu");
		take_mount(&c->memory, &m, own, "memory");
	}
	bt_src_copy(c->mode, sizeof(c->mode), v1 && v2 ? "hybrid" : v2 ? "v2" : v1 ? "v1" : "");
	free(own);
	free(mounts);
}

void bt_cgroup_of(struct bt_cgroup_dir *d, const struct bt_src *src, const char *controller)
{
	char *mounts = bt_src_text(src, TEXT_MAX, "/proc/self/mountinfo"), *own = NULL, *line, *save;
	struct mount m;

	memset(d, 0, sizeof(*d));
	if (mounts)
		own = bt_src_text(src, TEXT_MAX, "/proc/self/cgroup");
	for (line = own ? strtok_r(mounts, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		if (!strstr(line, " - cgroup") || !split_mount(line, &m))
			continue;
		if (strcmp(m.type, "cgroup") == 0 || strcmp(m.type, "cgroup2") == 0)
			take_mount(d, &m, own, controller);
	}
	free(own);
	free(mounts);
}

bool bt_cgroup_up(struct bt_cgroup_dir *d)
{
	char *slash = strrchr(d->path, '/');

	if (!slash || strlen(d->path) <= d->mount_len)
		return false;
	*slash = '\0';
	return true;
}

/* A controller among the options of a mount of version 1, "rw,cpu,cpuacct": the names of include/linux/cgroup_subsys.h. */
static int take_controller(struct bt_cgroup_at *at, const char *options)
{
	static const char *const known[] = {
		"cpu", "memory", "blkio", "io", "cpuset", "cpuacct", "pids", "devices", "freezer", "net_cls", "net_prio", "perf_event",
		"hugetlb", "rdma", "misc", "dmem", "debug",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (list_has(options, strlen(options), known[i])) {
			bt_src_copy(at->controller, sizeof(at->controller), known[i]);
			return 0;
		}
	return -ENOTSUP;
}

static bool is_below(const char *path, const char *point)
{
	size_t len = strlen(point);

	return strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static int take_hierarchy(struct bt_cgroup_at *at, const struct mount *m)
{
	at->v2 = strcmp(m->type, "cgroup2") == 0;
	at->controller[0] = '\0';
	if (bt_src_copy(at->mount, sizeof(at->mount), m->point) < strlen(m->point))
		return -ENAMETOOLONG;
	return at->v2 ? 0 : take_controller(at, m->options);
}

/* A hierarchy is a device of its own; of several mounts of it the one with the longest name is the one that path goes through. */
int bt_cgroup_at(const char *dir, struct bt_cgroup_at *at)
{
	char *mounts, *line, *save, path[PATH_MAX], device[32];
	const struct bt_src live = { "" };
	struct stat st;
	struct mount m;
	int rc = -ENOENT;

	memset(at, 0, sizeof(*at));
	if (!realpath(dir, path) || stat(path, &st) != 0)
		return -errno;
	mounts = bt_src_text(&live, TEXT_MAX, "/proc/self/mountinfo");
	if (!mounts)
		return -ENOENT;
	at->id = st.st_ino;
	snprintf(device, sizeof(device), "%u:%u", major(st.st_dev), minor(st.st_dev));
	for (line = strtok_r(mounts, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strstr(line, " - cgroup") || !split_mount(line, &m) || strcmp(m.device, device) != 0)
			continue;
		if (is_below(path, m.point) && strlen(m.point) >= strlen(at->mount))
			rc = take_hierarchy(at, &m);
	}
	free(mounts);
	return rc;
}
