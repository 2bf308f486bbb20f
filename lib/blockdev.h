/* SPDX-License-Identifier: ISC
 *
 * blockdev - the block device behind a file: what it is, what it has done, how the file system on it is mounted.
 */
#ifndef BT_BLOCKDEV_H
#define BT_BLOCKDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src.h"

struct bt_blockdev {
	unsigned major, minor;
	char name[32];        /* "vda1"; "" when the kernel shows no such device */
	char disk[32];        /* the whole disk that it is or is part of: "vda" */
	char model[64];       /* "" where it has none */
	char scheduler[16];   /* the one in use: "none", "mq-deadline" */
	char write_cache[16]; /* "write back", "write through" */
	bool rotational;
	uint32_t logical, physical; /* block sizes, bytes; 0: unknown */
	bool held;            /* something is built on it: LVM, md, dm-crypt, bcache */
};

/* What a device has done since boot: requests finished and bytes moved. */
struct bt_blockstat {
	uint64_t reads, writes, read_bytes, written_bytes;
};

struct bt_mount {
	unsigned major, minor;
	char fs[24];        /* "ext4" */
	char source[128];   /* "/dev/vda1" */
	char options[256];  /* of the mount, then of the file system, each once */
};

/* bt_blockdev_read - all of the above. Returns 0, or -ENOENT when there is no such block device. */
int bt_blockdev_read(struct bt_blockdev *d, const struct bt_src *src, unsigned major, unsigned minor);

/* bt_blockdev_stat - the counters of device major:minor, a partition's own if it is one. 0 or -errno. */
int bt_blockdev_stat(struct bt_blockstat *s, const struct bt_src *src, unsigned major, unsigned minor);

/* bt_blockstat_parse - of the text of a stat file. 0 or -EINVAL. bt_blockstat_delta - what was done between two readings. */
int bt_blockstat_parse(struct bt_blockstat *s, const char *text);
struct bt_blockstat bt_blockstat_delta(const struct bt_blockstat *from, const struct bt_blockstat *to);

/* bt_mount_find - in the text of /proc/self/mountinfo, the mount with that id, or, with id 0, the last one of device
 * major:minor. 0 or -ENOENT. */
int bt_mount_find(struct bt_mount *m, const char *text, uint64_t id, unsigned major, unsigned minor);

#endif
