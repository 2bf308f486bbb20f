/* SPDX-License-Identifier: ISC
 *
 * recread - reads records back: the record in a line (lines.h brings the lines).
 *
 * Accepted without complaint: unknown keys, any key order, nested values.
 */
#ifndef BT_RECREAD_H
#define BT_RECREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "lines.h"
#include "rec.h"

/* A piece of the line, as it stands between the quotes; escaped says whether backslashes must be undone. */
struct bt_span {
	const char *p; /* NULL: the key is absent */
	uint32_t len;  /* bytes */
	bool escaped;
};

/* One record as read. Spans point into the line. */
struct bt_rec_in {
	enum bt_kind kind;
	struct bt_span run, host, tool, test, metric, unit, loop, taint, hist, status, of;
	struct bt_span values; /* agg: the JSON array of all values */
	enum bt_better better;
	double ts, dur;        /* seconds; NaN when absent */
	uint64_t rep;          /* 0 when absent */
	uint64_t lost, resets;
	bool has_value, has_dist;
	struct bt_number value;
	uint64_t n, records;           /* n is 0 when absent */
	struct bt_number min, max, sum, sumsq;
	bool has_min, has_max, has_sum, has_sumsq;
	bool has_exact; /* agg: it says whether its percentiles are exact, so it folds scalars */
	double mean, sd, p50, p90, p99, p999; /* NaN when absent */
	unsigned n_dims;
	const struct bt_json_field *dims[BT_REC_KEYS]; /* sorted by name, each name once */
	const struct bt_json *json;                    /* all fields */
};

/* bt_rec_parse - understand a line. Fills r from json (reused memory) and line, both borrowed. Returns 0, or -EINVAL with
 * *why set to a constant reason: not JSON, no version 1, unknown kind, no number where one is due, n without min..., both
 * value and n, too many dimensions. -ENOMEM likewise. A field that is null counts as absent; n above 0 needs min and max.
 * Records other than sample, result, event and agg have a header only, end records status and records too. */
int bt_rec_parse(struct bt_rec_in *r, struct bt_json *json, const char *line, size_t len, const char **why);

/* bt_rec_text_fits - whether a string (as it stands in JSON) is short enough for a record to hold whole, see BT_REC_TEXT. */
bool bt_rec_text_fits(const char *p, size_t len);

/* bt_rec_dim_value - the value of a dimension as text for people and group keys: strings unescaped, others as written.
 * out: cap bytes, always NUL-terminated, cut if need be. Returns the length. */
size_t bt_rec_dim_value(const struct bt_json_field *f, char *out, size_t cap);

/* bt_span_text - the same for a span. */
size_t bt_span_text(struct bt_span s, char *out, size_t cap);

/* bt_span_is - whether the span is exactly text. */
bool bt_span_is(struct bt_span s, const char *text);

#endif
