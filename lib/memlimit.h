/* SPDX-License-Identifier: ISC
 *
 * memlimit - how much memory this process may take now without anyone being swapped out or killed.
 *
 * The smallest of: what the kernel calls available; what each control group above us leaves (version 1 and 2; of its page cache all
 * that is inactive and half of the rest can be had); the limits on address space and data of the process; and what is left to
 * commit where the kernel does not overcommit. A sixteenth and 8 MB stay free.
 */
#ifndef BT_MEMLIMIT_H
#define BT_MEMLIMIT_H

#include <stdint.h>

#include "src.h"

struct bt_memlimit {
	uint64_t bytes;  /* UINT64_MAX: nothing is known */
	const char *why; /* what sets it, for people: "free memory", "the control group's limit", ... */
};

/* bt_memlimit_read - fill m. What cannot be read limits nothing. */
void bt_memlimit_read(struct bt_memlimit *m, const struct bt_src *src);

#endif
