/* SPDX-License-Identifier: ISC
 *
 * diskfile - the file of the disk test: it has no name and is written once, every word of it another number, so that a wrong
 * block shows.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bring.h"
#include "err.h"
#include "tmpfile.h"

#define CHUNK (512u << 10)

static int write_all(int fd, const char *data, size_t size, uint64_t at)
{
	while (size > 0) {
		ssize_t n = pwrite(fd, data, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

static int fill(int fd, uint64_t bytes)
{
	uint64_t *chunk = malloc(CHUNK);
	int rc = chunk ? 0 : -ENOMEM;

	for (uint64_t at = 0; at < bytes && rc == 0; at += CHUNK) {
		size_t size = bytes - at < CHUNK ? (size_t)(bytes - at) : CHUNK;

		for (size_t i = 0; i < size / sizeof(*chunk); i++)
			chunk[i] = bring_disk_word(at / sizeof(*chunk) + i);
		rc = bt_loadtool_stop() ? -EINTR : write_all(fd, (const char *)chunk, size, at);
	}
	free(chunk);
	return rc == 0 && fsync(fd) < 0 ? -errno : rc;
}

/* The same file once more. In memory there is nothing else to go to. */
static int open_direct(int fd)
{
	char path[32];
	struct statfs fs;
	int direct;

	if (fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC))
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	direct = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	return direct < 0 ? -errno : direct;
}

void bring_disk_open(struct bring *b)
{
	uint64_t room = 0;
	int fd, rc = bt_tmpfile_room(b->dir, b->file_bytes, 0, &room);

	if (rc == -ENOSPC)
		bt_die(BT_EXIT_UNABLE, "%s: no room for %llu bytes, only for %llu; -s takes less", b->dir, (unsigned long long)b->file_bytes,
		       (unsigned long long)room);
	fd = bt_tmpfile_open(b->dir, 0);
	if (fd < 0)
		bt_die(BT_EXIT_USAGE, "%s: %s", b->dir, strerror(-fd));
	b->file[BRING_CACHED] = fd;
	b->file[BRING_DIRECT] = open_direct(fd);
}

int bring_disk_fill(const struct bring *b)
{
	return fill(b->file[BRING_CACHED], b->file_bytes);
}
