/* SPDX-License-Identifier: ISC
 *
 * glob - matches a command name against a pattern of '*', '?' and literal bytes, in user space and inside BPF programs.
 *
 * All of it is here, without libc, so that the same text compiles for both. Instead of backtracking, which would cost the
 * BPF verifier a state for each pair of positions, it keeps the set of text positions that the pattern so far can reach,
 * as bits, and compares all text bytes with a pattern byte at once.
 */
#ifndef BT_GLOB_H
#define BT_GLOB_H

#include <stdbool.h>

#define BT_GLOB_LEN 16 /* TASK_COMM_LEN */
#define BT_GLOB_ONES 0x0101010101010101ull

/* One bit for each byte of word that is c: bit i for byte i. */
static inline __attribute__((always_inline)) unsigned bt_glob_equal(unsigned long long word, unsigned char c)
{
	unsigned long long diff = word ^ c * BT_GLOB_ONES, low = 0x7f * BT_GLOB_ONES;
	unsigned long long zero = ~(((diff & low) + low) | diff | low); /* 0x80 in the bytes that are equal */

	return (unsigned)((zero >> 7) * 0x0102040810204080ull >> 56);
}

/* Eight bytes with the first one lowest. */
static inline __attribute__((always_inline)) unsigned long long bt_glob_word(const char *bytes)
{
	unsigned long long word;

	__builtin_memcpy(&word, bytes, sizeof(word));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

/* bt_glob16 - whether text matches the whole pattern: '*' any bytes, also none; '?' any one byte; all others themselves.
 * Either ends at its NUL, or at 16 bytes without one. Bytes, not characters. Constant time for a pattern. */
static inline __attribute__((always_inline)) bool bt_glob16(const char pattern[BT_GLOB_LEN], const char text[BT_GLOB_LEN])
{
	unsigned long long low = bt_glob_word(text), high = bt_glob_word(text + 8);
	unsigned nul = bt_glob_equal(low, 0) | bt_glob_equal(high, 0) << 8 | 1u << 16;
	unsigned end = nul & -nul;    /* the position after the last byte */
	unsigned valid = end | (end - 1);
	unsigned at = 1;              /* the positions reached, bit 16 included */

	for (int i = 0; i < BT_GLOB_LEN && pattern[i]; i++) {
		unsigned char c = (unsigned char)pattern[i];

		if (c == '*')
			at |= -at;
		else if (c == '?')
			at <<= 1;
		else
			at = (at & (bt_glob_equal(low, c) | bt_glob_equal(high, c) << 8)) << 1;
		at &= valid;
	}
	return at & end;
}

#endif
