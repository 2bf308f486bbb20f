/* SPDX-License-Identifier: ISC
 *
 * procmaps - the lines of /proc/PID/maps.
 */
#ifndef BT_PROCMAPS_H
#define BT_PROCMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_procmap {
	uint64_t start, end;  /* addresses, end exclusive */
	uint64_t offset;      /* of start in the file, bytes */
	uint64_t dev, inode;  /* major << 32 | minor; 0 0 where there is no file */
	bool exec;
	const char *path;     /* into the text, not NUL-terminated: also "[vdso]" and the like, empty for anonymous memory */
	size_t path_len;      /* " (deleted)" included */
};

/* bt_procmaps_next - the first line of text that is one. Returns the text after it, or NULL when there is none; *text may be
 * cut anywhere. */
const char *bt_procmaps_next(const char *text, struct bt_procmap *m);

#endif
