/* SPDX-License-Identifier: ISC
 *
 * recstr - any bytes as a JSON string.
 */
#include <string.h>

#include "rec.h"
#include "utf8.h"

/* ASCII that stands for itself in a JSON string. DEL does too. */
static inline bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Whether all eight bytes are plain(). */
static inline bool plain8(const char *s)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	uint64_t w, quote, slash;

	memcpy(&w, s, 8);
	quote = w ^ ones * '"';
	slash = w ^ ones * '\\';
	return !((w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & highs);
}

/* The escape of one byte that is not plain, or the character or replacement that starts there. *used: bytes of s taken. */
static size_t escape(char out[8], const char *s, size_t left, unsigned *used)
{
	static const char hex[] = "0123456789abcdef", shorts[] = "btn\0fr"; /* from 0x08 on */
	unsigned char c = (unsigned char)*s;

	*used = 1;
	if (c >= 0x80) {
		unsigned len = bt_utf8_char(s, left);

		*used = len ? len : 1;
		memcpy(out, len ? s : BT_UTF8_REPLACEMENT, len ? len : 3);
		return len ? len : 3;
	}
	out[0] = '\\';
	if (c == '"' || c == '\\') {
		out[1] = (char)c;
		return 2;
	}
	if (c >= 0x08 && c <= 0x0d && shorts[c - 0x08]) {
		out[1] = shorts[c - 0x08];
		return 2;
	}
	memcpy(out + 1, "u00", 3);
	out[4] = hex[c >> 4];
	out[5] = hex[c & 15];
	return 6;
}

size_t bt_rec_string(char *p, size_t max, const char *s, size_t len)
{
	size_t i = 0, o = 1; /* o: bytes written, the first quote included */

	p[0] = '"';
	while (i < len && o <= max) {
		char piece[8];
		unsigned used;
		size_t n;

		if (len - i >= 8 && max - o >= 7 && plain8(s + i)) {
			memcpy(p + o, s + i, 8);
			i += 8;
			o += 8;
			continue;
		}
		if (plain((unsigned char)s[i])) {
			p[o++] = s[i++];
			continue;
		}
		n = escape(piece, s + i, len - i, &used);
		if (o + n > max + 1)
			break;
		memcpy(p + o, piece, n);
		o += n;
		i += used;
	}
	p[o++] = '"';
	return o;
}
