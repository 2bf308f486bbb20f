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

/* The code point of the len bytes that bt_utf8_char has found good. */
static unsigned long code_point(const char *s, unsigned len)
{
	unsigned long c = (unsigned char)s[0];

	if (len > 1)
		c &= 0x7fu >> len;
	for (unsigned i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

struct range {
	unsigned long first, last;
};

static int is_in(unsigned long c, const struct range *r)
{
	for (; r->last; r++)
		if (c >= r->first && c <= r->last)
			return 1;
	return 0;
}

/* The blocks, not each character: good enough to keep columns in line. */
static unsigned columns_of(unsigned long c)
{
	static const struct range none[] = { { 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x610, 0x61a },
		{ 0x64b, 0x65f }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200d }, { 0x20d0, 0x20ff },
		{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0xe0100, 0xe01ef }, { 0, 0 } };
	static const struct range wide[] = { { 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xa960, 0xa97f },
		{ 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd }, { 0, 0 } };

	if (c < 0x300)
		return 1;
	return is_in(c, none) ? 0 : is_in(c, wide) ? 2 : 1;
}

/* Columns of the character at s; *len: its bytes. */
static unsigned measure(const char *s, size_t left, unsigned *len)
{
	*len = bt_utf8_char(s, left);
	if (*len > 1)
		return columns_of(code_point(s, *len));
	*len = 1;
	return 1;
}

size_t bt_utf8_width(const char *s, size_t len)
{
	size_t width = 0;
	unsigned n;

	for (size_t i = 0; i < len; i += n)
		width += measure(s + i, len - i, &n);
	return width;
}

size_t bt_utf8_cut(const char *s, size_t len, size_t columns)
{
	size_t i = 0;
	unsigned n, w;

	for (; i < len && (w = measure(s + i, len - i, &n)) <= columns; i += n)
		columns -= w;
	return i;
}

static int is_control(const char *s, unsigned len)
{
	static const struct range controls[] = { { 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfff9, 0xfffb }, { 0, 0 } };

	return len == 1 ? (unsigned char)*s < 0x20 || *s == 0x7f : is_in(code_point(s, len), controls);
}

void bt_utf8_clean(char *out, size_t cap, const char *s, size_t len)
{
	size_t o = 0;

	for (size_t i = 0; i < len;) {
		unsigned n = bt_utf8_char(s + i, len - i), used = n ? n : 1;

		if (o + used >= cap)
			break;
		if (n == 0 || is_control(s + i, n))
			out[o++] = '?';
		else
			for (unsigned k = 0; k < n; k++)
				out[o++] = s[i + k];
		i += used;
	}
	out[o] = '\0';
}
