/* SPDX-License-Identifier: ISC
 *
 * base64 - bytes as text (RFC 4648, section 4).
 */
#include <errno.h>
#include <stdbool.h>

#include "base64.h"

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t bt_base64_encode(char *out, const uint8_t *in, size_t len)
{
	char *p = out;
	uint32_t v;
	size_t i;

	for (i = 0; i + 3 <= len; i += 3) {
		v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
		*p++ = digits64[v >> 18];
		*p++ = digits64[v >> 12 & 63];
		*p++ = digits64[v >> 6 & 63];
		*p++ = digits64[v & 63];
	}
	if (i < len) {
		v = (uint32_t)in[i] << 16 | (i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0);
		*p++ = digits64[v >> 18];
		*p++ = digits64[v >> 12 & 63];
		*p++ = i + 1 < len ? digits64[v >> 6 & 63] : '=';
		*p++ = '=';
	}
	return (size_t)(p - out);
}

/* Value of a base64 digit plus one, so that everything else is 0. */
static const uint8_t value64[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63, ['/'] = 64,
};

int bt_base64_decode(uint8_t *out, const char *text, size_t len)
{
	const uint8_t *in = (const uint8_t *)text;
	uint32_t a, b, c, d, bad = 0, rest = 0;
	unsigned pad = 0;
	uint8_t *p = out;
	size_t i;

	if (len == 0 || len % 4 != 0)
		return -EINVAL;
	if (in[len - 1] == '=')
		pad = in[len - 2] == '=' ? 2 : 1;
	for (i = 0; i < len; i += 4) {
		bool last = i + 4 == len;

		a = value64[in[i]] - 1u;
		b = value64[in[i + 1]] - 1u;
		c = last && pad > 1 ? 0 : value64[in[i + 2]] - 1u;
		d = last && pad > 0 ? 0 : value64[in[i + 3]] - 1u;
		bad |= a | b | c | d;
		rest = a << 18 | b << 12 | c << 6 | d;
		*p++ = (uint8_t)(rest >> 16);
		*p++ = (uint8_t)(rest >> 8);
		*p++ = (uint8_t)rest;
	}
	if (bad > 63 || (rest & ((1u << 8 * pad) - 1)) != 0)
		return -EINVAL;
	return (int)(p - out) - (int)pad;
}
