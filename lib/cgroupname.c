/* SPDX-License-Identifier: ISC
 *
 * cgroupname - the paths of control groups: a directory's inode is the group's number.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroupname.h"
#include "src.h"

#define WALKS_MAX 64
#define DEPTH_MAX 32 /* groups within each other, and descriptors open at a time */

/* The place of id in the list, or where it belongs. */
static size_t place_of(const struct bt_cgroupnames *names, uint64_t id)
{
	size_t low = 0, high = names->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->list[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct bt_cgroupname *find(const struct bt_cgroupnames *names, uint64_t id)
{
	size_t i = place_of(names, id);

	return i < names->n && names->list[i].id == id ? &names->list[i] : NULL;
}

static bool grow(struct bt_cgroupnames *names)
{
	size_t cap = names->cap ? names->cap * 2 : 64;
	struct bt_cgroupname *grown = reallocarray(names->list, cap, sizeof(*grown));

	if (!grown)
		return false;
	names->list = grown;
	names->cap = cap;
	return true;
}

/* Without memory it stays unknown. path NULL: gone. */
static void add(struct bt_cgroupnames *names, uint64_t id, const char *path)
{
	size_t i = place_of(names, id);
	char *copy = NULL;

	if ((i < names->n && names->list[i].id == id) || (names->n == names->cap && !grow(names)))
		return;
	if (path && !(copy = strdup(path)))
		return;
	memmove(&names->list[i + 1], &names->list[i], (names->n - i) * sizeof(*names->list));
	names->list[i] = (struct bt_cgroupname){ id, copy };
	names->n++;
}

/* path: PATH_MAX bytes, of which len are in use; restored on return. */
static void walk(struct bt_cgroupnames *names, char *path, size_t len, unsigned depth)
{
	size_t mount = strlen(names->mount), name;
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) == 0)
		add(names, st.st_ino, len > mount ? path + mount : "/");
	dir = depth < DEPTH_MAX ? opendir(path) : NULL;
	while (dir && (entry = readdir(dir))) {
		name = strlen(entry->d_name);
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || len + 1 + name >= PATH_MAX)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, entry->d_name, name + 1);
		walk(names, path, len + 1 + name, depth + 1);
		path[len] = '\0';
	}
	if (dir)
		closedir(dir);
}

const char *bt_cgroupname(struct bt_cgroupnames *names, uint64_t id)
{
	const struct bt_cgroupname *known = find(names, id);
	char path[PATH_MAX];

	if (!known && names->mount[0] && names->walks < WALKS_MAX) {
		names->walks++;
		walk(names, path, bt_src_copy(path, sizeof(path), names->mount), 0);
		add(names, id, NULL); /* unless it was found: numbers do not come again */
		known = find(names, id);
	}
	return known ? known->path : NULL;
}

void bt_cgroupnames_free(struct bt_cgroupnames *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i].path);
	free(names->list);
	*names = (struct bt_cgroupnames)BT_CGROUPNAMES_INIT;
}
