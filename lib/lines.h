/* SPDX-License-Identifier: ISC
 *
 * lines - reads lines from a file or pipe as they come; gzip data, known by its first two bytes, is inflated.
 *
 * Accepted without complaint: blank lines, CRLF, a byte order mark, a last line without newline, any bytes. Nothing waits
 * for more input than a line needs, and each byte is looked at once, however small the pieces in which it arrives.
 */
#ifndef BT_LINES_H
#define BT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_LINE_MAX (64u << 20) /* default bound on the length of a line, bytes */

struct bt_gunzip;

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
	bool known;             /* whether it is gzip has been settled */
	struct bt_gunzip *gzip; /* NULL: it is not */
	const char *error;      /* what is wrong with gzip data, a constant; NULL: nothing */
	int (*wait)(int fd); /* NULL, or called before each read: 0, or -EINTR for BT_LINE_AGAIN. bt_sig_wait */
	int (*wait_with)(void *arg, int fd); /* the same with arg, and instead; NULL: none */
	void (*tee)(void *arg, const char *bytes, size_t len); /* NULL, or told of all bytes as they arrive */
	void *arg;
};

enum bt_line { BT_LINE_EOF = 0, BT_LINE_OK = 1, BT_LINE_PARTIAL = 2, BT_LINE_TOO_LONG = 3, BT_LINE_AGAIN = 4 };

/* bt_lines_open - path "-": stdin; name is kept by reference. Returns 0 or -errno. bt_lines_close takes a zeroed struct. */
int bt_lines_open(struct bt_lines *l, const char *path);
void bt_lines_close(struct bt_lines *l);

/* bt_lines_next - the next line that is not blank, without its end; *line is valid until the next call. BT_LINE_OK;
 * BT_LINE_PARTIAL for a last line without newline; BT_LINE_TOO_LONG for one that was passed over; BT_LINE_EOF; BT_LINE_AGAIN
 * when a signal interrupted the wait; or -errno. Gzip data that is truncated, corrupt or followed by garbage is -EBADMSG
 * with l->error set, after the whole lines before that. */
int bt_lines_next(struct bt_lines *l, const char **line, size_t *len);

/* bt_lines_block - as bt_lines_next, but all the whole lines at hand, at least one, blank ones and their ends included, as
 * they are in the input: neither counted in l->number nor looked into. The last one is PARTIAL when it has no newline; *len is
 * 0 for TOO_LONG. bt_lines_memory - lines of len bytes in memory, behind which BT_LINES_SLACK more may be
 * written; number: of lines before it. That memory stays the caller's: l is not closed. */
int bt_lines_block(struct bt_lines *l, const char **block, size_t *len);
void bt_lines_memory(struct bt_lines *l, const char *name, char *block, size_t len, uint64_t number);

/* bt_lines_peek - the bytes at hand, for a caller who finds lines in them itself; they begin with a line. Behind them are
 * BT_LINES_SLACK zero bytes. Returns how many; 0 when there are none or the line at hand is being passed over.
 * bt_lines_skip - bytes of them, n whole lines, have been taken. */
#define BT_LINES_SLACK 64
size_t bt_lines_peek(struct bt_lines *l, const char **p);
void bt_lines_skip(struct bt_lines *l, size_t bytes, uint64_t n);

#endif
