/* SPDX-License-Identifier: ISC
 *
 * histcodec - HdrHistogram's encodings as base64 text (see histcodec.h for the bytes).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base64.h"
#include "histcodec.h"

#define COOKIE_V2 0x1c849313u
#define COOKIE_V2_ZLIB 0x1c849314u
#define COOKIE_V1 0x1c849301u /* V1 and V0 carry the size of a word in bits 4..7 */
#define COOKIE_V1_ZLIB 0x1c849302u
#define COOKIE_V0 0x1c849308u
#define COOKIE_V0_ZLIB 0x1c849309u

#define HEADER_V0 32
#define HEADER_V2 40  /* V1 has the same */
#define FRAME 8       /* cookie and length before the zlib stream */
#define WORD_MAX 9    /* bytes of one ZigZag LEB128-64b9B word */
#define PLAIN_MAX (4u << 20)
#define TEXT_MAX (6u << 20) /* more base64 than PLAIN_MAX bytes that do not compress */

/*
 * Neighbouring counts hardly ever repeat as strings but have a skewed distribution: what deflate gains is nearly all in its
 * Huffman codes. For 100,000 log-normal latencies around 20 us (sigma 0.25, 3 digits, 2359 buckets in use) on a 2.6 GHz Xeon
 * with zlib 1.2.13: level 1 3076 bytes of base64 in 33 us, level 6 3064 in 47, Z_HUFFMAN_ONLY 3292 in 27.
 * A window of 2^9 costs 16 us for sliding it. MEM_LEVEL 6 makes blocks of 4096 symbols, mostly one; 5 is 0.5 % smaller and
 * 6 us slower. One stream owns 70 KB.
 */
#define LEVEL 1
#define WINDOW_BITS 13
#define MEM_LEVEL 6

struct bytes {
	uint8_t *data;
	size_t cap;
};

struct bt_histcodec {
	z_stream deflate, inflate;
	struct bytes plain, packed;
};

/* What a header says about the buckets behind it. */
struct layout {
	unsigned digits;
	unsigned unit;      /* log2 of the width of the narrowest buckets */
	unsigned half_bits; /* as in struct bt_hist */
	unsigned word;      /* bytes of a count, 0: ZigZag LEB128 */
	uint64_t len;       /* buckets */
	bool ours;          /* the same buckets as in a struct bt_hist */
};

