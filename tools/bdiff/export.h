/* SPDX-License-Identifier: ISC
 *
 * export - a baseline as a file of its own: the measurements of some streams, where they were made, and a seal.
 *
 * The first line is a meta record of bdiff, the last an end record of bdiff with the CRC-32 of all lines before it. Between
 * them stand the meta records of the streams, their measurements and their end records, byte for byte as they were read, in
 * an order that depends on nothing but these lines.
 */
#ifndef BDIFF_EXPORT_H
#define BDIFF_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "intern.h"
#include "recread.h"
#include "streams.h"

struct bdiff;
struct bdiff_lines_block;

/* A line to be written. */
struct bdiff_line {
	const char *text; /* in a block */
	uint32_t len;     /* without newline */
	uint32_t group;   /* number in bdiff_export's groups; then the place of the group in the order */
	uint32_t rep;
	bool unique;      /* a second one like it is the same record, read twice */
};

struct bdiff_lines {
	struct bdiff_line *v;
	size_t n, cap;
	struct bdiff_lines_block *blocks;
	double newest; /* ts; 0 when none has one */
};

struct bdiff_export {
	struct bt_intern groups; /* what lines are sorted by, as far as it is text */
	struct bdiff_lines metas, measures, ends;
};

/* bdiff_export_take - keep a line if it belongs into the baseline. Returns 0, -ENOMEM, or -EINVAL with *why set for a record
 * that nothing could be compared with. */
int bdiff_export_take(struct bdiff *d, const struct bt_rec_in *r, bool measured, const char *line, size_t len,
		      const char **why);

/* bdiff_export_drop - forget the measurements. */
void bdiff_export_drop(struct bdiff_export *e);

/* bdiff_export_streams - note the meta and end records of all streams, in whatever order they came. 0 or -ENOMEM. */
int bdiff_export_streams(struct bdiff *d, struct bt_streams *streams);

/* bdiff_export_write - sort and write everything to d->out.file. Returns 0 or -errno. */
int bdiff_export_write(struct bdiff *d);

void bdiff_export_free(struct bdiff_export *e);

#endif
