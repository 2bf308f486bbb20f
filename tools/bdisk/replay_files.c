/* SPDX-License-Identifier: ISC
 *
 * replay_files - the files of a replay: without names in a directory, or with names below it that no recorded path leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "replay.h"
#include "tmpfile.h"

#define OTHER_FDS 64 /* that we need beside those of the files */

const char *replay_file_name(const struct replay *r, uint32_t file)
{
	return r->files.keys[file].bytes + 1;
}

/* Files that are known by number alone have a directory of their own. */
static void path_of(const struct replay *r, uint32_t file, char *out, size_t cap)
{
	snprintf(out, cap, "%s%s", r->files.keys[file].bytes[0] == 'i' ? "by-number/" : "", replay_file_name(r, file));
}

/* The directory of a path below dir, made if need be; no symbolic link is followed. Returns its descriptor or -errno; *leaf is
 * what remains of path. */
static int open_parent(const char *dir, char *path, bool make, char **leaf)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), next, rc;
	char *slash;

	for (; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		*slash = '\0';
		if (make && mkdirat(fd, path, 0777) < 0 && errno != EEXIST)
			next = -1;
		else
			next = openat(fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		rc = -errno;
		close(fd);
		if (next < 0)
			return rc;
		fd = next;
	}
	*leaf = path;
	return fd < 0 ? -errno : fd;
}

/* What is there already is the user's. */
static void check_name(struct replay *r, uint32_t file)
{
	const struct bdisk *b = r->b;
	char path[BT_CONFINE_MAX + 16], *leaf;
	struct stat st;
	int fd, rc;

	path_of(r, file, path, sizeof(path));
	fd = open_parent(b->target.dir, path, false, &leaf);
	if (fd == -ENOENT)
		return;
	if (fd < 0)
		bt_die(BT_EXIT_USAGE, "%s/%s: %s", b->target.dir, replay_file_name(r, file), strerror(-fd));
	rc = fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW);
	close(fd);
	if (rc < 0)
		return;
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		bt_die(BT_EXIT_USAGE, "%s/%s is there already, and no file of one name", b->target.dir, replay_file_name(r, file));
	if (!b->destroy)
		bt_die(BT_EXIT_USAGE, "%s/%s is there already; --destroy-data overwrites it", b->target.dir, replay_file_name(r, file));
}

/* One path may be the directory of another when the recorded program had put it there later. */
static void check_parents(const struct replay *r, uint32_t file)
{
	char name[BT_CONFINE_MAX + 1];
	char *slash;

	snprintf(name, sizeof(name), "%s", r->files.keys[file].bytes);
	while ((slash = strrchr(name, '/'))) {
		*slash = '\0';
		if (bt_intern_find(&r->files, name, (size_t)(slash - name) + 1) >= 0)
			bt_die(BT_EXIT_USAGE, "%s is a file and also the directory of %s; --map can move one, or leave out --dir", name + 1,
			       replay_file_name(r, file));
	}
}

static void check_room(const struct replay *r)
{
	const struct bdisk *b = r->b;
	uint64_t room = 0;
	int rc = bt_tmpfile_room(b->target.dir, r->bytes, b->capacity, &room);

	if (rc == 0 && access(b->target.dir, W_OK) < 0)
		rc = -errno;
	if (rc == -EDQUOT)
		bt_die(BT_EXIT_USAGE, "the files need %llu bytes, more than --capacity allows (%llu)", (unsigned long long)r->bytes,
		       (unsigned long long)b->capacity);
	if (rc == -ENOSPC)
		bt_die(BT_EXIT_UNABLE, "%s: no room for files of %llu bytes, only for %llu", b->target.dir, (unsigned long long)r->bytes,
		       (unsigned long long)room);
	if (rc < 0)
		bt_die(BT_EXIT_UNABLE, "%s: %s", b->target.dir, strerror(-rc));
}

