/* SPDX-License-Identifier: ISC
 *
 * data - what is written: incompressible, and no two sectors alike, so that neither compression nor deduplication below us
 * makes work disappear.
 *
 * Buffers hold random bytes from the start. For each write only the first 16 bytes of every sector are set: a mark of the
 * place, by which bdisk also knows its own data again, and a number of the write.
 */
#include <string.h>

#include "bdisk.h"

#define MARK 0x626469736b2e3031ull /* any number, but always the same */

static inline uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 31) * 0x9e3779b97f4a7c15;
	return x ^ x >> 29;
}

void bdisk_data_fill(void *data, size_t bytes, uint64_t seed)
{
	struct bt_rng rng;
	uint64_t word;

	bt_rng_seed(&rng, seed);
	for (size_t i = 0; i + sizeof(word) <= bytes; i += sizeof(word)) {
		word = bt_rng_next(&rng);
		memcpy((char *)data + i, &word, sizeof(word));
	}
}

void bdisk_data_stamp(void *data, size_t bytes, uint64_t offset, uint64_t number)
{
	for (size_t i = 0; i < bytes; i += BDISK_SECTOR) {
		uint64_t stamp[2] = { scramble((offset + i) ^ MARK), scramble(number + i) };

		memcpy((char *)data + i, stamp, sizeof(stamp));
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
