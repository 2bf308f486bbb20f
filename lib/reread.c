/* SPDX-License-Identifier: ISC
 *
 * reread - a kernel text file that is read again and again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "reread.h"

#define FIRST_CAP 1024u

static int open_file(struct bt_reread *f)
{
	char *full;

	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (asprintf(&full, "%s%s", f->src->root, f->path) < 0)
		return -ENOMEM;
	f->fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	free(full);
	f->root = f->src->root;
	return f->fd < 0 ? -errno : 0;
}

int bt_reread_open(struct bt_reread *f, const struct bt_src *src, const char *path_fmt, ...)
{
	va_list ap;
	int len;

	*f = (struct bt_reread)BT_REREAD_INIT;
	f->src = src;
	va_start(ap, path_fmt);
	len = vasprintf(&f->path, path_fmt, ap);
	va_end(ap);
	if (len < 0) {
		f->path = NULL;
		return -ENOMEM;
	}
	return open_file(f);
}

static int grow(struct bt_reread *f)
{
	size_t cap = f->cap ? f->cap * 4 : FIRST_CAP;
	char *more;

	if (f->cap > BT_REREAD_MAX)
		return -EFBIG;
	more = realloc(f->data, cap);
	if (!more)
		return -ENOMEM;
	f->data = more;
	f->cap = cap;
	return 0;
}

/* Many of these files come in pieces of a page; only a read of nothing is the end. */
static int read_all(struct bt_reread *f)
{
	ssize_t n;

	f->len = 0;
	do {
		if (f->len + 1 >= f->cap) {
			int rc = grow(f);

			if (rc < 0)
				return rc;
		}
		n = pread(f->fd, f->data + f->len, f->cap - 1 - f->len, (off_t)f->len);
		if (n < 0)
			return -errno;
		f->len += (size_t)n;
	} while (n > 0);
	f->data[f->len] = '\0';
	return (int)f->len;
}

int bt_reread(struct bt_reread *f)
{
	int rc = 0;

	if (f->fd < 0 || f->root != f->src->root)
		rc = open_file(f);
	if (rc < 0)
		return rc;
	f->begin_ns = bt_clock_monotonic();
	rc = read_all(f);
	f->end_ns = bt_clock_monotonic();
	if (rc == -ENODEV || rc == -ENOENT) {
		close(f->fd);
		f->fd = -1;
	}
	return rc;
}

void bt_reread_close(struct bt_reread *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f->data);
	*f = (struct bt_reread)BT_REREAD_INIT;
}
