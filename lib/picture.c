/* SPDX-License-Identifier: ISC
 *
 * picture - several lines on a terminal, drawn in place.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "term.h"

/* A terminal that is stopped takes nothing, and one that another job has is not ours to draw on. */
static bool may_draw(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	pid_t foreground = tcgetpgrp(fd);

	if (foreground > 0 && foreground != getpgrp())
		return false;
	return poll(&p, 1, 0) > 0 && (p.revents & POLLOUT);
}

/* Rows that the picture takes now: a terminal that became narrower has wrapped its lines. */
static unsigned rows_on_screen(const struct bt_picture *p, unsigned columns)
{
	unsigned rows = 0, height = bt_term_height(p->fd);

	for (unsigned i = 0; i < p->n_lines; i++)
		rows += p->widths[i] > columns ? (p->widths[i] + columns - 1) / columns : 1;
	return rows < height ? rows : height;
}

/* To the first column of the first line that was drawn. */
static void go_up(const struct bt_picture *p, struct bt_buf *b, unsigned columns)
{
	unsigned rows = rows_on_screen(p, columns);

	bt_buf_char(b, '\r');
	if (rows > 0)
		bt_buf_printf(b, "\033[%uA", rows);
}

static int remember(struct bt_picture *p, const unsigned *widths, unsigned n)
{
	if (n > p->cap) {
		unsigned *more = reallocarray(p->widths, n, sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->widths = more;
		p->cap = n;
	}
	memcpy(p->widths, widths, n * sizeof(*widths));
	p->n_lines = n;
	return 0;
}

/* What a terminal does not take at once is dropped: the next picture is whole again. */
static void put(int fd, struct bt_buf *b)
{
	size_t done = 0;

	while (!b->failed && done < b->len) {
		ssize_t n = write(fd, b->data + done, b->len - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	bt_buf_free(b);
}

/* Wrapping is off within the write: a character that is wider than we think must not begin a row of its own. */
void bt_picture_show(struct bt_picture *p, const struct bt_buf *text, const unsigned *widths, unsigned n, bool again)
{
	const char *line = text->data, *newline;
	struct bt_buf b = BT_BUF_INIT;

	if (text->failed || !may_draw(p->fd))
		return;
	if (again)
		p->n_lines = 0;
	bt_buf_str(&b, "\033[?7l");
	go_up(p, &b, bt_term_width(p->fd));
	for (unsigned i = 0; i < n && (newline = memchr(line, '\n', (size_t)(text->data + text->len - line))); i++) {
		bt_buf_add(&b, line, (size_t)(newline - line));
		bt_buf_str(&b, "\033[K\r\n");
		line = newline + 1;
	}
	bt_buf_str(&b, "\033[J\033[?7h");
	if (remember(p, widths, n) < 0)
		b.failed = true;
	put(p->fd, &b);
}

void bt_picture_wipe(struct bt_picture *p)
{
	struct bt_buf b = BT_BUF_INIT;

	if (p->n_lines == 0)
		return;
	go_up(p, &b, bt_term_width(p->fd));
	bt_buf_str(&b, "\033[J");
	p->n_lines = 0;
	put(p->fd, &b);
}

void bt_picture_free(struct bt_picture *p)
{
	free(p->widths);
	*p = (struct bt_picture){ .fd = -1 };
}