static int room(struct bytes *b, size_t cap)
{
	uint8_t *data;

	if (cap <= b->cap)
		return 0;
	data = realloc(b->data, cap);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

struct bt_histcodec *bt_histcodec_new(void)
{
	struct bt_histcodec *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	if (deflateInit2(&c->deflate, LEVEL, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(c);
		return NULL;
	}
	if (inflateInit(&c->inflate) != Z_OK) {
		deflateEnd(&c->deflate);
		free(c);
		return NULL;
	}
	return c;
}

void bt_histcodec_free(struct bt_histcodec *c)
{
	if (!c)
		return;
	deflateEnd(&c->deflate);
	inflateEnd(&c->inflate);
	free(c->plain.data);
	free(c->packed.data);
	free(c);
}

static uint8_t *put_be(uint8_t *p, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		*p++ = (uint8_t)(v >> (8 * bytes));
	return p;
}

static uint64_t get_be(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* ZigZag LEB128-64b9B: seven bits a byte, lowest first; a ninth byte holds eight. */
static uint8_t *put_word(uint8_t *p, int64_t v)
{
	uint64_t z = ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
	unsigned i;

	for (i = 0; i < WORD_MAX - 1 && z >= 0x80; i++) {
		*p++ = (uint8_t)(z | 0x80);
		z >>= 7;
	}
	*p++ = (uint8_t)z;
	return p;
}

/* Returns the bytes read, 0 when the word goes on beyond end. */
static unsigned get_word(const uint8_t *p, const uint8_t *end, int64_t *v)
{
	uint64_t z = 0;
	unsigned i;

	for (i = 0; i < WORD_MAX && p + i < end; i++) {
		if (i == WORD_MAX - 1 || p[i] < 0x80) {
			z |= (uint64_t)p[i] << (7 * i);
			*v = (int64_t)((z >> 1) ^ -(z & 1));
			return i + 1;
		}
		z |= (uint64_t)(p[i] & 0x7f) << (7 * i);
	}
	return 0;
}

static size_t put_payload(uint8_t *start, const struct bt_hist *h, uint32_t used)
{
	uint8_t *p = start;
	uint32_t i, zeros = 0;

	for (i = 0; i < used; i++) {
		if (h->counts[i] == 0) {
			zeros++;
			continue;
		}
		if (zeros > 0)
			p = put_word(p, -(int64_t)zeros);
		zeros = 0;
		p = put_word(p, (int64_t)h->counts[i]);
	}
	if (used == 0)
		p = put_word(p, -1);
	return (size_t)(p - start);
}

/* highest is the end of the last bucket in use: the smallest that covers all, and readers allocate by it. No
 * implementation takes less than 2. */
static size_t put_plain(uint8_t *start, const struct bt_hist *h, uint32_t used)
{
	uint64_t highest = used > 0 ? bt_hist_high(h, used - 1) : 0;
	size_t len = put_payload(start + HEADER_V2, h, used);
	uint8_t *p = start;

	p = put_be(p, COOKIE_V2, 4);
	p = put_be(p, len, 4);
	p = put_be(p, 0, 4);
	p = put_be(p, h->digits, 4);
	p = put_be(p, 1, 8);
	p = put_be(p, highest < 2 ? 2 : highest, 8);
	put_be(p, 0x3ff0000000000000, 8); /* 1.0 */
	return HEADER_V2 + len;
}

int bt_hist_encode(struct bt_histcodec *c, const struct bt_hist *h, char *out, size_t cap)
{
	uint32_t used = bt_hist_used(h);
	size_t len, limit = cap / 4 * 3;

	if (h->n > INT64_MAX)
		return -EOVERFLOW;
	if (limit <= FRAME)
		return -ENOSPC;
	if (room(&c->plain, HEADER_V2 + WORD_MAX * ((size_t)used + 1)) != 0)
		return -ENOMEM;
	len = put_plain(c->plain.data, h, used);
	deflateReset(&c->deflate);
	if (limit > FRAME + deflateBound(&c->deflate, len))
		limit = FRAME + deflateBound(&c->deflate, len);
	if (room(&c->packed, limit) != 0)
		return -ENOMEM;
	c->deflate.next_in = c->plain.data;
	c->deflate.avail_in = (uInt)len;
	c->deflate.next_out = c->packed.data + FRAME;
	c->deflate.avail_out = (uInt)(limit - FRAME);
	if (deflate(&c->deflate, Z_FINISH) != Z_STREAM_END)
		return -ENOSPC;
	put_be(put_be(c->packed.data, COOKIE_V2_ZLIB, 4), c->deflate.total_out, 4);
	return (int)bt_base64_encode(out, c->packed.data, FRAME + c->deflate.total_out);
}

/* Inflate len bytes of packed behind its frame into plain. Returns the length or -errno. */
static int unpack(struct bt_histcodec *c, size_t len)
{
	z_stream *z = &c->inflate;
	size_t cap = c->plain.cap > 16384 ? c->plain.cap : 16384;
	int rc;

	if (get_be(c->packed.data + 4, 4) != len - FRAME)
		return -EINVAL;
	inflateReset(z);
	z->next_in = c->packed.data + FRAME;
	z->avail_in = (uInt)(len - FRAME);
	for (;;) {
		cap = cap < PLAIN_MAX ? cap : PLAIN_MAX;
		if (room(&c->plain, cap) != 0)
			return -ENOMEM;
		z->next_out = c->plain.data + z->total_out;
		z->avail_out = (uInt)(cap - z->total_out);
		rc = inflate(z, Z_FINISH);
		if (rc == Z_STREAM_END)
			return z->avail_in == 0 ? (int)z->total_out : -EINVAL;
		if (rc == Z_MEM_ERROR)
			return -ENOMEM;
		if ((rc != Z_BUF_ERROR && rc != Z_OK) || z->avail_out > 0)
			return -EINVAL;
		if (cap == PLAIN_MAX)
			return -E2BIG;
		cap *= 2;
	}
}

/* The same limits as in Java: lowest >= 1, highest >= 2 * lowest, and the linear part must fit 62 bits. */
static int make_layout(struct layout *l, uint64_t digits, uint64_t lowest, uint64_t highest)
{
	static const uint8_t half_bits_of[] = { 0, 4, 7, 10, 14, 17 };
	unsigned top;

	if (digits > 5 || lowest < 1 || lowest > INT64_MAX / 2 || highest < 2 * lowest || highest > INT64_MAX)
		return -EINVAL;
	l->digits = (unsigned)digits;
	l->half_bits = half_bits_of[digits];
	l->unit = 63 ^ (unsigned)__builtin_clzll(lowest);
	top = l->unit + l->half_bits;
	if (top > 61)
		return -EINVAL;
	l->ours = l->unit == 0 && digits >= 1 && digits <= 3;
	l->len = (((63 ^ (unsigned)__builtin_clzll(highest | 1ull << top)) - top) + 2ull) << l->half_bits;
	return 0;
}

/* The normalizing offset and the ratio mean nothing for counts of integers, as in Java, and writers disagree on them:
 * hdr-histogram-js has offset 1 and the ratio as an integer. Returns the length of the header at p, of which len bytes
 * exist, or -EINVAL. */
static int get_header(const uint8_t *p, size_t len, struct layout *l)
{
	uint32_t cookie;
	bool v0;

	if (len < HEADER_V0)
		return -EINVAL;
	cookie = (uint32_t)get_be(p, 4);
	l->word = cookie >> 4 & 15;
	v0 = (cookie & ~0xf0u) == COOKIE_V0;
	if (cookie == COOKIE_V2)
		l->word = 0;
	else if ((!v0 && (cookie & ~0xf0u) != COOKIE_V1) || (l->word != 2 && l->word != 4 && l->word != 8))
		return -EINVAL;
	if (v0)
		return make_layout(l, get_be(p + 4, 4), get_be(p + 8, 8), get_be(p + 16, 8)) == 0 ? HEADER_V0 : -EINVAL;
	if (len < HEADER_V2 || get_be(p + 4, 4) != len - HEADER_V2)
		return -EINVAL;
	return make_layout(l, get_be(p + 12, 4), get_be(p + 16, 8), get_be(p + 24, 8)) == 0 ? HEADER_V2 : -EINVAL;
}

/* One word: a count, or -n for n empty buckets, which only V2 has. */
static unsigned next_word(const struct layout *l, const uint8_t *p, const uint8_t *end, int64_t *v)
{
	if (l->word == 0)
		return get_word(p, end, v);
	if ((size_t)(end - p) < l->word)
		return 0;
	*v = (int64_t)get_be(p, l->word);
	return *v < 0 || *v >> (8 * l->word - 1) != 0 ? 0 : l->word;
}

static void restart(struct bt_hist *h, unsigned digits)
{
	if (digits == h->digits) {
		bt_hist_reset(h);
		return;
	}
	bt_hist_free(h);
	bt_hist_init(h, digits);
}

/* Smallest value of bucket i; *width receives how many it has. */
static uint64_t bucket(const struct layout *l, uint64_t i, uint64_t *width)
{
	uint64_t half = 1ull << l->half_bits, power = i >> l->half_bits;
	unsigned shift = l->unit + (unsigned)(power > 0 ? power - 1 : 0);

	*width = 1ull << shift;
	return (power > 0 ? half + (i & (half - 1)) : i) << shift;
}

/* Count what the words at p say. Memory grows with the values met, never by what the layout could hold. */
static int get_payload(const struct layout *l, const uint8_t *p, const uint8_t *end, struct bt_hist *h)
{
	uint64_t i = 0, n, low, width, middle;
	uint32_t own;
	unsigned used;
	int64_t v;

	for (; p < end; p += used, i += n) {
		used = next_word(l, p, end, &v);
		if (used == 0)
			return -EINVAL;
		n = v < 0 ? -(uint64_t)v : 1;
		if (n > l->len - i || (v > 0 && h->n > INT64_MAX - (uint64_t)v))
			return -EINVAL;
		if (v <= 0)
			continue;
		low = bucket(l, i, &width);
		middle = low + width / 2;
		own = l->ours ? (uint32_t)i : bt_hist_index(h, middle);
		if (own >= h->len && bt_hist_reserve(h, middle) != 0)
			return -ENOMEM;
		h->counts[own] += (uint64_t)v;
		h->sum += (unsigned __int128)middle * (uint64_t)v;
		h->min = h->n > 0 ? h->min : low;
		h->max = low + width - 1;
		h->n += (uint64_t)v;
	}
	return 0;
}

static int decode(struct bt_histcodec *c, const char *text, size_t len, struct bt_hist *h)
{
	const struct bytes *from = &c->packed;
	struct layout layout;
	uint32_t cookie;
	int n, header;

	if (len > TEXT_MAX)
		return -E2BIG;
	if (room(&c->packed, len / 4 * 3 + 4) != 0)
		return -ENOMEM;
	n = bt_base64_decode(c->packed.data, text, len);
	if (n < FRAME)
		return -EINVAL;
	cookie = (uint32_t)get_be(c->packed.data, 4);
	if (cookie == COOKIE_V2_ZLIB || (cookie & ~0xf0u) == COOKIE_V1_ZLIB || (cookie & ~0xf0u) == COOKIE_V0_ZLIB) {
		from = &c->plain;
		n = unpack(c, (size_t)n);
	}
	if (n < 0)
		return n;
	if (n > (int)PLAIN_MAX)
		return -E2BIG;
	header = get_header(from->data, (size_t)n, &layout);
	if (header < 0)
		return header;
	restart(h, layout.ours ? layout.digits : 3);
	return get_payload(&layout, from->data + header, from->data + n, h);
}

int bt_hist_decode(struct bt_histcodec *c, const char *text, size_t len, struct bt_hist *h)
{
	int rc = decode(c, text, len, h);

	if (rc != 0)
		bt_hist_reset(h);
	return rc;
}
