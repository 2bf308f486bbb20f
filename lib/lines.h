/* SPDX-License-Identifier: ISC
 *
 * lines - reads lines from a file or pipe as they come.
 *
 * Accepted without complaint: blank lines, CRLF, a byte order mark, a last line without newline, any bytes. Nothing waits
 * for more input than a line needs, and each byte is looked at once, however small the pieces in which it arrives.
 */
#ifndef BT_LINES_H
#define BT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_LINE_MAX (1u << 20) /* default bound on the length of a line, bytes */

/* A source of lines. */
struct bt_lines {
	int fd;
	const char *name; /* for messages: the path, or "stdin" */
	uint64_t number;  /* of the line last returned, from 1 */
	size_t line_max;  /* longer lines are passed over */
	char *buf;
	size_t cap, start, end; /* unread bytes are buf[start..end) */
	size_t searched;        /* that many of them are known to hold no newline */
	bool owned, eof, skipping;
	int (*wait)(int fd); /* NULL, or called before each read: 0, or -EINTR for BT_LINE_AGAIN. bt_sig_wait */
};

enum bt_line { BT_LINE_EOF = 0, BT_LINE_OK = 1, BT_LINE_PARTIAL = 2, BT_LINE_TOO_LONG = 3, BT_LINE_AGAIN = 4 };

/* bt_lines_open - path "-": stdin; name is kept by reference. Returns 0 or -errno. bt_lines_close takes a zeroed struct. */
int bt_lines_open(struct bt_lines *l, const char *path);
void bt_lines_close(struct bt_lines *l);

/* bt_lines_next - the next line that is not blank, without its end; *line is valid until the next call. BT_LINE_OK;
 * BT_LINE_PARTIAL for a last line without newline; BT_LINE_TOO_LONG for one that was passed over; BT_LINE_EOF; BT_LINE_AGAIN
 * when a signal interrupted the wait; or -errno. */
int bt_lines_next(struct bt_lines *l, const char **line, size_t *len);

#endif
