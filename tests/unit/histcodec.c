/* SPDX-License-Identifier: ISC
 *
 * unit test of lib/histcodec. Also a small tool for the test against another implementation:
 *	histcodec --encode DIGITS < values       prints their histogram as base64
 *	histcodec --decode < base64              prints n, percentiles and buckets as JSON
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "base64.h"
#include "histcodec.h"
#include "rng.h"
#include "unit.h"

static struct bt_histcodec *codec;

/* From the log of another implementation: 741 values in 27 buckets, lowest 20000, 2 digits. */
#define FOREIGN "HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI="

static int decode(const char *text, struct bt_hist *h)
{
	return bt_hist_decode(codec, text, strlen(text), h);
}

/* A plain encoding as base64, from a list of fields. */
struct draft {
	uint8_t data[4096];
	size_t len;
	char text[8192];
};

static void put(struct draft *d, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		d->data[d->len++] = (uint8_t)(v >> (8 * bytes));
}

static void header(struct draft *d, uint32_t cookie, uint32_t payload, uint32_t digits, uint64_t lowest, uint64_t highest)
{
	d->len = 0;
	put(d, cookie, 4);
	put(d, payload, 4);
	put(d, 0, 4);
	put(d, digits, 4);
	put(d, lowest, 8);
	put(d, highest, 8);
	put(d, 0x3ff0000000000000, 8);
}

static int decode_draft(struct draft *d, struct bt_hist *h)
{
	return bt_hist_decode(codec, d->text, bt_base64_encode(d->text, d->data, d->len), h);
}

/* extra: bytes behind the zlib stream that the length in the frame includes; below 0: bytes of it that it leaves out. */
static int decode_packed(const uint8_t *data, size_t len, uint32_t cookie, int extra, struct bt_hist *h)
{
	uLongf room = compressBound(len);
	size_t behind = extra > 0 ? (size_t)extra : 0;
	uint8_t *packed = calloc(1, room + behind + 8);
	char *text = malloc((room + behind + 10) / 3 * 4 + 4);
	struct draft frame = { .len = 0 };
	int rc;

	compress2(packed + 8, &room, data, len, 9);
	put(&frame, cookie, 4);
	put(&frame, (uint32_t)((int)room + extra), 4);
	memcpy(packed, frame.data, 8);
	rc = bt_hist_decode(codec, text, bt_base64_encode(text, packed, room + behind + 8), h);
	free(packed);
	free(text);
	return rc;
}

static bool same_counts(const struct bt_hist *a, const struct bt_hist *b)
{
	uint32_t used = bt_hist_used(a);

	return a->n == b->n && a->digits == b->digits && used == bt_hist_used(b) &&
		(used == 0 || memcmp(a->counts, b->counts, used * sizeof(*a->counts)) == 0);
}

static void test_base64(void)
{
	static const struct { const char *plain, *text; } known[] = {
		{ "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" }, { "\xfb\xff\xfe", "+//+" },
	};
	static const char *const bad[] = {
		"", "Z", "Zg", "Zg=", "Zg===", "====", "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Zm9\n", "Zm9v\n", "Zm-_", "=Zm9", "Zm=v",
		"Zm9v====", "Zm9\x80",
	};
	uint8_t out[16];
	char text[16];
	size_t i, len;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		len = strlen(known[i].plain);
		text[bt_base64_encode(text, (const uint8_t *)known[i].plain, len)] = '\0';
		CHECK_STR(text, known[i].text);
		CHECK_EQ(bt_base64_decode(out, known[i].text, strlen(known[i].text)), len);
		CHECK(memcmp(out, known[i].plain, len) == 0);
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_EQ(bt_base64_decode(out, bad[i], strlen(bad[i])), -EINVAL);
		if (unit_failures)
			printf("# accepted: %s\n", bad[i]);
	}
}

