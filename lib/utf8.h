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

/* bt_utf8_width - columns of s on a terminal, one for each character and one for each invalid byte. */
size_t bt_utf8_width(const char *s, size_t len);

/* bt_utf8_clean - s (len bytes) as it may stand on a terminal: control bytes and bytes that are no character become '?'. Cut at a
 * character to fit cap, NUL-terminated; out may be s. */
void bt_utf8_clean(char *out, size_t cap, const char *s, size_t len);

#endif
