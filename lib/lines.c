/* SPDX-License-Identifier: ISC
 *
 * lines - reads lines from a file or pipe as they come.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"

#define CHUNK 65536u /* bytes of the first buffer, what a pipe holds */
#define EXTRA 4u     /* a byte order mark and a CR do not count for line_max */

int bt_lines_open(struct bt_lines *l, const char *path)
{
	memset(l, 0, sizeof(*l));
	l->line_max = BT_LINE_MAX;
	if (!strcmp(path, "-")) {
		l->fd = STDIN_FILENO;
		l->name = "stdin";
		return 0;
	}
	l->name = path;
	l->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (l->fd < 0)
		return -errno;
	l->owned = true;
	return 0;
}

void bt_lines_close(struct bt_lines *l)
{
	if (l->owned)
		close(l->fd);
	free(l->buf);
	memset(l, 0, sizeof(*l));
}

static bool is_blank(const char *p, size_t len)
{
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t' || p[len - 1] == '\r'))
		len--;
	return len == 0;
}

/* Takes the mark off the first line and the CR off any. */
static void trim(const char **p, size_t *len, uint64_t number)
{
	if (number == 1 && *len >= 3 && !memcmp(*p, "\xef\xbb\xbf", 3)) {
		*p += 3;
		*len -= 3;
	}
	if (*len > 0 && (*p)[*len - 1] == '\r')
		(*len)--;
}

/* Whether so many bytes without a newline can only be a line that is too long. */
static bool hopeless(const struct bt_lines *l, size_t pending)
{
	return pending > EXTRA && pending - EXTRA > l->line_max;
}

/* Room behind end: by moving the unread bytes to the front when they fill at most half, else by a larger buffer. */
static int make_room(struct bt_lines *l)
{
	size_t pending = l->end - l->start, cap = l->cap ? l->cap * 2 : CHUNK;
	char *buf;

	if (l->start > 0) {
		memmove(l->buf, l->buf + l->start, pending);
		l->start = 0;
		l->end = pending;
	}
	if (l->cap && pending <= l->cap / 2)
		return 0;
	buf = realloc(l->buf, cap);
	if (!buf)
		return -ENOMEM;
	l->buf = buf;
	l->cap = cap;
	return 0;
}

static int wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, -1) < 0)
		return errno == EINTR ? BT_LINE_AGAIN : -errno;
	return BT_LINE_OK;
}

/* What one read(2) gives. Returns BT_LINE_OK, also at the end of the input, BT_LINE_AGAIN or -errno. */
static int fill(struct bt_lines *l)
{
	ssize_t got;

	if (l->start == l->end)
		l->start = l->end = l->searched = 0;
	if (l->end == l->cap && make_room(l) < 0)
		return -ENOMEM;
	if (l->wait && l->wait(l->fd) == -EINTR)
		return BT_LINE_AGAIN;
	got = read(l->fd, l->buf + l->end, l->cap - l->end);
	if (got < 0 && errno == EINTR)
		return BT_LINE_AGAIN;
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return wait_readable(l->fd);
	if (got < 0)
		return -errno;
	l->eof = got == 0;
	l->end += (size_t)got;
	return BT_LINE_OK;
}

/* The len unread bytes at start, taken as a line. Returns 0 when it is blank. */
static int take(struct bt_lines *l, size_t len, int as, const char **line, size_t *line_len)
{
	const char *p = l->buf + l->start;
	bool skipped = l->skipping;

	l->start += len;
	l->searched = 0;
	l->skipping = false;
	l->number++;
	trim(&p, &len, l->number);
	*line = p;
	*line_len = len;
	if (skipped || len > l->line_max)
		return BT_LINE_TOO_LONG;
	return is_blank(p, len) ? 0 : as;
}

/* Notes that the unread bytes hold no newline, or drops them when their line cannot be taken any more. */
static void keep_pending(struct bt_lines *l)
{
	l->searched = l->end - l->start;
	if (l->skipping || hopeless(l, l->searched)) {
		l->skipping = true;
		l->start = l->end = l->searched = 0;
	}
}

int bt_lines_next(struct bt_lines *l, const char **line, size_t *len)
{
	for (;;) {
		size_t pending = l->end - l->start;
		const char *at, *newline = NULL;
		int rc = BT_LINE_OK;

		if (pending > l->searched) {
			at = l->buf + l->start;
			newline = memchr(at + l->searched, '\n', pending - l->searched);
		}
		if (newline) {
			rc = take(l, (size_t)(newline - at), BT_LINE_OK, line, len);
			l->start++;
		} else if (l->eof && (pending || l->skipping)) {
			rc = take(l, pending, BT_LINE_PARTIAL, line, len);
		} else if (l->eof) {
			return BT_LINE_EOF;
		} else {
			keep_pending(l);
			rc = fill(l);
			if (rc == BT_LINE_OK)
				continue;
		}
		if (rc)
			return rc;
	}
}
