/* SPDX-License-Identifier: ISC
 *
 * buf - a growable byte buffer.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"

void bt_buf_free(struct bt_buf *b)
{
	if (!b)
		return;
	free(b->data);
	memset(b, 0, sizeof(*b));
}

int bt_buf_room(struct bt_buf *b, size_t extra)
{
	size_t want = b->len + extra, cap = b->cap ? b->cap : 256;
	char *data;

	if (b->failed || want < extra)
		goto fail;
	if (want <= b->cap)
		return 0;
	while (cap < want)
		cap += cap / 2;
	data = realloc(b->data, cap);
	if (!data)
		goto fail;
	b->data = data;
	b->cap = cap;
	return 0;
fail:
	b->failed = true;
	return -ENOMEM;
}

void bt_buf_add(struct bt_buf *b, const void *bytes, size_t len)
{
	if (len == 0 || bt_buf_room(b, len) < 0)
		return;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
}

void bt_buf_str(struct bt_buf *b, const char *s)
{
	bt_buf_add(b, s, strlen(s));
}

void bt_buf_char(struct bt_buf *b, char c)
{
	bt_buf_add(b, &c, 1);
}

void bt_buf_fill(struct bt_buf *b, char c, size_t count)
{
	if (count == 0 || bt_buf_room(b, count) < 0)
		return;
	memset(b->data + b->len, c, count);
	b->len += count;
}

void bt_buf_printf(struct bt_buf *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0 || bt_buf_room(b, (size_t)len + 1) < 0)
		return;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

const char *bt_buf_cstr(struct bt_buf *b)
{
	if (bt_buf_room(b, 1) < 0)
		return "";
	b->data[b->len] = '\0';
	return b->data;
}

int bt_buf_write(struct bt_buf *b, int fd)
{
	size_t done = 0;

	if (b->failed)
		return -ENOMEM;
	while (done < b->len) {
		ssize_t n = write(fd, b->data + done, b->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	b->len = 0;
	return 0;
}
