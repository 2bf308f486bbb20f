/* SPDX-License-Identifier: ISC
 *
 * input - what is wrong with the input, counted and said: lines that are no records, and streams that stop without an end.
 */
#ifndef BAGG_INPUT_H
#define BAGG_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "badlines.h"
#include "recread.h"
#include "streams.h"

struct bagg_input {
	bool verbose;
	uint64_t bad;      /* lines, in all files */
	uint64_t errors;   /* files that could not be read to their end */
	uint64_t warnings; /* warn records */
	uint64_t unfolded; /* measurements without a value */
	struct bt_badlines lines; /* bad ones of the current file */
	struct bt_streams streams;
	bool blind_said;
};

/* bagg_input_bad - count a bad line; the first few of each reason are shown. */
void bagg_input_bad(struct bagg_input *in, const struct bt_lines *l, const char *why);

/* bagg_input_file_end - say how many bad lines there were in this file beyond those shown. */
void bagg_input_file_end(struct bagg_input *in, const struct bt_lines *l);

/* bagg_input_other - take note of a record that carries no measurement: meta, end, warn. Returns 0 or -ENOMEM. */
int bagg_input_other(struct bagg_input *in, const struct bt_rec_in *r);

/* bagg_input_blind - say, once, that a record without a usable histogram makes percentiles unknown. */
void bagg_input_blind(struct bagg_input *in, const struct bt_lines *l);

/* bagg_input_truncated - name the streams that have no end record. Returns how many. */
uint64_t bagg_input_truncated(const struct bagg_input *in);

void bagg_input_free(struct bagg_input *in);

#endif
