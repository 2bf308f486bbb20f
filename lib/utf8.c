/* SPDX-License-Identifier: ISC
 *
 * utf8 - which bytes are a character (RFC 3629), and how many columns a text takes.
 */
#include "utf8.h"

unsigned bt_utf8_char(const char *s, size_t left)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf; /* range of the second byte */
	unsigned len;

	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	if (u[0] == 0xe0)
		low = 0xa0; /* shorter forms exist */
	else if (u[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (u[0] == 0xf0)
		low = 0x90;
	else if (u[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	if (u[1] < low || u[1] > high)
		return 0;
	for (unsigned i = 2; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

size_t bt_utf8_width(const char *s, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len; width++) {
		unsigned n = bt_utf8_char(s + i, len - i);

		i += n ? n : 1;
	}
	return width;
}

void bt_utf8_clean(char *out, size_t cap, const char *s, size_t len)
{
	size_t o = 0;

	for (size_t i = 0; i < len;) {
		unsigned n = bt_utf8_char(s + i, len - i), used = n ? n : 1;

		if (o + used >= cap)
			break;
		if (n == 0 || (unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			out[o++] = '?';
		else
			for (unsigned k = 0; k < n; k++)
				out[o++] = s[i + k];
		i += used;
	}
	out[o] = '\0';
}
