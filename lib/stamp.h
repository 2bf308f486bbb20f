/* SPDX-License-Identifier: ISC
 *
 * stamp - blocks that tell what they are: written with a stamp in every sector, recognised later, and what is wrong with them.
 *
 * A sector holds 48 bytes of stamp, 460 pseudo-random bytes that follow from the stamp, and a CRC-32 of both. So each byte of a
 * sector is known from its stamp, and the stamp from what should be there: a check makes the sector again and compares, which
 * finds any change at all and says which bytes. Sectors of one block that differ in generation are a torn write. All numbers
 * are little-endian.
 *
 * Pure: no I/O, no allocation; any bytes may be checked.
 */
#ifndef BT_STAMP_H
#define BT_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#define BT_STAMP_SECTOR 512u
#define BT_STAMP_PLACES 8 /* wrong bytes that are listed one by one */

/* What is written where. */
struct bt_stamp {
	uint64_t id;         /* of the run */
	uint64_t seed;       /* of the content */
	uint64_t generation; /* from 1 */
	uint64_t offset;     /* of the block in the file */
	uint32_t bytes;      /* of the block, a multiple of BT_STAMP_SECTOR */
};

/* What can be wrong, as bits. */
enum bt_stamp_how {
	BT_STAMP_TORN = 1,      /* sectors of different generations, or only some that were ever written */
	BT_STAMP_STALE = 2,     /* whole, but older than acknowledged */
	BT_STAMP_MISPLACED = 4, /* sectors that belong to another place */
	BT_STAMP_FLIPPED = 8,   /* sectors with wrong bytes */
	BT_STAMP_MISSING = 16,  /* zeros, where a write was acknowledged */
};

/* A sector with wrong bytes, compared with the generation that it is nearest to. */
struct bt_stamp_flip {
	uint64_t generation;
	uint64_t at;     /* in the file: the first wrong byte */
	uint32_t bytes;  /* how many are wrong */
	uint16_t places[BT_STAMP_PLACES]; /* in the sector: the first of them */
	uint8_t bits;    /* wrong in the first one */
};

/* One block. Sectors are counted by what they are; those of an earlier run are old, without a generation. */
struct bt_stamp_verdict {
	unsigned how;            /* enum bt_stamp_how bits; 0: as it should be */
	uint32_t good, zero, old, misplaced, flipped;
	uint64_t newest, oldest; /* generation of good sectors; 0: there are none, or some were never written in this run */
	uint64_t from;           /* misplaced: offset of the block that the first of them belongs to */
};

/* bt_stamp_write - fill a block of s->bytes. */
void bt_stamp_write(void *block, const struct bt_stamp *s);

/* bt_stamp_check - whether a block of want->bytes is what it should be: generation want->generation (0: none was
 * acknowledged) or newer. flip, which may be NULL, is called for each sector with wrong bytes. Returns v->how. */
unsigned bt_stamp_check(const void *block, const struct bt_stamp *want, struct bt_stamp_verdict *v,
			void (*flip)(void *arg, const struct bt_stamp_flip *f), void *arg);

/* bt_stamp_how_name - "torn" and so on for one bit. */
const char *bt_stamp_how_name(enum bt_stamp_how how);

#endif
