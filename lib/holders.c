/* SPDX-License-Identifier: ISC
 *
 * holders - who holds the locks of lock.c, as /proc/locks has it. (To try a lock would disturb those who want it.)
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lock.h"
#include "utf8.h"

#define LOCKS_MAX (1u << 20) /* bytes of /proc/locks looked at */
#define SUFFIX ".lock"

/* A line of /proc/locks: "1: FLOCK  ADVISORY  WRITE 4711 00:1a:12345 0 EOF". The pid of a process that we cannot see is 0 or
 * -1. Some file systems (btrfs, overlay) show another device there than stat(2): then the number of the file must do. */
static bool line_holds(const char *line, const struct stat *st, bool any_device, int *pid)
{
	unsigned major, minor;
	unsigned long long inode;

	if (sscanf(line, "%*u: FLOCK %*s WRITE %d %x:%x:%llu", pid, &major, &minor, &inode) != 4 || inode != st->st_ino)
		return false;
	return any_device || makedev(major, minor) == st->st_dev;
}

static bool find_holder(const char *locks, const struct stat *st, int *pid)
{
	for (int any_device = 0; any_device < 2; any_device++)
		for (const char *line = locks; line && *line; line = strchr(line, '\n'), line += line != NULL)
			if (line_holds(line, st, any_device, pid))
				return true;
	return false;
}

/* lock.c has made a '_' of the colon in "disk:sda" and "net:lo". */
static void name_resource(struct bt_lock_holder *h, const char *file, size_t len)
{
	bt_utf8_clean(h->resource, sizeof(h->resource), file, len);
	for (const char *const *kind = (const char *const[]){ "disk_", "net_", NULL }; *kind; kind++)
		if (!strncmp(h->resource, *kind, strlen(*kind)))
			h->resource[strlen(*kind) - 1] = ':';
}

static void name_process(const struct bt_src *src, struct bt_lock_holder *h)
{
	char comm[32] = "";
	int len = h->pid > 0 ? bt_src_line(src, comm, sizeof(comm), "/proc/%d/comm", h->pid) : -ESRCH;

	if (h->pid < 0)
		h->pid = 0;
	bt_utf8_clean(h->comm, sizeof(h->comm), comm, len > 0 ? (size_t)len : 0);
}

static int by_resource(const void *a, const void *b)
{
	const struct bt_lock_holder *x = a, *y = b;

	return strcmp(x->resource, y->resource);
}

static unsigned list(const struct bt_src *src, DIR *dir, const char *locks, struct bt_lock_holder *out, unsigned cap)
{
	struct dirent *entry;
	unsigned n = 0;

	while (n < cap && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		struct bt_lock_holder *h = &out[n];
		struct stat st;

		if (len <= strlen(SUFFIX) || strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !find_holder(locks, &st, &h->pid))
			continue;
		name_resource(h, entry->d_name, len - strlen(SUFFIX));
		name_process(src, h);
		n++;
	}
	return n;
}

unsigned bt_lock_holders(const struct bt_src *src, struct bt_lock_holder *out, unsigned cap)
{
	char path[PATH_MAX], *locks;
	unsigned n = 0;
	DIR *dir;

	if (bt_lock_dir_existing(path, sizeof(path)) < 0 || !(dir = opendir(path)))
		return 0;
	locks = bt_src_text(src, LOCKS_MAX, "/proc/locks");
	if (locks)
		n = list(src, dir, locks, out, cap);
	free(locks);
	closedir(dir);
	qsort(out, n, sizeof(*out), by_resource);
	return n;
}