static void test_foreign_log(void)
{
	struct bt_hist h;
	unsigned i, used = 0;

	bt_hist_init(&h, 1);
	CHECK_EQ(decode(FOREIGN, &h), 0);
	CHECK_EQ(h.n, 741);
	CHECK_EQ(h.max, 2768895);
	CHECK_EQ(h.min, 0);
	CHECK_EQ(h.digits, 3);
	for (i = 0; i < h.len; i++)
		used += h.counts[i] > 0;
	CHECK_EQ(used, 27);
	CHECK_EQ(h.counts[bt_hist_index(&h, 8192)], 12); /* the middle of the first bucket, 0..16383 */
	bt_hist_free(&h);
}

static void check_round_trip(const struct bt_hist *h)
{
	static char text[1 << 20], again[1 << 20];
	static const double ps[] = { 0, 1, 50, 99, 99.99, 100 };
	struct bt_hist back;
	uint64_t want[6], got[6];
	int len, i;

	bt_hist_init(&back, 3);
	len = bt_hist_encode(codec, h, text, sizeof(text));
	CHECK(len > 0);
	CHECK_EQ(bt_hist_decode(codec, text, (size_t)len, &back), 0);
	CHECK(same_counts(h, &back));
	CHECK(back.min <= h->min && back.max >= h->max && back.clamped == 0 && back.dropped == 0);
	CHECK(h->n == 0 || (back.min == bt_hist_low(h, bt_hist_index(h, h->min)) &&
		back.max == bt_hist_high(h, bt_hist_index(h, h->max))));
	CHECK(h->n == 0 || fabs(bt_hist_mean(&back) - bt_hist_mean(h)) <= bt_hist_mean(h) * pow(10, -h->digits));
	CHECK_EQ(bt_hist_encode(codec, &back, again, sizeof(again)), len);
	CHECK(memcmp(text, again, (size_t)len) == 0);
	back.min = h->min; /* what the record says */
	back.max = h->max;
	bt_hist_percentiles(h, ps, want, 6);
	bt_hist_percentiles(&back, ps, got, 6);
	for (i = 0; i < 6; i++)
		CHECK_EQ(got[i], want[i]);
	bt_hist_free(&back);
}

static void test_round_trips(void)
{
	struct bt_rng rng;
	struct bt_hist h;
	unsigned d, bits, i;

	bt_rng_seed(&rng, 9);
	for (d = 1; d <= 3; d++)
		for (bits = 1; bits < 64; bits += 3) {
			bt_hist_init(&h, d);
			for (i = 0; i < 300; i++)
				bt_hist_add_n(&h, bt_rng_next(&rng) >> (64 - bits), bt_rng_next(&rng) >> (10 + i % 54));
			check_round_trip(&h);
			bt_hist_free(&h);
		}
}

static void test_edges_round_trip(void)
{
	struct bt_hist h;

	bt_hist_init(&h, 3);
	check_round_trip(&h);
	bt_hist_add(&h, 0);
	check_round_trip(&h);
	bt_hist_add(&h, 1);
	check_round_trip(&h);
	bt_hist_add(&h, BT_HIST_VALUE_MAX);
	check_round_trip(&h);
	bt_hist_add_n(&h, 5, INT64_MAX - 3);
	check_round_trip(&h);
	bt_hist_free(&h);
}

static void test_header_bytes(void)
{
	static const uint8_t want[] = {
		0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 0x0b, 0xb9, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, /* highest 3001: the end of the last bucket */
		1, 4, 1, 2, 0xaf, 0x27, 2 /* -1, 2, -1, 1, -2520, 1 */
	};
	uint8_t packed[256], plain[256];
	uLongf len = sizeof(plain);
	struct bt_hist h;
	char text[256];
	int n;

	bt_hist_init(&h, 3);
	bt_hist_add_n(&h, 1, 2);
	bt_hist_add(&h, 3);
	bt_hist_add(&h, 3000);
	n = bt_hist_encode(codec, &h, text, sizeof(text));
	CHECK(n > 0 && memcmp(text, "HISTFAAA", 8) == 0);
	n = bt_base64_decode(packed, text, (size_t)n);
	CHECK_EQ(packed[7], n - 8);
	CHECK_EQ(uncompress(plain, &len, packed + 8, (uLong)n - 8), Z_OK);
	CHECK_EQ(len, sizeof(want));
	CHECK(memcmp(plain, want, sizeof(want)) == 0);
	bt_hist_free(&h);
}

