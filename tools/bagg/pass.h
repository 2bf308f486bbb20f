/* SPDX-License-Identifier: ISC
 *
 * pass - the input, byte for byte, to stdout as it arrives.
 *
 * Invariant: what is written at once is whole lines of together at most PIPE_BUF bytes, or one longer line, so that no line
 * that fits a pipe is ever torn. Bytes behind the last newline wait for their end.
 */
#ifndef BAGG_PASS_H
#define BAGG_PASS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "outfile.h"

struct bagg_pass {
	struct bt_outfile out;
	struct bt_buf held; /* of a line without its end so far */
	bool inside;        /* a line: its start was too long to be held and has gone */
	bool open_end;      /* the last file had no newline at its end */
	int error;          /* first error, -errno; nothing is written after it */
};

/* bagg_pass_init - to stdout. Cannot fail. */
void bagg_pass_init(struct bagg_pass *p);

/* bagg_pass_bytes - bytes have been read. Errors are left in p->error. */
void bagg_pass_bytes(struct bagg_pass *p, const char *bytes, size_t len);

/* bagg_pass_file_end - a file has ended: pass what it had behind its last newline. Should another file follow, a newline
 * goes before it, so that two lines do not become one. */
void bagg_pass_file_end(struct bagg_pass *p);

/* bagg_pass_look - set p->error to -EPIPE if the reader has gone. */
void bagg_pass_look(struct bagg_pass *p);

void bagg_pass_free(struct bagg_pass *p);

#endif
