/* SPDX-License-Identifier: ISC
 *
 * stamp - tests of stamped blocks: every change is found, and called what it is; of acknowledgements (stampack).
 */
#include <stdlib.h>

#include "rng.h"
#include "stamp.h"
#include "stampack.h"
#include "unit.h"

#define BYTES 4096u
#define SECTORS (BYTES / BT_STAMP_SECTOR)
#define FLIPS 10000

static const struct bt_stamp usual = { .id = 77, .seed = 3, .generation = 5, .offset = 40 * BYTES, .bytes = BYTES };

struct seen {
	unsigned n;
	struct bt_stamp_flip last;
};

static void see(void *arg, const struct bt_stamp_flip *f)
{
	struct seen *s = arg;

	s->n++;
	s->last = *f;
}

static unsigned check(const void *block, const struct bt_stamp *want, struct bt_stamp_verdict *v)
{
	return bt_stamp_check(block, want, v, NULL, NULL);
}

static struct bt_stamp with(uint64_t generation)
{
	struct bt_stamp s = usual;

	s.generation = generation;
	return s;
}

static void test_untouched(void)
{
	static const uint32_t sizes[] = { 512, 1024, 1536, 4096, 65536, 1u << 20 };
	struct bt_stamp_verdict v;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct bt_stamp s = usual, want = usual;
		unsigned char *block = malloc(sizes[i]);

		s.bytes = want.bytes = sizes[i];
		bt_stamp_write(block, &s);
		for (want.generation = 0; want.generation <= 5; want.generation++)
			CHECK_EQ(check(block, &want, &v), 0);
		CHECK_EQ(v.newest, 5);
		CHECK_EQ(v.oldest, 5);
		CHECK_EQ(v.good, sizes[i] / 512);
		free(block);
	}
}

/* Each in a place, with a value, and against an expectation of its own: found, alone, and located exactly. */
static void test_flips(void)
{
	unsigned char block[BYTES];
	struct bt_rng rng;

	bt_rng_seed(&rng, 9);
	for (unsigned i = 0; i < FLIPS; i++) {
		uint32_t bytes = i % 2 ? BYTES : 512, at = (uint32_t)bt_rng_below(&rng, bytes);
		unsigned char bits = (unsigned char)(1 + bt_rng_below(&rng, 255));
		struct bt_stamp s = with(1 + i % 7), want = with(s.generation - i % 2);
		struct bt_stamp_verdict v;
		struct seen seen = { .n = 0 };

		s.bytes = want.bytes = bytes;
		bt_stamp_write(block, &s);
		block[at] ^= bits;
		CHECK_EQ(bt_stamp_check(block, &want, &v, see, &seen), BT_STAMP_FLIPPED);
		CHECK_EQ(seen.n, 1);
		CHECK_EQ(seen.last.at, s.offset + at);
		CHECK_EQ(seen.last.bytes, 1);
		CHECK_EQ(seen.last.bits, bits);
		CHECK_EQ(seen.last.places[0], at % 512);
		CHECK_EQ(seen.last.generation, s.generation);
	}
}

static void test_every_byte(void)
{
	unsigned char block[BYTES];
	struct bt_stamp_verdict v;

	bt_stamp_write(block, &usual);
	for (unsigned i = 0; i < BYTES * 8; i++) {
		block[i / 8] ^= 1 << i % 8;
		CHECK_EQ(check(block, &usual, &v), BT_STAMP_FLIPPED);
		block[i / 8] ^= 1 << i % 8;
	}
	CHECK_EQ(check(block, &usual, &v), 0);
}

