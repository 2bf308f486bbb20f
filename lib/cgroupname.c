/* SPDX-License-Identifier: ISC
 *
 * cgroupname - the paths of control groups: a directory's inode is the group's number.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroupname.h"

#define WALKS_MAX 64
#define DEPTH_MAX 32

static const char *find(const struct bt_cgroupnames *names, uint64_t id)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->list[i].id == id)
			return names->list[i].path;
	return NULL;
}

static void add(struct bt_cgroupnames *names, uint64_t id, const char *path)
{
	struct bt_cgroupname *grown;

	if (find(names, id))
		return;
	if (names->n == names->cap) {
		grown = reallocarray(names->list, names->cap ? names->cap * 2 : 64, sizeof(*grown));
		if (!grown)
			return;
		names->list = grown;
		names->cap = names->cap ? names->cap * 2 : 64;
	}
	names->list[names->n].id = id;
	names->list[names->n].path = strdup(path);
	names->n += names->list[names->n].path != NULL;
}

/* path: PATH_MAX bytes, of which len are in use; restored on return. */
static void walk(struct bt_cgroupnames *names, char *path, size_t len, unsigned depth)
{
	size_t root = strlen(names->mount);
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) == 0)
		add(names, st.st_ino, len > root ? path + root : "/");
	dir = depth < DEPTH_MAX ? opendir(path) : NULL;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (len + 1 + strlen(entry->d_name) >= PATH_MAX)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, entry->d_name, strlen(entry->d_name) + 1);
		walk(names, path, len + 1 + strlen(entry->d_name), depth + 1);
		path[len] = '\0';
	}
	if (dir)
		closedir(dir);
}

const char *bt_cgroupname(struct bt_cgroupnames *names, uint64_t id)
{
	const char *path = find(names, id);
	char at[PATH_MAX];

	if (path || !names->mount[0] || names->walks == WALKS_MAX)
		return path;
	names->walks++;
	snprintf(at, sizeof(at), "%s", names->mount);
	walk(names, at, strlen(at), 0);
	return find(names, id);
}

void bt_cgroupnames_free(struct bt_cgroupnames *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i].path);
	free(names->list);
	*names = (struct bt_cgroupnames)BT_CGROUPNAMES_INIT;
}
