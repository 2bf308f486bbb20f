/* SPDX-License-Identifier: ISC
 *
 * src - kernel text files below a root prefix, so that everything read from /proc and /sys can come from a fixture of
 * another machine (--root DIR).
 */
#ifndef BT_SRC_H
#define BT_SRC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_src {
	const char *root; /* "" for the live system, else a directory; borrowed */
};

/* bt_src_read - the whole file root/path into buf (cap bytes, NUL-terminated, cut if longer). path is made like
 * printf and starts with '/'. Returns the length or -errno. */
int bt_src_read(const struct bt_src *s, char *buf, size_t cap, const char *path_fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* bt_src_line - the same, first line only, without newline and trailing blanks. */
int bt_src_line(const struct bt_src *s, char *buf, size_t cap, const char *path_fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* bt_src_u64 - a file that holds one decimal number, optionally followed by K (times 1024) or other text after a blank.
 * Returns 0, -errno, or -EINVAL. */
int bt_src_u64(const struct bt_src *s, uint64_t *out, const char *path_fmt, ...) __attribute__((format(printf, 3, 4)));

/* bt_src_exists */
bool bt_src_exists(const struct bt_src *s, const char *path_fmt, ...) __attribute__((format(printf, 2, 3)));

/* bt_src_text - the same as bt_src_read into fresh memory, at most max bytes; for files without a sensible bound. Returns
 * NULL when it cannot be read; the caller frees it. */
char *bt_src_text(const struct bt_src *s, size_t max, const char *path_fmt, ...) __attribute__((format(printf, 3, 4)));

/* bt_src_list - a file that holds a list like "0,2-5", as bt_num_list. Returns the count, 0 when it is missing, empty or
 * bad. */
size_t bt_src_list(const struct bt_src *s, uint32_t max, uint32_t *out, size_t cap, const char *path_fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* bt_src_field - in text, the value of the first line "key value", "key: value" or "key\t: value", cut to fit. Returns its
 * length, or -ENOENT with out "". */
int bt_src_field(const char *text, const char *key, char *out, size_t cap);

/* bt_src_field_u64 - the same as a number with an optional unit after it (not applied); 0 when absent or no number. */
uint64_t bt_src_field_u64(const char *text, const char *key);

/* bt_src_copy - s into out, cut to fit, always NUL-terminated. Returns the length. */
size_t bt_src_copy(char *out, size_t cap, const char *s);

#endif
