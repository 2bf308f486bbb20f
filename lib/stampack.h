/* SPDX-License-Identifier: ISC
 *
 * stampack - the acknowledgement: what a run has written for certain, and all that is needed to check its file.
 *
 * 64 bytes with a checksum, little-endian. Pure, as stamp.h is.
 */
#ifndef BT_STAMPACK_H
#define BT_STAMPACK_H

#include <stdbool.h>
#include <stdint.h>

#define BT_STAMPACK_BYTES 64u
#define BT_STAMPACK_BLOCK_MAX (64u << 20) /* bytes */

struct bt_stampack {
	uint64_t id, seed;   /* of struct bt_stamp */
	uint64_t blocks;     /* of the file, from 1 */
	uint64_t generation; /* being written, from 1: all blocks have the one before it */
	uint64_t done;       /* blocks that have this one already, in the order in which the run writes them */
	uint64_t sequence;   /* the larger, the later */
	uint32_t bytes;      /* of a block */
};

/* bt_stampack_write - as BT_STAMPACK_BYTES bytes. */
void bt_stampack_write(void *out, const struct bt_stampack *a);

/* bt_stampack_read - returns 0, or -EINVAL for what is none, is damaged, or holds numbers that cannot be. */
int bt_stampack_read(const void *in, struct bt_stampack *a);

/* bt_stampack_mend - where a single byte is wrong: reads it as it was and returns the place of that byte, else -EINVAL. */
int bt_stampack_mend(const void *in, struct bt_stampack *a);

/* bt_stampack_later - whether a acknowledges more than b does, both of one run. */
bool bt_stampack_later(const struct bt_stampack *a, const struct bt_stampack *b);

/* bt_stampack_start - offset of the first block in the file; before it there is room for two acknowledgements. */
uint64_t bt_stampack_start(uint32_t block_bytes);

#endif
