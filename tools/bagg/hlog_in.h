/* SPDX-License-Identifier: ISC
 *
 * hlog_in - reads HdrHistogram logs (.hlog, as HistogramLogWriter writes them): each interval is one distribution in ns.
 *
 *	#[BaseTime: 1700000000.000 (seconds since epoch)]
 *	#[StartTime: 1700000000.127 (seconds since epoch), ...]
 *	"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
 *	[Tag=NAME,]start_s,length_s,max,BASE64
 */
#ifndef BAGG_HLOG_IN_H
#define BAGG_HLOG_IN_H

#include <stdbool.h>
#include <stddef.h>

#include "histcodec.h"

struct bagg;

/* What the lines so far have said, all of one file. */
struct bagg_hlog_in {
	double base, start; /* seconds; NaN: not known yet */
	bool ends;          /* the legend says that field 2 is the end of the interval, not its length */
	struct bt_histcodec *codec; /* made on first use */
	struct bt_hist hist;
};

/* bagg_hlog_in_init - at the start of a file. bagg_hlog_in_free - at its end. */
void bagg_hlog_in_init(struct bagg_hlog_in *in);
void bagg_hlog_in_free(struct bagg_hlog_in *in);

/* bagg_hlog_take - fold one line: a sample record of metric lat, with the tag as a dimension. Returns as bagg_take. */
int bagg_hlog_take(struct bagg *b, struct bagg_hlog_in *in, const char *line, size_t len, bool *blind, const char **why);

#endif
