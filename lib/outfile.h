/* SPDX-License-Identifier: ISC
 *
 * outfile - an output file that appears whole or not at all.
 *
 * A regular target is written as an unnamed file (O_TMPFILE) in its directory and renamed over the target when it is
 * complete, so that SIGKILL leaves nothing; on file systems without O_TMPFILE a hidden name beside it is used. A target that
 * exists and is not a regular file (a device, a FIFO) is written directly. stdout is written as it is.
 */
#ifndef BT_OUTFILE_H
#define BT_OUTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct bt_outfile {
	int fd;
	bool owned;      /* fd is ours to close */
	bool pending;    /* a file waits for its name */
	bool unnamed;    /* it has none yet (O_TMPFILE) */
	char path[PATH_MAX], temp[PATH_MAX + 32];
};

/* bt_outfile_open - path NULL or "-": stdout. The target's own permissions are kept when it exists, else 0666 and umask.
 * Returns 0 or -errno. */
int bt_outfile_open(struct bt_outfile *f, const char *path);

/* bt_outfile_write - write all of len bytes in one write(2) unless the kernel takes less. After an error in the middle of
 * the bytes a regular file is cut back to before them, so that it holds whole lines only. Returns 0 or -errno; -EINTR when a signal
 * has been caught (bt_sig_caught) and nobody reads. */
int bt_outfile_write(struct bt_outfile *f, const void *bytes, size_t len);

/* bt_outfile_commit - give a pending file its name, replacing the target. bt_outfile_abort - drop it. Both close. 0 or -errno. */
int bt_outfile_commit(struct bt_outfile *f);
void bt_outfile_abort(struct bt_outfile *f);

#endif
