/* SPDX-License-Identifier: ISC
 *
 * tmpfile - temporary data that nothing leaves behind, within a quota and the space there is.
 */
#ifndef BT_TMPFILE_H
#define BT_TMPFILE_H

#include <stdint.h>

/* bt_tmpfile_room - whether want_bytes fit into the file system of dir (as this user may fill it, less 5 % kept free) and
 * into quota_bytes (0: no quota). Returns 0, -ENOSPC, -EDQUOT for the quota, or -errno; *free_bytes, if not NULL,
 * receives what may be used. */
int bt_tmpfile_room(const char *dir, uint64_t want_bytes, uint64_t quota_bytes, uint64_t *free_bytes);

/* bt_tmpfile_open - an unnamed file in dir, open with flags (O_RDWR | O_CLOEXEC added): O_TMPFILE, else created and unlinked at
 * once. Returns the descriptor or -errno. Gone with its last descriptor, even after SIGKILL. */
int bt_tmpfile_open(const char *dir, int flags);

#endif
