/* SPDX-License-Identifier: ISC
 *
 * report - all groups in one of the output formats.
 */
#include <errno.h>

#include "report.h"

#define CHUNK 65536 /* bytes: written whenever so many have gathered */

int bagg_flush(struct bagg_report *r, struct bt_buf *b, bool end, int rc)
{
	if (rc == 0 && b->failed)
		rc = -ENOMEM;
	if (rc == 0 && b->len > 0 && (end || b->len > CHUNK)) {
		rc = bt_outfile_write(r->file, b->data, b->len);
		b->len = 0;
	}
	return rc;
}

/* One write for each record: whole lines of at most PIPE_BUF bytes are never torn. */
static int report_json(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	int rc = 0;

	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == -EMSGSIZE) {
			r->refused++;
			rc = 0;
		} else if (rc == 0) {
			rc = bt_outfile_write(r->file, a->line, (size_t)a->line_len);
		}
	}
	return rc;
}

int bagg_report(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	static int (*const formats[])(struct bagg_report *, struct bagg_agg *, const struct bagg_groups *) = {
		[BAGG_AUTO] = report_json,         [BAGG_JSON] = report_json,         [BAGG_TSV] = bagg_report_tsv,
		[BAGG_CSV] = bagg_report_csv,      [BAGG_TEXT] = bagg_report_table,   [BAGG_MD] = bagg_report_table,
		[BAGG_PROM] = bagg_report_prom,    [BAGG_OPENMETRICS] = bagg_report_prom,
		[BAGG_HLOG] = bagg_report_hlog,    [BAGG_HGRM] = bagg_report_hgrm,    [BAGG_GO] = bagg_report_go,
	};
	int rc;

	a->keys = &g->keys;
	rc = formats[r->format](r, a, g);
	r->calls++;
	return rc;
}
