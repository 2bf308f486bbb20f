/* SPDX-License-Identifier: ISC
 *
 * fmt - numbers as text, fast and without locale.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"

#define TEN19 10000000000000000000u /* the largest power of ten in 64 bits */

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051"
	"52535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697989900";

static const uint64_t tens[] = {
	1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u, 10000000000u, 100000000000u,
	1000000000000u, 10000000000000u, 100000000000000u, 1000000000000000u, 10000000000000000u, 100000000000000000u,
	1000000000000000000u, TEN19
};

/* Decimal digits of v; 1233/4096 is log10(2) from above. */
static unsigned digits_of(uint64_t v)
{
	unsigned guess = (64 - (unsigned)__builtin_clzll(v | 1)) * 1233 >> 12;

	return guess + (v >= tens[guess]) + (v == 0);
}

/* Exactly width digits, zeros in front. */
static void put_padded(char *p, uint64_t v, unsigned width)
{
	for (; width >= 2; width -= 2, v /= 100)
		memcpy(p + width - 2, pairs + v % 100 * 2, 2);
	if (width)
		*p = (char)('0' + v);
}

size_t bt_fmt_u64(char *p, uint64_t v)
{
	unsigned len = digits_of(v);

	put_padded(p, v, len);
	return len;
}

size_t bt_fmt_i64(char *p, int64_t v)
{
	if (v >= 0)
		return bt_fmt_u64(p, (uint64_t)v);
	*p = '-';
	return 1 + bt_fmt_u64(p + 1, 0 - (uint64_t)v);
}

size_t bt_fmt_i128(char *p, __int128 v)
{
	unsigned __int128 size = v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v;
	size_t len = 0;

	if (v < 0)
		p[len++] = '-';
	if (size < TEN19)
		return len + bt_fmt_u64(p + len, (uint64_t)size);
	len += bt_fmt_u64(p + len, (uint64_t)(size / TEN19));
	put_padded(p + len, (uint64_t)(size % TEN19), 19);
	return len + 19;
}

size_t bt_fmt_time(char *p, int64_t us)
{
	uint64_t size = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
	size_t len = 0;

	if (us < 0)
		p[len++] = '-';
	len += bt_fmt_u64(p + len, size / 1000000);
	p[len] = '.';
	put_padded(p + len + 1, size % 1000000, 6);
	return len + 7;
}

/*
 * The fewest digits that tell frac * 2^-k from its neighbours, and of those the nearest, on a tie the even: free-format
 * generation in fixed point (Steele and White 1990), the rest f and half the distance to a neighbour kept exactly. There
 * is no carry to propagate: a digit 9 that could be rounded up would have ended the loop one digit earlier, and the next
 * integer is more than half an ulp away. A power of two is nearer to its lower neighbour, but 2^-1..2^-16 end long before
 * that matters. 60 bits of fraction do for k <= 58, that is from 2^-6 on; 120 bits for the rest.
 */
static size_t put_fraction(char *p, uint64_t frac, unsigned k)
{
	const uint64_t one = 1ull << 60;
	uint64_t f = frac << (60 - k), near = one >> (k + 1);
	size_t len = 0;

	for (;;) {
		f *= 10;
		near *= 10;
		p[len++] = (char)('0' + (f >> 60));
		f &= one - 1;
		if (f < near || f + near > one)
			break;
	}
	p[len - 1] = (char)(p[len - 1] + (f > one / 2 || (f == one / 2 && p[len - 1] & 1)));
	return len;
}

static size_t put_small_fraction(char *p, uint64_t frac, unsigned k)
{
	const unsigned __int128 one = (unsigned __int128)1 << 120;
	unsigned __int128 f = (unsigned __int128)frac << (120 - k), near = one >> (k + 1);
	size_t len = 0;

	for (;;) {
		f *= 10;
		near *= 10;
		p[len++] = (char)('0' + (int)(f >> 120));
		f &= one - 1;
		if (f < near || f + near > one)
			break;
	}
	p[len - 1] = (char)(p[len - 1] + (f > one / 2 || (f == one / 2 && p[len - 1] & 1)));
	return len;
}