static void test_torn(void)
{
	unsigned char block[BYTES], old[BYTES];
	struct bt_stamp s = with(4), later = with(6);
	struct bt_stamp_verdict v;

	for (unsigned cut = 1; cut < SECTORS; cut++) {
		bt_stamp_write(old, &s);
		bt_stamp_write(block, &usual);
		memcpy(block, old, cut * BT_STAMP_SECTOR);
		CHECK_EQ(check(block, &usual, &v), BT_STAMP_TORN);
		CHECK_EQ(v.newest, 5);
		CHECK_EQ(v.oldest, 4);
		CHECK_EQ(check(block, &later, &v), BT_STAMP_TORN);
		CHECK_EQ(check(block, &s, &v), BT_STAMP_TORN);
		memset(block, 0, cut * BT_STAMP_SECTOR);
		CHECK_EQ(check(block, &usual, &v), BT_STAMP_TORN);
		CHECK_EQ(v.zero, cut);
		CHECK_EQ(v.oldest, 0);
		s.id = 78;
		bt_stamp_write(old, &s);
		s.id = 77;
		memcpy(block, old, cut * BT_STAMP_SECTOR);
		CHECK_EQ(check(block, &usual, &v), BT_STAMP_TORN);
		CHECK_EQ(v.old, cut);
	}
}

/* A torn block with a flipped byte is both, and the byte is found. */
static void test_torn_and_flipped(void)
{
	unsigned char block[BYTES], old[BYTES];
	struct seen seen = { .n = 0 };
	struct bt_stamp s = with(2);
	struct bt_stamp_verdict v;

	bt_stamp_write(old, &s);
	bt_stamp_write(block, &usual);
	memcpy(block, old, 2 * BT_STAMP_SECTOR);
	block[3000] ^= 0x40;
	CHECK_EQ(bt_stamp_check(block, &usual, &v, see, &seen), BT_STAMP_TORN | BT_STAMP_FLIPPED);
	CHECK_EQ(seen.n, 1);
	CHECK_EQ(seen.last.at, usual.offset + 3000);
	CHECK_EQ(seen.last.bytes, 1);
}

static void test_stale(void)
{
	unsigned char block[BYTES];
	struct bt_stamp s = with(4), none = with(0);
	struct bt_stamp_verdict v;

	bt_stamp_write(block, &s);
	CHECK_EQ(check(block, &usual, &v), BT_STAMP_STALE);
	CHECK_EQ(v.newest, 4);
	s.id = 78;
	bt_stamp_write(block, &s);
	CHECK_EQ(check(block, &usual, &v), BT_STAMP_STALE);
	CHECK_EQ(check(block, &none, &v), 0);
}

static void test_misplaced(void)
{
	unsigned char block[BYTES], other[BYTES];
	struct bt_stamp s = usual;
	struct bt_stamp_verdict v;

	s.offset = 7 * BYTES;
	bt_stamp_write(other, &s);
	CHECK_EQ(check(other, &usual, &v), BT_STAMP_MISPLACED);
	CHECK_EQ(v.from, 7 * BYTES);
	CHECK_EQ(v.misplaced, SECTORS);
	bt_stamp_write(block, &usual);
	memcpy(block + 512, other + 512, 512);
	CHECK_EQ(check(block, &usual, &v), BT_STAMP_MISPLACED);
	CHECK_EQ(v.misplaced, 1);
	/* Two sectors of the block itself that have changed places. */
	bt_stamp_write(block, &usual);
	memcpy(other, block, 512);
	memcpy(block, block + 512, 512);
	memcpy(block + 512, other, 512);
	CHECK_EQ(check(block, &usual, &v), BT_STAMP_MISPLACED);
	CHECK_EQ(v.from, usual.offset);
}

static void test_missing(void)
{
	unsigned char block[BYTES] = { 0 };
	struct bt_stamp none = with(0);
	struct bt_stamp_verdict v;

	CHECK_EQ(check(block, &usual, &v), BT_STAMP_MISSING);
	CHECK_EQ(v.zero, SECTORS);
	CHECK_EQ(check(block, &none, &v), 0);
}

/* Anything at all, and stamps with any bits changed. */
static void test_hostile(void)
{
	struct bt_stamp_verdict v;
	struct bt_rng rng;

	bt_rng_seed(&rng, 11);
	for (unsigned i = 0; i < 3000; i++) {
		unsigned char *block = malloc(BYTES);
		struct seen seen = { .n = 0 };

		bt_stamp_write(block, &usual);
		for (uint64_t n = 1 + bt_rng_below(&rng, i % 3 ? 40 : 4096); n > 0; n--)
			block[bt_rng_below(&rng, i % 3 == 1 ? 48 : BYTES)] = (unsigned char)bt_rng_next(&rng);
		CHECK(bt_stamp_check(block, &usual, &v, see, &seen) == 0 || seen.n > 0);
		CHECK_EQ(v.good + v.zero + v.old + v.misplaced + v.flipped, SECTORS);
		CHECK_EQ(seen.n, v.flipped);
		free(block);
	}
}

