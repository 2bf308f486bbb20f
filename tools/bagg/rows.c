/* SPDX-License-Identifier: ISC
 *
 * rows - groups as rows of the columns that all btools records have: separated by tabs, or by commas (RFC 4180). Lines end with a
 * newline alone: readers take that, while a carriage return becomes part of the last value in those made for Unix.
 */
#include <errno.h>
#include <string.h>

#include "report.h"
#include "view.h"

/* Text of which no byte can be taken for the end of a column or line. */
static void add_plain(struct bt_buf *b, const char *s)
{
	if (!*s)
		bt_buf_char(b, '-');
	for (; *s; s++)
		bt_buf_char(b, (unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
}

static void add_quoted(struct bt_buf *b, const char *s)
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

static void add_heading(struct bt_buf *b, char separator)
{
	bt_buf_str(b, BT_REC_TSV_HEADER);
	for (size_t i = 0; i < b->len && !b->failed; i++)
		if (b->data[i] == '\t')
			b->data[i] = separator;
}

static int report_rows(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g, char separator,
		       void (*add_text)(struct bt_buf *b, const char *s))
{
	struct bt_buf b = BT_BUF_INIT;
	struct bagg_columns c = { 0 };
	int rc = 0;

	if (r->calls == 0)
		add_heading(&b, separator);
	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == -EMSGSIZE)
			rc = 0;
		bagg_columns_set(&c, a);
		for (unsigned k = 0; k < BAGG_COLUMNS && !c.text.failed; k++) {
			add_text(&b, c.text.data + c.at[k]);
			bt_buf_char(&b, k + 1 < BAGG_COLUMNS ? separator : '\n');
		}
		rc = c.text.failed ? -ENOMEM : bagg_flush(r, &b, false, rc);
	}
	rc = bagg_flush(r, &b, true, rc);
	bt_buf_free(&b);
	bt_buf_free(&c.text);
	return rc;
}

int bagg_report_tsv(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	return report_rows(r, a, g, '\t', add_plain);
}

int bagg_report_csv(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	return report_rows(r, a, g, ',', add_quoted);
}
