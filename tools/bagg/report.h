/* SPDX-License-Identifier: ISC
 *
 * report - all groups in one of the output formats.
 */
#ifndef BAGG_REPORT_H
#define BAGG_REPORT_H

#include "agg.h"
#include "out.h"

/* bagg_report - write every group, in order. *refused counts the groups whose record did not fit a line. Returns 0,
 * -ENOMEM or the error of the output. */
int bagg_report(struct bagg_agg *a, const struct bagg_groups *g, struct bt_out *out, uint64_t *refused);

/* bagg_report_tsv, bagg_report_table - the formats of report.c's table. */
int bagg_report_tsv(struct bagg_agg *a, const struct bagg_groups *g, struct bt_outfile *file);
int bagg_report_table(struct bagg_agg *a, const struct bagg_groups *g, struct bt_outfile *file, bool markdown);

#endif
