/* SPDX-License-Identifier: ISC
 *
 * smaps - how the kernel keeps a mapping of memory, from the text of /proc/PID/smaps (Documentation/filesystems/proc.rst).
 */
#ifndef BT_SMAPS_H
#define BT_SMAPS_H

#include <stdint.h>

struct bt_smaps {
	uint64_t rss_bytes;  /* in RAM; large pages that were reserved, and the page of zeros, are not among them */
	uint64_t huge_bytes; /* of these on transparent huge pages */
	uint64_t swap_bytes; /* swapped out */
	uint64_t ksm_bytes;  /* merged with equal pages; 0 where the kernel does not say */
};

/* bt_smaps_find - fill s for the mapping that address lies in; neighbours of one kind are one mapping. text is changed. Returns 0
 * or -ENOENT. */
int bt_smaps_find(struct bt_smaps *s, char *text, uintptr_t address);

#endif