/* Every file is open from the start, so that opening takes no time in between. */
static void check_descriptors(const struct replay *r)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= r->plan.n_files + OTHER_FDS)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < r->plan.n_files + OTHER_FDS || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		bt_die(BT_EXIT_UNABLE, "the recording has %u files, this process may open %llu (ulimit -Hn)", r->plan.n_files,
		       (unsigned long long)limit.rlim_max);
}

void replay_files_check(struct replay *r)
{
	check_room(r);
	check_descriptors(r);
	for (uint32_t i = 0; r->b->given[OPT_DIR] && i < r->plan.n_files; i++) {
		check_parents(r, i);
		check_name(r, i);
	}
}

/* Those that have been made before one that could not be. */
static void remove_named(struct replay *r, uint32_t files)
{
	char path[BT_CONFINE_MAX + 16], *leaf;

	for (uint32_t i = 0; i < files; i++) {
		int dir;

		path_of(r, i, path, sizeof(path));
		dir = open_parent(r->b->target.dir, path, false, &leaf);
		if (dir >= 0 && unlinkat(dir, leaf, 0) < 0)
			bt_warn("%s/%s: cannot be removed: %s", r->b->target.dir, replay_file_name(r, i), strerror(errno));
		if (dir >= 0)
			close(dir);
	}
}

/* A file at that path, empty. Returns its descriptor or -errno. */
static int open_named(struct replay *r, uint32_t file)
{
	char path[BT_CONFINE_MAX + 16], *leaf;
	struct stat st;
	int dir, fd;

	path_of(r, file, path, sizeof(path));
	dir = open_parent(r->b->target.dir, path, true, &leaf);
	if (dir < 0)
		return dir;
	fd = openat(dir, leaf, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (r->b->destroy ? 0 : O_EXCL), 0666);
	if (fd < 0)
		fd = -errno;
	close(dir);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || ftruncate(fd, 0) < 0) {
		close(fd);
		return -EEXIST;
	}
	return fd;
}

int replay_files_open(struct replay *r)
{
	const char *dir = r->b->target.dir;
	int fd;

	r->fds = calloc(r->plan.n_files, sizeof(*r->fds));
	if (!r->fds)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->plan.n_files; i++) {
		fd = r->b->given[OPT_DIR] ? open_named(r, i) : bt_tmpfile_open(dir, 0);
		if (fd < 0) {
			bt_warn("%s/%s: %s", dir, replay_file_name(r, i), strerror(-fd));
			if (r->b->given[OPT_DIR] && !r->b->destroy)
				remove_named(r, i);
			return fd;
		}
		r->fds[i] = fd;
	}
	return 0;
}

/* As the file of the other tests is laid out; each has data of its own. */
static int lay_out(struct replay *r, uint32_t file)
{
	struct bdisk *b = r->b;
	struct bdisk_target kept = b->target;
	uint64_t seed = b->tool.load.seed;
	int rc;

	b->target.fd = r->fds[file];
	b->target.bytes = r->plan.files[file].layout;
	b->target.dir = replay_file_name(r, file);
	b->target.fresh = true;
	b->tool.load.seed += file;
	rc = bdisk_layout(b);
	r->taint |= b->target.taint;
	b->target = kept;
	b->tool.load.seed = seed;
	return rc;
}

static int reset(struct replay *r, uint32_t file)
{
	uint64_t layout = r->plan.files[file].layout;
	int fd = r->fds[file];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size >= layout)
		return ftruncate(fd, (off_t)layout) < 0 ? -errno : 0;
	if (ftruncate(fd, 0) < 0)
		return -errno;
	return lay_out(r, file);
}

int replay_files_reset(struct replay *r)
{
	int rc;

	for (uint32_t i = 0; i < r->plan.n_files; i++) {
		rc = bt_loadtool_stop() ? -EINTR : reset(r, i);
		if (rc < 0)
			return rc;
		if (r->b->cache != BDISK_COLD || r->plan.files[i].layout == 0)
			continue;
		if (fdatasync(r->fds[i]) < 0)
			return -errno;
		posix_fadvise(r->fds[i], 0, 0, POSIX_FADV_DONTNEED);
	}
	return 0;
}