/* Bytes and their meaning are for ever: files are checked by later versions. */
static void test_format(void)
{
	unsigned char sector[512], ack[BT_STAMPACK_BYTES];
	struct bt_stamp s = usual;

	s.bytes = 512;
	bt_stamp_write(sector, &s);
	CHECK(memcmp(sector, "btstamp1", 8) == 0);
	CHECK_EQ(sector[8], 77);
	CHECK_EQ(sector[24], 5);
	CHECK_EQ(sector[34], 2);   /* 0x28000: the place */
	CHECK_EQ(sector[41], 2);   /* 0x200 bytes */
	bt_stampack_write(ack, &(struct bt_stampack){ .id = 1, .blocks = 2, .generation = 3, .done = 1, .sequence = 9, .bytes = 512 });
	CHECK(memcmp(ack, "stamack1", 8) == 0);
	CHECK_EQ(ack[24], 2);
	CHECK_EQ(ack[48], 9);
}

static void test_ack(void)
{
	const struct bt_stampack a = { .id = 5, .seed = 6, .blocks = 1000, .generation = 3, .done = 999, .sequence = 12, .bytes = 8192 };
	unsigned char bytes[BT_STAMPACK_BYTES];
	struct bt_stampack b, bad;

	bt_stampack_write(bytes, &a);
	CHECK_EQ(bt_stampack_read(bytes, &b), 0);
	CHECK(b.id == 5 && b.seed == 6 && b.blocks == 1000 && b.generation == 3 && b.done == 999 && b.sequence == 12 && b.bytes == 8192);
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x81;
		CHECK(bt_stampack_read(bytes, &b) < 0);
		CHECK_EQ(bt_stampack_mend(bytes, &b), i);
		CHECK(b.done == 999 && b.bytes == 8192 && b.seed == 6);
		bytes[(i + 1) % sizeof(bytes)] ^= 0x11;
		CHECK(bt_stampack_mend(bytes, &b) < 0);
		bytes[(i + 1) % sizeof(bytes)] ^= 0x11;
		bytes[i] ^= 0x81;
	}
	bad = a;
	bad.blocks = UINT64_MAX / 4096;
	bt_stampack_write(bytes, &bad);
	CHECK(bt_stampack_read(bytes, &b) < 0);
	bad = a;
	bad.bytes = 100;
	bt_stampack_write(bytes, &bad);
	CHECK(bt_stampack_read(bytes, &b) < 0);
	bad = a;
	bad.done = 1001;
	bt_stampack_write(bytes, &bad);
	CHECK(bt_stampack_read(bytes, &b) < 0);
	CHECK(bt_stampack_later(&a, &(struct bt_stampack){ .generation = 3, .done = 998 }));
	CHECK(!bt_stampack_later(&a, &(struct bt_stampack){ .generation = 4, .done = 1 }));
	CHECK_EQ(bt_stampack_start(512), 8192);
	CHECK_EQ(bt_stampack_start(65536), 65536);
}

static const struct unit_test tests[] = {
	{ "an untouched block is right for every generation up to its own", test_untouched },
	{ "10000 flipped bytes are found and located", test_flips },
	{ "every bit of a block counts", test_every_byte },
	{ "a torn block, with an older generation, zeros or an earlier run", test_torn },
	{ "a torn block with a flipped byte is both", test_torn_and_flipped },
	{ "a stale block", test_stale },
	{ "a misplaced block, and misplaced sectors", test_misplaced },
	{ "a missing block", test_missing },
	{ "any bytes can be checked", test_hostile },
	{ "the bytes are those of the first version", test_format },
	{ "an acknowledgement, damaged and mended", test_ack },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