/* As Java does, one empty bucket: not every reader takes an empty payload. */
static void test_empty_bytes(void)
{
	uint8_t packed[256], plain[256];
	uLongf len = sizeof(plain);
	struct bt_hist h;
	char text[256];
	int n;

	bt_hist_init(&h, 3);
	n = bt_hist_encode(codec, &h, text, sizeof(text));
	CHECK(n > 0);
	n = bt_base64_decode(packed, text, (size_t)n);
	CHECK_EQ(uncompress(plain, &len, packed + 8, (uLong)n - 8), Z_OK);
	CHECK(len == 41 && plain[7] == 1 && plain[31] == 2 && plain[40] == 1);
}

static void test_small_room(void)
{
	struct bt_hist h;
	char *text;
	size_t cap;
	int len;

	bt_hist_init(&h, 2);
	for (cap = 1; cap < 100000; cap = cap * 5 / 4 + 1)
		bt_hist_add_n(&h, cap, cap % 77);
	text = malloc(4096);
	len = bt_hist_encode(codec, &h, text, 4096);
	free(text);
	CHECK(len > 100);
	for (cap = 0; cap <= (size_t)len + 9; cap++) {
		text = malloc(cap + 1); /* exactly sized: a byte too many is seen by ASan */
		CHECK_EQ(bt_hist_encode(codec, &h, text, cap), cap < (size_t)len ? -ENOSPC : len);
		free(text);
	}
	h.n = (uint64_t)INT64_MAX + 1;
	CHECK_EQ(bt_hist_encode(codec, &h, NULL, 0), -EOVERFLOW);
	bt_hist_free(&h);
}

/* V2 plain, V1 and V0 with words of 2, 4 and 8 bytes, plain and compressed: 3 values of 1 and 2 of 3. */
static void test_old_encodings(void)
{
	static const uint64_t counts[] = { 0, 3, 0, 2 };
	struct draft d;
	struct bt_hist h;
	unsigned word, i, version;

	bt_hist_init(&h, 3);
	for (version = 0; version < 2; version++)
		for (word = 2; word <= 8; word *= 2) {
			header(&d, 0x1c849301 | word << 4, word * 4, 2, 1, 4000);
			if (version == 0) {
				d.len = 0;
				put(&d, 0x1c849308 | word << 4, 4);
				put(&d, 2, 4);
				put(&d, 1, 8);
				put(&d, 4000, 8);
				put(&d, 5, 8);
			}
			for (i = 0; i < 4; i++)
				put(&d, counts[i], word);
			CHECK_EQ(decode_draft(&d, &h), 0);
			CHECK(h.n == 5 && h.digits == 2 && h.counts[1] == 3 && h.counts[3] == 2 && h.sum == 9);
			CHECK_EQ(decode_packed(d.data, d.len, (version ? 0x1c849302 : 0x1c849309) | word << 4, 0, &h), 0);
			CHECK(h.n == 5 && h.min == 1 && h.max == 3);
			d.data[d.len - word] = 0x80; /* a negative count */
			CHECK_EQ(decode_draft(&d, &h), -EINVAL);
			CHECK(h.n == 0 && bt_hist_used(&h) == 0);
		}
	header(&d, 0x1c849313, 4, 2, 1, 4000);
	put(&d, 0x01060104, 4);
	CHECK_EQ(decode_draft(&d, &h), 0);
	CHECK(h.n == 5 && h.counts[1] == 3 && h.counts[3] == 2);
	bt_hist_free(&h);
}

