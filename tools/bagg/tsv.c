/* SPDX-License-Identifier: ISC
 *
 * tsv - groups as the tab-separated columns that all btools records have.
 */
#include <errno.h>

#include "report.h"
#include "view.h"

/* Text of which no byte can be taken for the end of a column or line. */
static void add_text(struct bt_buf *b, const char *s)
{
	if (!*s)
		bt_buf_char(b, '-');
	for (; *s; s++)
		bt_buf_char(b, (unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
}

int bagg_report_tsv(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	struct bt_buf b = BT_BUF_INIT;
	struct bagg_columns c = { 0 };
	int rc = 0;

	bt_buf_str(&b, r->calls == 0 ? BT_REC_TSV_HEADER : "");
	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == -EMSGSIZE)
			rc = 0;
		bagg_columns_set(&c, a);
		for (unsigned k = 0; k < BAGG_COLUMNS && !c.text.failed; k++) {
			add_text(&b, c.text.data + c.at[k]);
			bt_buf_char(&b, k + 1 < BAGG_COLUMNS ? '\t' : '\n');
		}
		rc = c.text.failed ? -ENOMEM : bagg_flush(r, &b, false, rc);
	}
	rc = bagg_flush(r, &b, true, rc);
	bt_buf_free(&b);
	bt_buf_free(&c.text);
	return rc;
}
