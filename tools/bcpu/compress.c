/* SPDX-License-Identifier: ISC
 *
 * compress - zlib deflate at level 6 and inflate of a text, which must come back unchanged.
 *
 * Shape: hash-chain searches with unpredictable branches, table look-ups, byte copies; IPC 1 to 2. The figures are those of
 * the zlib found at run time, hence the dimension `zlib`: its compressed size may differ, the text may not.
 */
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "bcpu.h"
#include "rng.h"

#define TEXT_BYTES 4096
#define PACKED_BYTES (TEXT_BYTES + 64) /* deflate grows what it cannot pack by 5 bytes per 16 KiB and a frame */

struct compress {
	z_stream pack, unpack;
	bool pack_ready, unpack_ready;
	unsigned char text[TEXT_BYTES], packed[PACKED_BYTES], back[TEXT_BYTES];
};

/* CRC-32 of the text. */
static const uint64_t golden[] = { 0xd70586bc };

/* Text of words and numbers, about as compressible as a log file. */
static void write_text(unsigned char *out)
{
	static const char *const words[] = {
		"the ", "time ", "of ", "a ", "request ", "to ", "node ", "was ", "longer ", "than ", "expected ", "and ",
		"retry ", "number ", "failed\n", "succeeded\n"
	};
	struct bt_rng rng;
	size_t len = 0;

	bt_rng_seed(&rng, 1);
	while (len < TEXT_BYTES) {
		uint64_t r = bt_rng_next(&rng);
		const char *word = words[r >> 60];

		while (*word && len < TEXT_BYTES)
			out[len++] = (unsigned char)*word++;
		if (r % 8 == 0 && len < TEXT_BYTES)
			out[len++] = (unsigned char)('0' + (r >> 32) % 10);
	}
}

static int setup(struct bcpu_work *k)
{
	struct compress *c = k->data;

	write_text(c->text);
	if (deflateInit(&c->pack, 6) != Z_OK)
		return -ENOMEM;
	c->pack_ready = true;
	if (inflateInit(&c->unpack) != Z_OK)
		return -ENOMEM;
	c->unpack_ready = true;
	return 0;
}

static void teardown(struct bcpu_work *k)
{
	struct compress *c = k->data;

	if (c->pack_ready)
		deflateEnd(&c->pack);
	if (c->unpack_ready)
		inflateEnd(&c->unpack);
}

/* Returns the packed length, 0 when zlib fails. */
static size_t pack(struct compress *c)
{
	if (deflateReset(&c->pack) != Z_OK)
		return 0;
	c->pack.next_in = c->text;
	c->pack.avail_in = TEXT_BYTES;
	c->pack.next_out = c->packed;
	c->pack.avail_out = PACKED_BYTES;
	return deflate(&c->pack, Z_FINISH) == Z_STREAM_END ? PACKED_BYTES - c->pack.avail_out : 0;
}

static bool unpack(struct compress *c, size_t len)
{
	if (inflateReset(&c->unpack) != Z_OK)
		return false;
	c->unpack.next_in = c->packed;
	c->unpack.avail_in = (uInt)len;
	c->unpack.next_out = c->back;
	c->unpack.avail_out = TEXT_BYTES;
	return inflate(&c->unpack, Z_FINISH) == Z_STREAM_END && c->unpack.avail_out == 0;
}

static uint64_t batch(struct bcpu_work *k)
{
	struct compress *c = k->data;
	size_t len = pack(c);

	if (!len || !unpack(c, len) || memcmp(c->back, c->text, TEXT_BYTES) != 0)
		return UINT64_MAX;
	return crc32(0, c->back, TEXT_BYTES);
}

static void describe(struct bt_rec *r, const struct bt_clock *clock)
{
	(void)clock;
	bt_rec_str(r, "zlib", zlibVersion());
}

static const struct bcpu_isa isas[] = { { NULL, NULL, batch } };

const struct bcpu_kernel bcpu_compress = {
	.name = "compress", .id = "compress.1", .help = "zlib deflate level 6 and inflate of a text",
	.work = "4 KiB of text packed and unpacked", .bytes = TEXT_BYTES, .golden = golden, .rounds = 1,
	.size = sizeof(struct compress), .setup = setup, .teardown = teardown, .describe = describe, .isas = isas,
};
