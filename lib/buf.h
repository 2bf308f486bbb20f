/* SPDX-License-Identifier: ISC
 *
 * buf - a growable byte buffer.
 *
 * Invariants: len <= cap; data is not NUL-terminated unless bt_buf_cstr() says so; after a failed allocation
 * `failed` stays set, later additions do nothing, and the caller checks once at the end.
 */
#ifndef BT_BUF_H
#define BT_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct bt_buf {
	char *data;
	size_t len, cap; /* bytes */
	bool failed;     /* an allocation failed: the content is incomplete */
};

#define BT_BUF_INIT { 0 }

/* bt_buf_free - release the memory. Takes NULL and an empty buffer. */
void bt_buf_free(struct bt_buf *b);

/* bt_buf_room - make room for extra more bytes after len. Returns 0 or -ENOMEM (and sets failed). */
int bt_buf_room(struct bt_buf *b, size_t extra);

void bt_buf_add(struct bt_buf *b, const void *bytes, size_t len);
void bt_buf_str(struct bt_buf *b, const char *s);
void bt_buf_char(struct bt_buf *b, char c);
void bt_buf_fill(struct bt_buf *b, char c, size_t count);
void bt_buf_printf(struct bt_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* bt_buf_cstr - the content with a NUL after it (not counted in len); "" when empty. Valid until the next addition. */
const char *bt_buf_cstr(struct bt_buf *b);

/* bt_buf_write - write all bytes to fd and empty the buffer. Returns 0 or -errno (-ENOMEM if failed). */
int bt_buf_write(struct bt_buf *b, int fd);

#endif
