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

#include "gzip.h"
#include "lines.h"

#define CHUNK 131072u /* bytes of the first buffer */
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
	bt_gunzip_free(l->gzip);
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
	size_t pending = l->end - l->start, cap = l->cap ? l->cap * 2 : CHUNK, most = l->line_max + CHUNK;
	char *buf;

	if (l->start > 0) {
		memmove(l->buf, l->buf + l->start, pending);
		l->start = 0;
		l->end = pending;
	}
	if (l->cap && pending <= l->cap / 2)
		return 0;
	if (cap > most && most > l->cap)
		cap = most;
	buf = realloc(l->buf, cap + BT_LINES_SLACK);
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

/* What one read(2) gives. Returns BT_LINE_OK, *got being 0 at the end of the input, BT_LINE_AGAIN or -errno. */
static int read_some(struct bt_lines *l, void *to, size_t room, size_t *got)
{
	int rc = BT_LINE_OK;
	ssize_t n = -1;

	while (n < 0 && rc == BT_LINE_OK) {
		if (l->wait_with ? l->wait_with(l->arg, l->fd) == -EINTR : l->wait && l->wait(l->fd) == -EINTR)
			return BT_LINE_AGAIN;
		n = read(l->fd, to, room);
		if (n >= 0)
			*got = (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			rc = wait_readable(l->fd);
		else
			rc = errno == EINTR ? BT_LINE_AGAIN : -errno;
	}
	return rc;
}

/* As fill. What can be inflated already is not kept waiting for more input. */
static int fill_inflated(struct bt_lines *l)
{
	for (;;) {
		ssize_t n = bt_gunzip_take(l->gzip, l->buf + l->end, l->cap - l->end, &l->error);
		size_t room, got;
		void *to;
		int rc;

		if (n >= 0) {
			l->eof = n == 0;
			l->end += (size_t)n;
			return BT_LINE_OK;
		}
		if (n != -EAGAIN)
			return (int)n;
		to = bt_gunzip_room(l->gzip, &room);
		rc = read_some(l, to, room, &got);
		if (rc != BT_LINE_OK)
			return rc;
		bt_gunzip_fed(l->gzip, got);
	}
}

/* Settles by the first two bytes whether the input is gzip; its bytes then go to the inflater. A first byte of anything else
 * is enough. */
static int look_for_gzip(struct bt_lines *l)
{
	if (l->end < 2 && !(l->end == 1 && l->buf[0] != 0x1f))
		return 0;
	l->known = true;
	if (l->end < 2 || !bt_gunzip_is(l->buf))
		return 0;
	l->gzip = bt_gunzip_new(l->buf, l->end);
	l->end = 0;
	return l->gzip ? 0 : -ENOMEM;
}

/* What one read(2) gives, inflated. Returns BT_LINE_OK, also at the end of the input, BT_LINE_AGAIN or -errno. */
static int fill(struct bt_lines *l)
{
	size_t got;
	int rc;

	if (l->start == l->end)
		l->start = l->end = l->searched = 0;
	if (l->end == l->cap && make_room(l) < 0)
		return -ENOMEM;
	if (l->gzip)
		return fill_inflated(l);
	rc = read_some(l, l->buf + l->end, l->cap - l->end, &got);
	if (rc != BT_LINE_OK)
		return rc;
	l->eof = got == 0;
	l->end += got;
	if (!l->known && look_for_gzip(l) < 0)
		return -ENOMEM;
	return l->gzip ? fill_inflated(l) : BT_LINE_OK;
}

/* The same, and the tee is told: of nothing before it is settled whether that is gzip. */
static int fill_and_tell(struct bt_lines *l)
{
	size_t before = l->known ? l->end - l->start : 0, now;
	int rc = fill(l);

	if (l->buf)
		memset(l->buf + l->end, 0, BT_LINES_SLACK);
	now = l->end - l->start;
	if (rc == BT_LINE_OK && l->tee && (l->known || l->eof) && now > before)
		l->tee(l->arg, l->buf + l->end - (now - before), now - before);
	return rc;
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

/* The memory that a line took before it turned out to be too long. */
static void give_back(struct bt_lines *l)
{
	char *buf = l->cap > CHUNK ? realloc(l->buf, CHUNK + BT_LINES_SLACK) : NULL;

	if (!buf)
		return;
	l->buf = buf;
	l->cap = CHUNK;
}

/* Notes that the unread bytes hold no newline, or drops them when their line cannot be taken any more. */
static void keep_pending(struct bt_lines *l)
{
	l->searched = l->end - l->start;
	if (l->skipping || hopeless(l, l->searched)) {
		if (!l->skipping)
			give_back(l);
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
			rc = fill_and_tell(l);
			if (rc == BT_LINE_OK)
				continue;
		}
		if (rc)
			return rc;
	}
}

size_t bt_lines_peek(struct bt_lines *l, const char **p)
{
	if (l->skipping || l->start == l->end)
		return 0;
	*p = l->buf + l->start;
	return l->end - l->start;
}

void bt_lines_skip(struct bt_lines *l, size_t bytes, uint64_t n)
{
	l->start += bytes;
	l->number += n;
	if (bytes > 0)
		l->searched = 0;
}

int bt_lines_block(struct bt_lines *l, const char **block, size_t *len)
{
	const char *line, *newline = NULL;
	int rc;

	*len = 0;
	while (!l->skipping) {
		size_t pending = l->end - l->start;

		*block = l->buf + l->start;
		if (pending > l->searched)
			newline = memrchr(*block + l->searched, '\n', pending - l->searched);
		if (newline || (l->eof && pending > 0)) {
			*len = newline ? (size_t)(newline + 1 - *block) : pending;
			bt_lines_skip(l, *len, 0);
			return newline ? BT_LINE_OK : BT_LINE_PARTIAL;
		}
		if (l->eof)
			return BT_LINE_EOF;
		keep_pending(l);
		rc = l->skipping ? BT_LINE_OK : fill_and_tell(l);
		if (rc != BT_LINE_OK)
			return rc;
	}
	rc = bt_lines_next(l, &line, len);
	l->number -= rc == BT_LINE_TOO_LONG;
	*len = 0;
	return rc;
}

void bt_lines_memory(struct bt_lines *l, const char *name, char *block, size_t len, uint64_t number)
{
	memset(block + len, 0, BT_LINES_SLACK);
	*l = (struct bt_lines){ .fd = -1, .name = name, .number = number, .line_max = SIZE_MAX - EXTRA, .buf = block, .cap = len,
				.end = len, .eof = true, .known = true };
}
