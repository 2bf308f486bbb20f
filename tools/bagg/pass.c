/* SPDX-License-Identifier: ISC
 *
 * pass - the input, byte for byte, to stdout as it arrives.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "pass.h"

#define HELD_MAX (1u << 20) /* bytes of a line that are held back until its end arrives */

void bagg_pass_init(struct bagg_pass *p)
{
	memset(p, 0, sizeof(*p));
	bt_outfile_open(&p->out, NULL);
}

static void put(struct bagg_pass *p, const char *bytes, size_t len)
{
	if (p->error == 0 && len > 0)
		p->error = bt_outfile_write(&p->out, bytes, len);
}

/* len bytes that end with a newline. */
static void put_lines(struct bagg_pass *p, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t now = len;
		const char *newline;

		if (now > PIPE_BUF) {
			newline = memrchr(bytes, '\n', PIPE_BUF);
			if (!newline)
				newline = memchr(bytes, '\n', len);
			now = (size_t)(newline - bytes) + 1;
		}
		put(p, bytes, now);
		bytes += now;
		len -= now;
	}
}

static void hold(struct bagg_pass *p, const char *bytes, size_t len)
{
	bt_buf_add(&p->held, bytes, len);
	if (p->held.failed)
		p->error = -ENOMEM;
	if (p->held.len <= HELD_MAX)
		return;
	put(p, p->held.data, p->held.len);
	p->held.len = 0;
	p->inside = true;
}

/* The end of the line whose start is held. Returns how many bytes that took. */
static size_t finish_held(struct bagg_pass *p, const char *bytes, size_t len)
{
	const char *newline = memchr(bytes, '\n', len);
	size_t n = newline ? (size_t)(newline - bytes) + 1 : len;

	hold(p, bytes, n);
	if (!newline)
		return n;
	put(p, p->held.data, p->held.len);
	p->held.len = 0;
	p->inside = false;
	return n;
}

void bagg_pass_bytes(struct bagg_pass *p, const char *bytes, size_t len)
{
	const char *newline;
	size_t n;

	if (p->error < 0 || len == 0)
		return;
	if (p->open_end)
		put(p, "\n", 1);
	p->open_end = false;
	if (p->held.len > 0 || p->inside) {
		n = finish_held(p, bytes, len);
		bytes += n;
		len -= n;
	}
	newline = len > 0 ? memrchr(bytes, '\n', len) : NULL;
	n = newline ? (size_t)(newline - bytes) + 1 : 0;
	put_lines(p, bytes, n);
	hold(p, bytes + n, len - n);
}

void bagg_pass_file_end(struct bagg_pass *p)
{
	p->open_end = p->held.len > 0 || p->inside;
	put(p, p->held.data, p->held.len);
	p->held.len = 0;
	p->inside = false;
}

void bagg_pass_look(struct bagg_pass *p)
{
	struct pollfd out = { .fd = p->out.fd };

	if (p->error == 0 && poll(&out, 1, 0) > 0 && (out.revents & POLLERR))
		p->error = -EPIPE;
}

void bagg_pass_free(struct bagg_pass *p)
{
	bt_buf_free(&p->held);
}
