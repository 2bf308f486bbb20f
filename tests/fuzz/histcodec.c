/* SPDX-License-Identifier: ISC
 *
 * histcodec - fuzz target: hostile histograms. The first byte of the input says what the rest is: 't' the text itself, 'p'
 * the plain encoding, 'z' the same to be compressed first, so that mutations get past base64 and the checksum of zlib.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base64.h"
#include "fuzz.h"
#include "histcodec.h"

#define BUCKETS_MAX 55296 /* of 3 digits and 63 bits */

static void must(int condition)
{
	if (!condition)
		abort();
}

static void check(struct bt_histcodec *c, const struct bt_hist *h)
{
	static const double ps[] = { 0, 1, 50, 90, 99, 99.9, 100 };
	static char text[1 << 20];
	struct bt_hist copy, coarse;
	uint64_t at[7], total = 0;
	uint32_t i;
	int len;

	must(h->len <= BUCKETS_MAX && h->n <= INT64_MAX && h->clamped == 0 && h->dropped == 0);
	for (i = 0; i < h->len; i++)
		total += h->counts[i];
	must(total == h->n);
	bt_hist_percentiles(h, ps, at, 7);
	for (i = 0; h->n > 0 && i < 7; i++)
		must(at[i] >= h->min && at[i] <= h->max && (i == 0 || at[i] >= at[i - 1]));
	len = bt_hist_encode(c, h, text, sizeof(text));
	must(len > 0);
	bt_hist_init(&copy, 1);
	must(bt_hist_decode(c, text, (size_t)len, &copy) == 0);
	must(copy.n == h->n && copy.digits == h->digits && bt_hist_used(&copy) == bt_hist_used(h));
	for (i = 0; i < bt_hist_used(h); i++)
		must(copy.counts[i] == h->counts[i]);
	bt_hist_init(&coarse, 2);
	must(bt_hist_merge(&coarse, h) == 0 && coarse.n == h->n);
	bt_hist_free(&coarse);
	bt_hist_free(&copy);
}

static size_t pack(uint8_t *out, size_t cap, const uint8_t *data, size_t size)
{
	static const uint8_t cookie[4] = { 0x1c, 0x84, 0x93, 0x14 };
	uLongf len = cap - 8;

	must(compress2(out + 8, &len, data, size, 1) == Z_OK);
	memcpy(out, cookie, 4);
	out[4] = (uint8_t)(len >> 24);
	out[5] = (uint8_t)(len >> 16);
	out[6] = (uint8_t)(len >> 8);
	out[7] = (uint8_t)len;
	return len + 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packed[1 << 17];
	static char text[1 << 18];
	struct bt_histcodec *c = bt_histcodec_new();
	struct bt_hist h;
	char *copy;
	size_t len;
	int rc;

	must(c != NULL);
	bt_hist_init(&h, 3);
	bt_hist_add(&h, 12345);
	if (size > 0 && size <= FUZZ_INPUT_MAX && *data != 't') {
		len = *data == 'z' ? pack(packed, sizeof(packed), data + 1, size - 1) : size - 1;
		len = bt_base64_encode(text, *data == 'z' ? packed : data + 1, len);
		copy = malloc(len + 1);
		must(copy != NULL);
		memcpy(copy, text, len);
		rc = bt_hist_decode(c, copy, len, &h);
		free(copy);
	} else {
		rc = bt_hist_decode(c, (const char *)data + (size > 0), size - (size > 0), &h);
	}
	must(rc == 0 || rc == -EINVAL || rc == -E2BIG);
	must(rc == 0 || h.n == 0);
	if (rc == 0)
		check(c, &h);
	bt_hist_free(&h);
	bt_histcodec_free(c);
	return 0;
}

#define BE64(v) 0, 0, 0, 0, (v) >> 24 & 255, (v) >> 16 & 255, (v) >> 8 & 255, (v) & 255
#define HEADER_V2(kind, len, digits, low, high...) \
	kind, 0x1c, 0x84, 0x93, 0x13, 0, 0, 0, len, 0, 0, 0, 0, 0, 0, 0, digits, BE64(low), high, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0
#define VALUE_MAX 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

/* A few counts and gaps; the whole range in 3 and 5 digits behind a long gap; one count of 2^63-1; a gap of 2^63. */
static const uint8_t plain_small[] = { HEADER_V2('p', 8, 3, 1, BE64(4095)), 2, 4, 1, 6, 0x80, 0x10, 5, 2 };
static const uint8_t zlib_small[] = { HEADER_V2('z', 8, 2, 1000, BE64(3600000)), 2, 4, 1, 6, 0x80, 0x10, 5, 2 };
static const uint8_t wide_3[] = { HEADER_V2('z', 4, 3, 1, VALUE_MAX), 0xfd, 0xdf, 0x06, 2 };
static const uint8_t wide_5[] = { HEADER_V2('p', 5, 5, 1, VALUE_MAX), 0xff, 0xff, 0xff, 0x02, 2 };
static const uint8_t huge_count[] = {
	HEADER_V2('z', 9, 1, 1, BE64(2)), 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
};
static const uint8_t huge_gap[] = { HEADER_V2('p', 9, 1, 1, BE64(2)), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t plain_v0[] = {
	'p', 0x1c, 0x84, 0x93, 0x28, 0, 0, 0, 2, BE64(1), BE64(1023), BE64(3), 0, 1, 0, 0, 0, 2
};
static const uint8_t plain_v1[] = {
	'p', 0x1c, 0x84, 0x93, 0x41, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, BE64(1), BE64(1023), 0x3f, 0xf0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 7, 0, 0, 0, 9
};

static const struct fuzz_seed seeds[] = {
	FUZZ_TEXT("tHISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI="),
	{ plain_small, sizeof(plain_small) }, { zlib_small, sizeof(zlib_small) }, { wide_3, sizeof(wide_3) },
	{ wide_5, sizeof(wide_5) }, { huge_count, sizeof(huge_count) }, { huge_gap, sizeof(huge_gap) },
	{ plain_v0, sizeof(plain_v0) }, { plain_v1, sizeof(plain_v1) }, { NULL, 0 }
};

FUZZ_MAIN(seeds)
