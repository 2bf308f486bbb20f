/* SPDX-License-Identifier: ISC
 *
 * reread - a kernel text file that is read again and again: opened once, then read from its start into the same memory.
 *
 * The files of /proc and /sys make their content anew for a read at offset 0, so that no open and close is paid for each look.
 */
#ifndef BT_REREAD_H
#define BT_REREAD_H

#include <stddef.h>
#include <stdint.h>

#include "src.h"

#define BT_REREAD_MAX (16u << 20) /* bytes of a file that are taken */

struct bt_reread {
	const struct bt_src *src; /* borrowed; when its root becomes another one, that one's file is opened */
	const char *root;         /* of the open file */
	char *path;               /* below the root */
	int fd;                   /* -1: not open */
	char *data;               /* NUL-terminated */
	size_t len, cap;          /* bytes */
	uint64_t begin_ns, end_ns; /* bt_clock_monotonic around the last read */
};

#define BT_REREAD_INIT { .fd = -1 }

/* bt_reread_open - the file, made like printf and starting with '/'. Returns 0 or -errno; close it in either case. */
int bt_reread_open(struct bt_reread *f, const struct bt_src *src, const char *path_fmt, ...) __attribute__((format(printf, 3, 4)));

/* bt_reread - read all of it; f->data is valid until the next call. Memory grows with the file and is kept. Returns the length or
 * -errno: -ENODEV, -ESRCH or -ENOENT when what it is about has gone, -EFBIG for more than BT_REREAD_MAX. After -ENODEV and
 * -ENOENT the next call opens it anew, since a device or a control group of that name may come again. */
int bt_reread(struct bt_reread *f);

/* bt_reread_close - takes BT_REREAD_INIT and one that is closed. */
void bt_reread_close(struct bt_reread *f);

#endif
