/* SPDX-License-Identifier: ISC
 *
 * jsonval - what the keys, strings and numbers of a scanned JSON line stand for.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "json.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t put_utf8(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The \uXXXX at p as a number, or 0 (no surrogate) when there is none. */
static uint32_t hex4(const char *p, const char *end)
{
	uint32_t c = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return 0;
	for (int i = 2; i < 6; i++)
		c = c << 4 | (uint32_t)(hex_value(p[i]) & 15);
	return c;
}

static size_t unescape_unicode(const char **text, const char *end, char out[4])
{
	uint32_t c = hex4(*text, end), low;

	*text += 6;
	if (c >= 0xd800 && c < 0xdc00) {
		low = hex4(*text, end);
		if (low >= 0xdc00 && low < 0xe000) {
			*text += 6;
			return put_utf8(0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00)), out);
		}
	}
	return put_utf8(c >= 0xd800 && c < 0xe000 ? 0xfffd : c, out);
}

size_t bt_json_unescape_next(const char **text, const char *end, char out[4])
{
	static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *name;

	out[0] = *(*text)++;
	if (out[0] != '\\' || *text == end)
		return 1;
	if (**text == 'u') {
		(*text)--;
		return unescape_unicode(text, end, out);
	}
	out[0] = *(*text)++;
	name = memchr(names, out[0], sizeof(names) - 1);
	if (name)
		out[0] = bytes[name - names];
	return 1;
}

size_t bt_json_unescape(const char *text, size_t len, char *out)
{
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		char piece[4];
		size_t got = bt_json_unescape_next(&text, end, piece);

		memcpy(out + n, piece, got);
		n += got;
	}
	out[n] = '\0';
	return n;
}

/* The next bytes of a string: one, or what an escape stands for. */
static size_t next_bytes(const char **text, const char *end, bool escaped, char out[4])
{
	if (escaped)
		return bt_json_unescape_next(text, end, out);
	out[0] = *(*text)++;
	return 1;
}

static int compare_escaped(const struct bt_json_field *a, const struct bt_json_field *b)
{
	const char *ta = a->key, *tb = b->key, *a_end = ta + a->key_len, *b_end = tb + b->key_len;
	size_t na = 0, nb = 0, ia = 0, ib = 0;
	char pa[4], pb[4];

	for (;; ia++, ib++) {
		if (ia == na && ta < a_end) {
			na = next_bytes(&ta, a_end, a->key_escaped, pa);
			ia = 0;
		}
		if (ib == nb && tb < b_end) {
			nb = next_bytes(&tb, b_end, b->key_escaped, pb);
			ib = 0;
		}
		if (ia == na || ib == nb)
			return (ia < na) - (ib < nb);
		if (pa[ia] != pb[ib])
			return (unsigned char)pa[ia] < (unsigned char)pb[ib] ? -1 : 1;
	}
}

int bt_json_compare_keys(const struct bt_json_field *a, const struct bt_json_field *b)
{
	size_t least = a->key_len < b->key_len ? a->key_len : b->key_len;
	int order;

	if (a->key_escaped || b->key_escaped)
		return compare_escaped(a, b);
	order = memcmp(a->key, b->key, least);
	return order ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

/*
 * Digits that decide a rounding: the longest decimal half way between two doubles has 767 significant digits, so that 768
 * and one more that tells whether anything follows are as good as all.
 */
#define DIGITS_MAX 768

/* A number taken apart: digits * 10^exponent, leading zeros dropped. */
struct decimal {
	bool negative, plain; /* plain: neither fraction nor exponent */
	size_t n;             /* digits */
	uint64_t head;        /* the first 19 of them */
	int64_t exponent;
};

/* The exponent behind an 'e', saturating far beyond what a line of digits can make up for. */
static int64_t take_exponent(const char *p, const char *end)
{
	bool negative = p < end && *p == '-';
	int64_t v = 0;

	for (p += p < end && (*p == '-' || *p == '+'); p < end; p++)
		if (v < 1000000000000)
			v = v * 10 + (*p - '0');
	return negative ? -v : v;
}

static void take_apart(const char *p, const char *end, struct decimal *d)
{
	bool fraction = false;

	memset(d, 0, sizeof(*d));
	d->negative = p < end && *p == '-';
	for (p += d->negative; p < end && (is_digit(*p) || *p == '.'); p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		if (d->n < 19)
			d->head = d->head * 10 + (uint64_t)(*p - '0');
		d->n += d->n || *p != '0';
		d->exponent -= fraction;
	}
	d->plain = p == end && !fraction;
	if (p < end)
		d->exponent += take_exponent(p + 1, end);
}

/* An integer of at most 127 bits; false for a longer one. */
static bool whole_number(const char *p, const char *end, const struct decimal *d, __int128 *out)
{
	unsigned __int128 v = d->head;

	if (!d->plain || d->n > 39)
		return false;
	for (p = end - (d->n > 19 ? d->n - 19 : 0); p < end; p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (unsigned)(*p - '0'), &v))
			return false;
	if (v >> 127)
		return false;
	*out = d->negative ? -(__int128)v : (__int128)v;
	return true;
}

