/* SPDX-License-Identifier: ISC
 *
 * report - all groups in one of the output formats.
 */
#ifndef BAGG_REPORT_H
#define BAGG_REPORT_H

#include "agg.h"
#include "outfile.h"

enum bagg_format {
	BAGG_AUTO, BAGG_JSON, BAGG_TSV, BAGG_CSV, BAGG_TEXT, BAGG_MD, BAGG_PROM, BAGG_OPENMETRICS, BAGG_HLOG, BAGG_HGRM, BAGG_GO,
};

/* Where reports go, one for each window or a single one. */
struct bagg_report {
	enum bagg_format format;
	bool chart;              /* text and md: draw each distribution */
	struct bt_outfile *file;
	uint64_t calls;          /* reports before this one: a heading is written once */
	uint64_t refused;        /* groups whose record did not fit a line */
	uint64_t unfit;          /* groups of which the format cannot show what it is made for */
};

/* bagg_report - write every group, in order. Adds to what r counts. Returns 0, -ENOMEM or the error of the output. */
int bagg_report(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g);

/* The formats of report.c's table; calls has not yet counted the report at hand. */
int bagg_report_tsv(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g);
int bagg_report_csv(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g);
int bagg_report_table(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g);
int bagg_report_prom(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g);
int bagg_report_hlog(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g);
int bagg_report_hgrm(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g);
int bagg_report_go(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g);

/* bagg_chart - append the distribution of the group at hand to b, drawn in at most width columns. */
void bagg_chart(const struct bagg_agg *a, const char *title, unsigned width, struct bt_buf *b);

/* bagg_flush - write b and empty it, if it is long or this is the end. rc: of what filled it, returned when not 0. */
int bagg_flush(struct bagg_report *r, struct bt_buf *b, bool end, int rc);

#endif
