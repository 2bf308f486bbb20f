/* SPDX-License-Identifier: ISC
 *
 * record - rows of the comparison as diff records.
 */
#ifndef BDIFF_RECORD_H
#define BDIFF_RECORD_H

#include "accept.h"
#include "bdiff.h"
#include "geomean.h"
#include "shape.h"

/* A group taken apart: strings end with a NUL and live in text. */
struct bdiff_names {
	struct bt_buf text;
	const char *metric, *unit, *stat, *tool, *test, *host; /* NULL: absent; the first three never are */
};

/* bdiff_names_of - take an identity apart; n->text is reused. 0 or -ENOMEM. */
int bdiff_names_of(struct bdiff_names *n, const char *id, const char *end);

/* Write the row of group i; taint is that of both sides. accept: why a regression is accepted, or NULL. */
void bdiff_record_row(struct bdiff *d, uint32_t i, const struct bdiff_row *row, const struct bdiff_names *n,
		      const char *taint, const struct bdiff_accept *accept);
void bdiff_record_shape(struct bdiff *d, uint32_t i, const struct bdiff_shape *s, const struct bdiff_names *n,
			const char *taint, const struct bdiff_accept *accept);

/* bdiff_record_geomean - n: names of its identity. */
void bdiff_record_geomean(struct bdiff *d, const struct bdiff_geomean *m, const struct bdiff_names *n);

#endif