/* Layouts that are mostly not ours: bucket 2 * half of every number of digits and some lowest values, three times. */
static void test_foreign_layouts(void)
{
	static const unsigned half_bits[] = { 0, 4, 7, 10, 14, 17 };
	struct draft d;
	struct bt_hist h;
	unsigned digits, unit;
	uint64_t low, width, gap;

	bt_hist_init(&h, 2);
	for (digits = 0; digits <= 5; digits++)
		for (unit = 0; unit <= 40; unit += 10) {
			gap = (2ull << half_bits[digits]) * 2 - 1; /* ZigZag of -2 * half */
			low = (1ull << half_bits[digits]) << (unit + 1);
			width = 2ull << unit;
			header(&d, 0x1c849313, 5, digits, 1ull << unit, INT64_MAX);
			put(&d, 0x80 | (gap & 0x7f), 1);
			put(&d, 0x80 | (gap >> 7 & 0x7f), 1);
			put(&d, 0x80 | (gap >> 14 & 0x7f), 1);
			put(&d, gap >> 21, 1);
			put(&d, 6, 1);
			CHECK_EQ(decode_draft(&d, &h), 0);
			CHECK_EQ(h.n, 3);
			CHECK_EQ(h.digits, unit == 0 && digits > 0 && digits < 4 ? digits : 3);
			CHECK_EQ(h.min, low);
			CHECK_EQ(h.max, low + width - 1);
			CHECK(h.sum == (unsigned __int128)(low + width / 2) * 3);
			CHECK(h.counts[bt_hist_index(&h, low + width / 2)] == 3);
			CHECK(h.len <= 54 << 10);
		}
	bt_hist_free(&h);
}

static void check_bad(struct draft *d, const char *what)
{
	struct bt_hist h;
	unsigned before = unit_failures;

	bt_hist_init(&h, 3);
	bt_hist_add(&h, 777);
	CHECK_EQ(decode_draft(d, &h), -EINVAL);
	CHECK(h.n == 0 && h.sum == 0 && bt_hist_used(&h) == 0 && h.min == UINT64_MAX);
	CHECK_EQ(decode_packed(d->data, d->len, 0x1c849314, 0, &h), -EINVAL);
	if (unit_failures > before)
		printf("# %s\n", what);
	bt_hist_free(&h);
}

static void test_hostile_headers(void)
{
	static const struct {
		const char *what;
		uint32_t cookie, payload, digits;
		uint64_t lowest, highest;
	} bad[] = {
		{ "not a cookie", 0x12345678, 2, 3, 1, 1000 },
		{ "DoubleHistogram", 0x0c72124e, 2, 3, 1, 1000 },
		{ "V2 with another word size", 0x1c849323, 2, 3, 1, 1000 },
		{ "V1 with words of 9 bytes", 0x1c849391, 2, 3, 1, 1000 },
		{ "V1 with words of 0 bytes", 0x1c849301, 2, 3, 1, 1000 },
		{ "compressed in compressed", 0x1c849314, 2, 3, 1, 1000 },
		{ "payload too short", 0x1c849313, 1, 3, 1, 1000 },
		{ "payload too long", 0x1c849313, 3, 3, 1, 1000 },
		{ "payload negative", 0x1c849313, 0x80000002, 3, 1, 1000 },
		{ "digits 6", 0x1c849313, 2, 6, 1, 1000 },
		{ "digits negative", 0x1c849313, 2, 0xffffffff, 1, 1000 },
		{ "lowest 0", 0x1c849313, 2, 3, 0, 1000 },
		{ "lowest negative", 0x1c849313, 2, 3, UINT64_MAX, 1000 },
		{ "highest below twice lowest", 0x1c849313, 2, 3, 501, 1000 },
		{ "highest 1", 0x1c849313, 2, 3, 1, 1 },
		{ "highest 2^63", 0x1c849313, 2, 3, 1, 1ull << 63 },
		{ "no bits left for 5 digits", 0x1c849313, 2, 5, 1ull << 45, INT64_MAX },
	};
	struct draft d;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		header(&d, bad[i].cookie, bad[i].payload, bad[i].digits, bad[i].lowest, bad[i].highest);
		put(&d, 0x0202, 2);
		check_bad(&d, bad[i].what);
	}
	header(&d, 0x1c849313, 0, 3, 1, 1000);
	for (; d.len > 0; d.len--) {
		d.data[7] = (uint8_t)(d.len - 41);
		if (d.len < 40)
			check_bad(&d, "cut header");
	}
}