/* v * 10^-k, correctly rounded: the quotient has at least 63 bits and its last one stands for the remainder as well. */
static double divide(uint64_t v, unsigned k)
{
	static const uint64_t tens[] = {
		1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u, 10000000000u,
		100000000000u, 1000000000000u, 10000000000000u, 100000000000000u, 1000000000000000u, 10000000000000000u,
		100000000000000000u, 1000000000000000000u, 10000000000000000000u
	};
	unsigned shift = (unsigned)__builtin_clzll(v);
	unsigned __int128 all = (unsigned __int128)(v << shift) << 64, q = all / tens[k];

	q |= q * tens[k] != all;
	return ldexp((double)q, -(int)shift - 64);
}

/* Anything, through the C library. Digits beyond the limit are replaced by a 1 if any of them is not 0. */
static double round_slowly(const char *p, const char *end, const struct decimal *d)
{
	char text[DIGITS_MAX + 32];
	size_t kept = 0;
	bool rest = false;
	int64_t exponent;

	for (; p < end && *p != 'e' && *p != 'E'; p++) {
		if (!is_digit(*p) || (kept == 0 && *p == '0'))
			continue;
		if (kept < DIGITS_MAX)
			text[kept++] = *p;
		else
			rest |= *p != '0';
	}
	if (rest)
		text[kept++] = '1';
	exponent = d->exponent + (int64_t)(d->n - kept);
	exponent = exponent > 99999 ? 99999 : exponent < -99999 ? -99999 : exponent;
	text[kept] = 'e';
	text[kept + 1 + bt_fmt_i64(text + kept + 1, exponent)] = '\0';
	return strtod(text, NULL);
}

/* The size of a number that is no integer. Both factors of the first two are exact doubles (Clinger 1990). */
static double rounded(const char *p, const char *end, const struct decimal *d)
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
		1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	bool exact = d->n <= 19 && d->head <= 1ull << 53;

	if (d->n == 0)
		return 0;
	if (exact && d->exponent <= 0 && d->exponent >= -22)
		return (double)d->head / tens[-d->exponent];
	if (exact && d->exponent > 0 && d->exponent <= 22)
		return (double)d->head * tens[d->exponent];
	if (d->n <= 19 && d->exponent <= 0 && d->exponent >= -19)
		return divide(d->head, (unsigned)-d->exponent);
	return round_slowly(p, end, d);
}

int bt_json_number(const char *text, size_t len, struct bt_number *out)
{
	const char *end = text + len;
	struct decimal d;
	double f;

	take_apart(text, end, &d);
	out->i = 0;
	out->integer = whole_number(text, end, &d, &out->i);
	if (out->integer)
		f = (double)(out->i < 0 ? -out->i : out->i);
	else
		f = rounded(text, end, &d);
	out->f = d.negative ? -f : f;
	return isinf(f) ? -ERANGE : 0;
}