/* A double that is no integer, 1e-5 <= v < 2^53: mantissa * 2^-k with k in 1..69. */
static size_t put_fixed(char *p, double v)
{
	uint64_t bits, mantissa, whole;
	unsigned k;
	size_t len;

	memcpy(&bits, &v, sizeof(bits));
	mantissa = (bits & ((1ull << 52) - 1)) | 1ull << 52;
	k = 1075 - (unsigned)(bits >> 52);
	whole = k < 64 ? mantissa >> k : 0;
	len = bt_fmt_u64(p, whole);
	p[len++] = '.';
	if (k <= 58)
		return len + put_fraction(p + len, mantissa - (whole << k), k);
	return len + put_small_fraction(p + len, mantissa, k);
}

size_t bt_fmt_f64(char *p, double v)
{
	double size = fabs(v);
	size_t len = 0;

	if (!isfinite(v)) {
		memcpy(p, "null", 4);
		return 4;
	}
	if (signbit(v))
		p[len++] = '-';
	if (size < 0x1p63 && size == (double)(uint64_t)size)
		return len + bt_fmt_u64(p + len, (uint64_t)size);
	if (size >= 1e-5 && size < 0x1p53)
		return len + put_fixed(p + len, size);
	for (int digits = 15; digits <= 17; digits++) {
		char text[BT_FMT_F64_MAX];
		int n = snprintf(text, sizeof(text), "%.*g", digits, size);

		if (digits < 17 && strtod(text, NULL) != size)
			continue;
		memcpy(p + len, text, (size_t)n);
		len += (size_t)n;
		break;
	}
	return len;
}

static const struct scale {
	const char *unit;
	double factor;
	const char *names[6];
} scales[] = {
	{ "ns", 1000, { "ns", "us", "ms", "s" } },
	{ "B", 1024, { "B", "KiB", "MiB", "GiB", "TiB", "PiB" } },
	{ "B/s", 1000, { "B/s", "kB/s", "MB/s", "GB/s", "TB/s" } },
	{ "op/s", 1000, { "op/s", "kop/s", "Mop/s", "Gop/s" } },
	{ "Hz", 1000, { "Hz", "kHz", "MHz", "GHz" } },
	{ "ratio", 1, { "" } },
	{ "count", 1, { "" } },
};

/* Four significant digits, but integers whole and no exponent while the number stays readable. */
static int put_significant(char *p, size_t cap, double v, bool exact)
{
	double size = fabs(v);
	int decimals = 3;

	if (exact && v == trunc(v) && size < 1e15)
		return snprintf(p, cap, "%.0f", v == 0 ? 0.0 : v);
	if (size < 1e-4 || size >= 1e15)
		return snprintf(p, cap, "%.4g", v);
	for (double bound = 9.9995; decimals > 0 && size >= bound; bound *= 10)
		decimals--;
	for (double bound = 0.99995; size < bound; bound /= 10)
		decimals++;
	return snprintf(p, cap, "%.*f", decimals, v);
}

size_t bt_fmt_scaled(char *p, size_t cap, double v, const char *unit)
{
	struct scale as_is = { unit, 1, { unit } };
	const struct scale *s = &as_is;
	unsigned step = 0;
	size_t len;

	if (isnan(v)) {
		snprintf(p, cap, "-");
		return 1;
	}
	for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
		if (!strcmp(unit, scales[i].unit))
			s = &scales[i];
	while (step < 5 && s->names[step + 1] && fabs(v) >= s->factor * (s->factor > 1000 ? 0.9995 : 0.99995)) {
		v /= s->factor;
		step++;
	}
	len = (size_t)put_significant(p, cap, v, step == 0);
	len += (size_t)snprintf(p + len, cap - len, "%s%s", *s->names[step] ? " " : "", s->names[step]);
	return len < cap ? len : cap - 1;
}
