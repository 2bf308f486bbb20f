/* SPDX-License-Identifier: ISC
 *
 * utf8 - which bytes are a character (RFC 3629), and how many columns a text takes.
 */
#ifndef BT_UTF8_H
#define BT_UTF8_H

#include <stddef.h>

#define BT_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, stands for a byte that is no character */

/* bt_utf8_char - length in bytes, 1..4, of the character at s, or 0 when none is valid there: stray or missing continuation
 * bytes, overlong forms, surrogates, above U+10FFFF. left: bytes at s, at least 1. */
unsigned bt_utf8_char(const char *s, size_t left);

/* bt_utf8_width - columns of s on a terminal: two for a wide character, none for a combining mark, one for any other and for
 * each invalid byte. */
size_t bt_utf8_width(const char *s, size_t len);

/* bt_utf8_cut - bytes of s, from its start, that take at most columns; never cuts a character. */
size_t bt_utf8_cut(const char *s, size_t len, size_t columns);

/* bt_utf8_clean - s (len bytes) as it may stand on a terminal: control characters (those above 0x7f and the ones that turn
 * the direction of text too) and bytes that are no character become '?'. Cut at a character to fit cap, NUL-terminated; out
 * may be s. */
void bt_utf8_clean(char *out, size_t cap, const char *s, size_t len);

#endif
