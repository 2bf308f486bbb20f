/* SPDX-License-Identifier: ISC
 *
 * fmt - numbers as text, fast and without locale.
 *
 * The writers put digits at p, add no NUL, and return the number of bytes written. p must have the room named.
 */
#ifndef BT_FMT_H
#define BT_FMT_H

#include <stddef.h>
#include <stdint.h>

#define BT_FMT_U64_MAX 20  /* bytes bt_fmt_u64 can write */
#define BT_FMT_I128_MAX 40 /* bytes bt_fmt_i128 can write */
#define BT_FMT_F64_MAX 32  /* bytes bt_fmt_f64 can write */

size_t bt_fmt_u64(char *p, uint64_t v);
size_t bt_fmt_i64(char *p, int64_t v);
size_t bt_fmt_i128(char *p, __int128 v);

/* bt_fmt_f64 - a JSON number that reads back as exactly v, in as few digits as that takes for 1e-5 <= |v| < 2^53 and
 * nearly as few elsewhere; an integral value has no point. NaN and infinities are written as null. */
size_t bt_fmt_f64(char *p, double v);

/* bt_fmt_time - seconds with six decimals from microseconds: 1763661234.123456. Room: 24. */
size_t bt_fmt_time(char *p, int64_t us);

/* bt_fmt_scaled - v in unit for people, NUL-terminated, four significant digits and a scaled unit: ns -> 1.234 ms,
 * B -> 1.234 MiB, B/s -> 1.234 MB/s, op/s -> 1.234 Mop/s, Hz -> 1.234 GHz; ratio and count stand alone; other units are
 * appended as they are. A whole number that needs no scaling is written whole. NaN gives "-". Returns the length;
 * cap >= 32. */
size_t bt_fmt_scaled(char *p, size_t cap, double v, const char *unit);

#endif
