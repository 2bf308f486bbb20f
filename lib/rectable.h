/* SPDX-License-Identifier: ISC
 *
 * rectable - records as a table for people, printed while they come: the text format of the producers.
 *
 * The dimensions of the first row have a column each, unless they are long; others follow the row as name=value, or as a
 * ditto mark when they are those of the row above.
 * The heading is printed before the first row, again when samples turn into results or back, and when a new test lacks a
 * column's dimension.
 */
#ifndef BT_RECTABLE_H
#define BT_RECTABLE_H

#include <stdbool.h>

#include "buf.h"
#include "rec.h"

#define BT_RECTABLE_DIMS 6
#define BT_RECTABLE_NAME 24

struct bt_rectable {
	const struct bt_rec_source *source; /* names the tool and the host in the line of meta; may be NULL */
	bool started;                       /* a heading has been printed; what follows describes it */
	enum bt_kind kind;
	char test[64];
	unsigned n_dims;
	char dims[BT_RECTABLE_DIMS][BT_RECTABLE_NAME];
	unsigned char width[BT_RECTABLE_DIMS]; /* columns on screen */
	bool words[BT_RECTABLE_DIMS];          /* not numbers: aligned to the left */
	size_t notes_len;
	char notes[512]; /* the dimensions without a column of the row above; none when they are longer */
	int64_t start_us; /* ts of the first record */
};

#define BT_RECTABLE_INIT { .started = false }

/* bt_rectable_add - append what a person should see of r: one line for meta, events, marks, warn and an end that is not ok, a row
 * for samples, results, aggs and diffs. Borrows r. */
void bt_rectable_add(struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r);

#endif
