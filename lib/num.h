/* SPDX-License-Identifier: ISC
 *
 * num - numbers as people type them: range-checked, complete, without locale.
 *
 * All parsers: s is a NUL-terminated string; leading blanks, an empty string and trailing junk are errors. Return
 * 0 with *out set, -EINVAL for something that is no such number, -ERANGE for one outside [min,max] or one that
 * does not fit; *out is untouched on error.
 */
#ifndef BT_NUM_H
#define BT_NUM_H

#include <stddef.h>
#include <stdint.h>

/* bt_num_u64 - decimal digits only. */
int bt_num_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out);

/* bt_num_f64 - a decimal fraction with optional exponent and sign; never nan, inf or hexadecimal. */
int bt_num_f64(const char *s, double min, double max, double *out);

/* bt_num_size - bytes: digits with an optional fraction and a binary suffix k M G T P (either case, an optional
 * "iB" or "B" after it): 4k = 4096, 1.5M = 1572864. */
int bt_num_size(const char *s, uint64_t min, uint64_t max, uint64_t *out_bytes);

/* bt_num_time - nanoseconds: a number with one of the suffixes ns us ms s m h d, seconds without: 100us, 1.5s, 2m. */
int bt_num_time(const char *s, uint64_t min_ns, uint64_t max_ns, uint64_t *out_ns);

/* bt_num_rate - operations per second, with a decimal suffix k M G: 50k, 0.5, 1M; an optional "/s" after it. */
int bt_num_rate(const char *s, double min, double max, double *out_per_s);

/* bt_num_list - "0,2-5": numbers and ascending ranges within [0,max], in the order given. out: cap entries.
 * Returns the count (at least 1), -EINVAL, -ERANGE, or -E2BIG when there are more than cap. */
int bt_num_list(const char *s, uint32_t max, uint32_t *out, size_t cap);

#endif
