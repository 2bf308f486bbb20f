/* SPDX-License-Identifier: ISC
 *
 * layout - writes the file once, whole, with real data: reads of holes and of unwritten extents ask no device, and writes to
 * them do other work than later ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bdisk.h"
#include "err.h"

#define CHUNK (512u << 10)
#define EXTENTS 128

/* Where there are no extents to look at, holes can still be found. */
static bool has_hole(int fd, uint64_t bytes)
{
	off_t hole = lseek(fd, 0, SEEK_HOLE);

	return hole >= 0 && (uint64_t)hole < bytes;
}

bool bdisk_unwritten(int fd, uint64_t bytes)
{
	static const unsigned bad = FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_UNKNOWN;
	struct fiemap *map = calloc(1, sizeof(*map) + EXTENTS * sizeof(map->fm_extents[0]));
	uint64_t at = 0;
	bool found = false;

	while (map && !found && at < bytes) {
		*map = (struct fiemap){ .fm_start = at, .fm_length = bytes - at, .fm_flags = FIEMAP_FLAG_SYNC, .fm_extent_count = EXTENTS };
		if (ioctl(fd, FS_IOC_FIEMAP, map) < 0) {
			found = has_hole(fd, bytes);
			break;
		}
		for (unsigned i = 0; i < map->fm_mapped_extents && !found && at < bytes; i++) {
			const struct fiemap_extent *e = &map->fm_extents[i];

			found = e->fe_logical > at || e->fe_flags & bad;
			at = e->fe_logical + e->fe_length;
		}
		found |= map->fm_mapped_extents == 0;
	}
	free(map);
	return found;
}

static int write_chunk(int fd, const char *data, size_t bytes, uint64_t offset)
{
	while (bytes > 0) {
		ssize_t put = pwrite(fd, data, bytes, (off_t)offset);

		if (put < 0 && errno == EINTR && !bt_loadtool_stop())
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		data += put;
		offset += (uint64_t)put;
		bytes -= (size_t)put;
	}
	return 0;
}

static int fill(const struct bdisk *b)
{
	const struct bdisk_target *t = &b->target;
	char *data = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int rc = 0;

	if (data == MAP_FAILED)
		return -errno;
	bdisk_data_fill(data, CHUNK, b->tool.load.seed);
	for (uint64_t at = 0; rc == 0 && at < t->bytes; at += CHUNK) {
		size_t bytes = t->bytes - at < CHUNK ? t->bytes - at : CHUNK;

		bdisk_data_stamp(data, bytes, at, ~b->tool.load.seed - at);
		rc = bt_loadtool_stop() ? -EINTR : write_chunk(t->fd, data, bytes, at);
	}
	munmap(data, CHUNK);
	return rc == 0 && fsync(t->fd) < 0 ? -errno : rc;
}

/* The file was made without a name, so that nothing is left of it if we die meanwhile. */
static int give_name(const struct bdisk_target *t)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, t->file, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

int bdisk_layout(struct bdisk *b)
{
	struct bdisk_target *t = &b->target;
	int rc;

	if (t->fresh) {
		rc = fill(b);
		if (rc == 0 && t->unnamed)
			rc = give_name(t);
		if (rc < 0) {
			if (!t->unnamed && t->file && ftruncate(t->fd, 0) < 0)
				bt_warn("%s: what was written cannot be removed: %s", t->file, strerror(errno));
			if (rc != -EINTR)
				bt_warn("%s: laying out %llu bytes: %s", t->file ? t->file : t->dir, (unsigned long long)t->bytes, strerror(-rc));
			return rc;
		}
		t->fresh = t->unnamed = false;
	}
	if (!t->block)
		t->blank = bdisk_unwritten(t->fd, t->bytes);
	return 0;
}
