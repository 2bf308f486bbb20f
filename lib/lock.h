/* SPDX-License-Identifier: ISC
 *
 * lock - advisory locks on what a test saturates: "cpu", "mem", "disk:sda", "net:lo".
 *
 * A lock is flock(2) on a file in a directory shared by all users, so the kernel frees it on any death. Files are removed by
 * the last holder where that is safe; one left by SIGKILL is empty, holds nothing and is taken over.
 */
#ifndef BT_LOCK_H
#define BT_LOCK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "src.h"

#define BT_LOCKS_MAX 8

struct bt_lock {
	int fd;
	char path[PATH_MAX];
};

struct bt_locks {
	struct bt_lock held[BT_LOCKS_MAX];
	unsigned n;
};

#define BT_LOCKS_INIT { .n = 0 }

/* bt_lock_dir - the directory used: $BTOOLS_LOCK_DIR, else /run/lock/btools, else $XDG_RUNTIME_DIR/btools, else
 * /tmp/btools-lock; created 01777 when missing. Returns 0 or -errno of the last try. */
int bt_lock_dir(char *out, size_t cap);

/* bt_lock_dir_existing - the same, but nothing is created: -ENOENT when there is none. */
int bt_lock_dir_existing(char *out, size_t cap);

/* bt_lock_take - take the lock on resource if nobody holds it; one that l has already stays as it is. Returns 0, -EAGAIN
 * when it is in use, or -errno. */
int bt_lock_take(struct bt_locks *l, const char *resource);

/* bt_lock_wait - wait for it until a signal sets stop (bt_sig_caught). Returns 0, -EINTR, or -errno. */
int bt_lock_wait(struct bt_locks *l, const char *resource, int (*stop)(void));

/* bt_lock_release - free all. */
void bt_lock_release(struct bt_locks *l);

/* Who holds a resource. */
struct bt_lock_holder {
	char resource[64]; /* "cpu", "disk:sda"; cleaned for a terminal, like comm */
	char comm[32];     /* of the process; "" when it cannot be seen */
	int pid;           /* 0: not one of those we can see (another PID namespace) */
};

/* bt_lock_holders - the resources held now, by name, as far as the kernel shows it (/proc/locks): no lock is taken, nothing
 * is created. Returns how many of at most cap, 0 also when nothing can be seen. */
unsigned bt_lock_holders(const struct bt_src *src, struct bt_lock_holder *out, unsigned cap);

#endif
