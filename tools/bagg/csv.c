/* SPDX-License-Identifier: ISC
 *
 * csv - groups as comma-separated values (RFC 4180), the columns of all btools records. Lines end with a newline alone:
 * readers take that, while a carriage return becomes part of the last value in those made for Unix.
 */
#include <errno.h>
#include <string.h>

#include "report.h"
#include "view.h"

static void add_text(struct bt_buf *b, const char *s)
{
	if (!s[strcspn(s, ",\"\r\n")]) {
		bt_buf_str(b, s);
		return;
	}
	bt_buf_char(b, '"');
	for (; *s; s++) {
		if (*s == '"')
			bt_buf_char(b, '"');
		bt_buf_char(b, *s);
	}
	bt_buf_char(b, '"');
}

static void heading(struct bt_buf *b)
{
	bt_buf_str(b, BT_REC_TSV_HEADER);
	for (size_t i = 0; i < b->len && !b->failed; i++)
		if (b->data[i] == '\t')
			b->data[i] = ',';
}

int bagg_report_csv(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	struct bt_buf b = BT_BUF_INIT;
	struct bagg_columns c = { 0 };
	int rc = 0;

	if (r->calls == 0)
		heading(&b);
	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == -EMSGSIZE)
			rc = 0;
		bagg_columns_set(&c, a);
		for (unsigned k = 0; k < BAGG_COLUMNS && !c.text.failed; k++) {
			add_text(&b, c.text.data + c.at[k]);
			bt_buf_char(&b, k + 1 < BAGG_COLUMNS ? ',' : '\n');
		}
		rc = c.text.failed ? -ENOMEM : bagg_flush(r, &b, false, rc);
	}
	rc = bagg_flush(r, &b, true, rc);
	bt_buf_free(&b);
	bt_buf_free(&c.text);
	return rc;
}
