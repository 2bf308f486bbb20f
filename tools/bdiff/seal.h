/* SPDX-License-Identifier: ISC
 *
 * seal - the first and the last line of an exported baseline, which show that nothing between them has been lost or changed.
 *
 * The first is a meta record of bdiff that says "export":true. The last is an end record of bdiff with the number of lines
 * before it, the first included, and the CRC-32 of their bytes, newlines included.
 */
#ifndef BDIFF_SEAL_H
#define BDIFF_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gzip.h"
#include "outfile.h"
#include "rec.h"
#include "recread.h"

/* A seal that is being read. */
struct bdiff_seal {
	bool open;      /* between the first line and the last */
	bool cut;       /* a baseline before this one had no last line */
	uint64_t lines; /* from the first on */
	uint32_t crc;   /* of them */
};

/* bdiff_seal_check - take a line as it was read; r is NULL when it is no record. Returns 1 for the first and the last line
 * of a baseline, 0 for any other, and -EBADMSG with *why set for a last line that is not that of the lines before it. */
int bdiff_seal_check(struct bdiff_seal *s, const struct bt_rec_in *r, const char *line, size_t len, const char **why);

/* A baseline that is being written. */
struct bdiff_sealer {
	struct bt_outfile *file;
	struct bt_gzip *gzip; /* NULL: written as it is */
	const struct bt_rec_source *src;
	int64_t ts_us;
	struct bdiff_seal seal;
	int error; /* the first, -errno; later lines are not written */
	size_t len;
	char buf[BT_REC_MAX]; /* whole lines: they reach a pipe in pieces that it keeps together */
};

/* bdiff_sealer_begin - write the first line, in the name of src and with that time. gzip: compress. Borrows file and src
 * until the end. */
void bdiff_sealer_begin(struct bdiff_sealer *s, struct bt_outfile *file, bool gzip, const struct bt_rec_source *src,
			int64_t ts_us);

/* bdiff_sealer_line - write one line, given without its newline. */
void bdiff_sealer_line(struct bdiff_sealer *s, const char *line, size_t len);

/* bdiff_sealer_end - write the last line and free everything. The file still wants its commit. Returns 0 or s->error. */
int bdiff_sealer_end(struct bdiff_sealer *s);

#endif
