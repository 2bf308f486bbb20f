/* SPDX-License-Identifier: ISC
 *
 * data - what is written: incompressible, and no two sectors alike, so that neither compression nor deduplication below us
 * makes work disappear.
 *
 * Buffers hold random bytes from the start. For each write the first 16 bytes of every sector are set, a mark of the place, by
 * which bdisk also knows its own data again, and a number of the write; the rest is combined with that number, so that what
 * was in the buffer before has nothing in common with it that a compressor finds. That takes about 0.1 us for 4 KiB.
 */
#include <string.h>

#include "bdisk.h"

#define MARK 0x626469736b2e3031ull /* any number, but always the same */

#define WORDS (BDISK_SECTOR / sizeof(uint64_t))

typedef uint64_t __attribute__((may_alias)) word;

static inline uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 31) * 0x9e3779b97f4a7c15;
	return x ^ x >> 29;
}

void bdisk_data_fill(void *data, size_t bytes, uint64_t seed)
{
	struct bt_rng rng;
	uint64_t next;

	bt_rng_seed(&rng, seed);
	for (size_t i = 0; i + sizeof(next) <= bytes; i += sizeof(next)) {
		next = bt_rng_next(&rng);
		memcpy((char *)data + i, &next, sizeof(next));
	}
}

void bdisk_data_stamp(void *data, size_t bytes, uint64_t offset, uint64_t number)
{
	word *sector = data;

	for (size_t i = 0; i < bytes; i += BDISK_SECTOR, sector += WORDS) {
		uint64_t key = scramble(number + i);

		for (size_t k = 2; k < WORDS; k++)
			sector[k] ^= key;
		sector[0] = scramble((offset + i) ^ MARK);
		sector[1] = key;
	}
}

bool bdisk_data_ours(const void *data, size_t bytes, uint64_t offset)
{
	for (size_t i = 0; i < bytes; i += BDISK_SECTOR) {
		uint64_t mark = scramble((offset + i) ^ MARK);

		if (memcmp((const char *)data + i, &mark, sizeof(mark)) != 0)
			return false;
	}
	return true;
}
