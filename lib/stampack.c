/* SPDX-License-Identifier: ISC
 *
 * stampack - the acknowledgement.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "stampack.h"

#define MAGIC 0x316b63616d617473ull /* "stamack1" */
#define WORDS (BT_STAMPACK_BYTES / 8)
#define HEAD_BYTES 8192u

/* Words of it; the last has the checksum in its upper half. */
enum { W_MAGIC, W_ID, W_SEED, W_BLOCKS, W_GENERATION, W_DONE, W_SEQUENCE, W_BYTES };

static uint32_t sum(const unsigned char *bytes)
{
	return (uint32_t)crc32(0, bytes, BT_STAMPACK_BYTES - 4);
}

void bt_stampack_write(void *out, const struct bt_stampack *a)
{
	uint64_t words[WORDS] = { MAGIC, a->id, a->seed, a->blocks, a->generation, a->done, a->sequence, a->bytes };

	for (unsigned i = 0; i < WORDS; i++)
		words[i] = htole64(words[i]);
	memcpy(out, words, sizeof(words));
	words[W_BYTES] = htole64((uint64_t)sum(out) << 32 | a->bytes);
	memcpy(out, words, sizeof(words));
}

uint64_t bt_stampack_start(uint32_t block_bytes)
{
	return ((uint64_t)HEAD_BYTES + block_bytes - 1) / block_bytes * block_bytes;
}

static bool possible(const struct bt_stampack *a)
{
	if (a->bytes == 0 || a->bytes % 512 || a->bytes > BT_STAMPACK_BLOCK_MAX)
		return false;
	return a->blocks > 0 && a->blocks <= (INT64_MAX - bt_stampack_start(a->bytes)) / a->bytes && a->generation > 0 &&
	       a->generation <= INT64_MAX && a->done <= a->blocks;
}

int bt_stampack_read(const void *in, struct bt_stampack *a)
{
	uint64_t words[WORDS];

	memcpy(words, in, sizeof(words));
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = le64toh(words[i]);
	if (words[W_MAGIC] != MAGIC || words[W_BYTES] >> 32 != sum(in))
		return -EINVAL;
	*a = (struct bt_stampack){ .id = words[W_ID], .seed = words[W_SEED], .blocks = words[W_BLOCKS], .generation = words[W_GENERATION],
				   .done = words[W_DONE], .sequence = words[W_SEQUENCE], .bytes = (uint32_t)words[W_BYTES] };
	return possible(a) ? 0 : -EINVAL;
}

/* No two changes of one byte give the same CRC-32 in so few bytes, so at most one try succeeds. */
int bt_stampack_mend(const void *in, struct bt_stampack *a)
{
	unsigned char bytes[BT_STAMPACK_BYTES];

	memcpy(bytes, in, sizeof(bytes));
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		unsigned char was = bytes[i];

		for (unsigned v = 1; v < 256; v++) {
			bytes[i] = was ^ (unsigned char)v;
			if (bt_stampack_read(bytes, a) == 0)
				return (int)i;
		}
		bytes[i] = was;
	}
	return -EINVAL;
}

bool bt_stampack_later(const struct bt_stampack *a, const struct bt_stampack *b)
{
	return a->generation != b->generation ? a->generation > b->generation : a->done > b->done;
}
