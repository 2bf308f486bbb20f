/* SPDX-License-Identifier: ISC
 *
 * report - all groups in one of the output formats.
 */
#include <errno.h>

#include "report.h"

/* One write for each record: whole lines of at most PIPE_BUF bytes are never torn. */
static int report_json(struct bagg_agg *a, const struct bagg_groups *g, struct bt_outfile *file, uint64_t *refused)
{
	int rc = 0;

	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == -EMSGSIZE) {
			++*refused;
			rc = 0;
		} else if (rc == 0) {
			rc = bt_outfile_write(file, a->line, (size_t)a->line_len);
		}
	}
	return rc;
}

int bagg_report(struct bagg_agg *a, const struct bagg_groups *g, struct bt_out *out, uint64_t *refused)
{
	switch (out->format) {
	case BT_FORMAT_TSV:
		return bagg_report_tsv(a, g, &out->file);
	case BT_FORMAT_TEXT:
		return bagg_report_table(a, g, &out->file, false);
	case BT_FORMAT_MD:
		return bagg_report_table(a, g, &out->file, true);
	default:
		return report_json(a, g, &out->file, refused);
	}
}