static void test_hostile_payloads(void)
{
	static const struct {
		const char *what;
		unsigned len;
		uint8_t bytes[24];
	} bad[] = { /* for 1 digit up to 63: 48 buckets */
		{ "count beyond the layout", 2, { 95, 2 } },
		{ "gap beyond the layout", 2, { 97 /* -49 */, 1 } },
		{ "count of zero beyond the layout", 2, { 95 /* -48 */, 0 } },
		{ "gap of 2^63", 9, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
		{ "two gaps that wrap", 18, {
			0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
		{ "total of 2^63", 10, { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 } },
		{ "word cut short", 1, { 0x80 } },
		{ "long word cut short", 8, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80 } },
	};
	struct draft d;
	struct bt_hist h;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		header(&d, 0x1c849313, bad[i].len, 1, 1, 63);
		memcpy(d.data + d.len, bad[i].bytes, bad[i].len);
		d.len += bad[i].len;
		check_bad(&d, bad[i].what);
	}
	bt_hist_init(&h, 3);
	header(&d, 0x1c849313, 2, 1, 1, 63); /* the last bucket is still fine */
	put(&d, 93, 1);
	put(&d, 2, 1);
	CHECK_EQ(decode_draft(&d, &h), 0);
	CHECK(h.n == 1 && h.max == 63);
	header(&d, 0x1c849321, 3, 1, 1, 63); /* V1, one word and a half */
	put(&d, 1, 3);
	check_bad(&d, "half a word");
	bt_hist_free(&h);
}

static void test_hostile_frames(void)
{
	struct draft d;
	struct bt_hist h;
	uint8_t *big;
	char *text;
	size_t len;

	bt_hist_init(&h, 3);
	header(&d, 0x1c849313, 2, 1, 1, 63);
	put(&d, 0x0202, 2);
	CHECK_EQ(decode_packed(d.data, d.len, 0x1c849314, 0, &h), 0);
	CHECK_EQ(decode_packed(d.data, d.len, 0x1c849314, 1, &h), -EINVAL);
	CHECK_EQ(decode_packed(d.data, d.len, 0x1c849314, -1, &h), -EINVAL);
	CHECK_EQ(decode_packed(d.data, d.len - 1, 0x1c849314, 0, &h), -EINVAL);
	CHECK_EQ(decode_packed(d.data, 0, 0x1c849314, 0, &h), -EINVAL);
	CHECK_EQ(decode_packed(d.data, d.len, 0x1c849314, 3, &h), -EINVAL);
	CHECK_EQ(decode("HISTFAAAAAA=", &h), -EINVAL);
	CHECK_EQ(decode("HISTFA==", &h), -EINVAL);
	CHECK_EQ(decode("", &h), -EINVAL);
	len = sizeof(FOREIGN) - 1;
	text = strdup(FOREIGN);
	for (; len > 0; len--)
		CHECK_EQ(bt_hist_decode(codec, text, len - 1, &h), -EINVAL);
	text[60] = text[60] == 'A' ? 'B' : 'A';
	CHECK_EQ(decode(text, &h), -EINVAL);
	free(text);
	big = calloc(1, 5 << 20); /* a bomb: 5 MiB of zeros in 5 KiB */
	memcpy(big, d.data, d.len);
	CHECK_EQ(decode_packed(big, 5 << 20, 0x1c849314, 0, &h), -E2BIG);
	CHECK_EQ(decode_packed(big, (4 << 20) + 1, 0x1c849314, 0, &h), -E2BIG);
	CHECK_EQ(decode_packed(big, 4 << 20, 0x1c849314, 0, &h), -EINVAL);
	free(big);
	CHECK_EQ(decode(FOREIGN, &h), 0); /* and the codec still works */
	CHECK_EQ(h.n, 741);
	bt_hist_free(&h);
}

/* 100,000 log-normal latencies must leave room in a record with at least 2 digits. */
static void test_size_of_typical(void)
{
	static const double sigmas[] = { 0.1, 0.2, 0.5, 1.0 };
	char text[8192];
	struct bt_rng rng;
	struct bt_hist h;
	unsigned i, s;

	bt_rng_seed(&rng, 11);
	for (s = 0; s < 4; s++) {
		bt_hist_init(&h, 3);
		for (i = 0; i < 100000; i++)
			bt_hist_add(&h, (uint64_t)(2e4 * exp(sigmas[s] * sqrt(-2 * log(bt_rng_unit(&rng))) *
				cos(6.283185307179586 * bt_rng_unit(&rng)))));
		if (s > 1)
			bt_hist_reduce(&h, 2);
		CHECK(bt_hist_encode(codec, &h, text, 3072) > 0);
		bt_hist_free(&h);
	}
}

static const struct unit_test tests[] = {
	{ "base64 is strict", test_base64 },
	{ "decodes a foreign histogram", test_foreign_log },
	{ "round trips", test_round_trips },
	{ "round trips of edges: empty, 0, 2^63-1, most counts", test_edges_round_trip },
	{ "bytes of the encoding", test_header_bytes },
	{ "bytes of the empty encoding", test_empty_bytes },
	{ "fits or says so", test_small_room },
	{ "V0 and V1", test_old_encodings },
	{ "foreign layouts are counted again", test_foreign_layouts },
	{ "hostile headers", test_hostile_headers },
	{ "hostile payloads", test_hostile_payloads },
	{ "hostile frames", test_hostile_frames },
	{ "a typical histogram fits a record", test_size_of_typical },
	{ NULL, NULL }
};

static int tool_encode(unsigned digits)
{
	static char text[1 << 20];
	struct bt_hist h;
	unsigned long long v;
	int len;

	bt_hist_init(&h, digits);
	while (scanf("%llu", &v) == 1)
		bt_hist_add(&h, v);
	len = bt_hist_encode(codec, &h, text, sizeof(text));
	bt_hist_free(&h);
	return len < 0 || printf("%.*s\n", len, text) < 0;
}

static int tool_decode(void)
{
	static const double ps[] = { 0, 10, 50, 90, 99, 99.9, 100 };
	static char text[1 << 20];
	struct bt_hist h;
	size_t len = fread(text, 1, sizeof(text), stdin), i;
	const char *comma = "";
	int rc;

	while (len > 0 && text[len - 1] == '\n')
		len--;
	bt_hist_init(&h, 3);
	rc = bt_hist_decode(codec, text, len, &h);
	if (rc != 0) {
		fprintf(stderr, "histcodec: %s\n", strerror(-rc));
		return 1;
	}
	printf("{\"n\":%llu,\"min\":%llu,\"max\":%llu,\"digits\":%u,\"p\":[", (unsigned long long)h.n,
		(unsigned long long)h.min, (unsigned long long)h.max, h.digits);
	for (i = 0; i < sizeof(ps) / sizeof(*ps); i++)
		printf("%s%llu", i ? "," : "", (unsigned long long)bt_hist_percentile(&h, ps[i]));
	printf("],\"buckets\":[");
	for (i = 0; i < bt_hist_used(&h); i++) {
		if (h.counts[i] == 0)
			continue;
		printf("%s[%llu,%llu]", comma, (unsigned long long)bt_hist_high(&h, (uint32_t)i), (unsigned long long)h.counts[i]);
		comma = ",";
	}
	printf("]}\n");
	bt_hist_free(&h);
	return 0;
}

int main(int argc, char **argv)
{
	int rc;

	codec = bt_histcodec_new();
	if (!codec)
		return 1;
	if (argc == 3 && strcmp(argv[1], "--encode") == 0)
		rc = tool_encode((unsigned)strtoul(argv[2], NULL, 10));
	else if (argc == 2 && strcmp(argv[1], "--decode") == 0)
		rc = tool_decode();
	else
		rc = unit_main(tests, argc, argv);
	bt_histcodec_free(codec);
	bt_histcodec_free(NULL);
	return rc;
}
