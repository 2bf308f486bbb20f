/* SPDX-License-Identifier: ISC
 *
 * list - -L: the groups and their figures, as a table.
 */
#include <stdlib.h>
#include <string.h>

#include "bsample.h"
#include "err.h"
#include "table.h"

static const char *const quanta[BSAMPLE_QUANTA] = {
	[BSAMPLE_EXACT] = "-", [BSAMPLE_USER_HZ] = "10 ms", [BSAMPLE_TICK] = "tick", [BSAMPLE_MS] = "1 ms", [BSAMPLE_SECOND] = "1 s",
};

static void add_field(struct bt_table *t, const struct bsample_group *g, const struct bsample_field *f)
{
	bt_table_row(t);
	bt_table_cell(t, 0, "%s", g->name);
	bt_table_cell(t, 1, "%s", f->metric);
	if (f->dim2)
		bt_table_cell(t, 2, "%s=%s %s=%s", f->dim, f->is, f->dim2, f->is2);
	else if (f->dim)
		bt_table_cell(t, 2, "%s=%s", f->dim, f->is);
	bt_table_cell(t, 3, "%s", f->unit);
	bt_table_cell(t, 4, "%s", quanta[f->quantum]);
	if (f->help)
		bt_table_cell(t, 5, "%s", f->help);
}

void bsample_list(void)
{
	struct bt_buf text = BT_BUF_INIT;
	struct bt_table t;
	static const char *const heads[] = { "group", "metric", "of", "unit", "counted in", "what it is" };

	bt_table_init(&t, 6);
	bt_table_row(&t);
	for (unsigned i = 0; i < 6; i++)
		bt_table_cell(&t, i, "%s", heads[i]);
	for (unsigned g = 0; g < bsample_group_count; g++)
		for (const struct bsample_field *f = bsample_groups[g]->fields; f->metric; f++)
			if (!f->hidden)
				add_field(&t, bsample_groups[g], f);
	bt_table_text(&t, &text);
	bt_show(&text);
}

/* Metrics that are no group's. */
static const char *const own[] = { "self_cpu", "self_rss", "late", "missed", "ticks", "backwards", "failed" };

static bool is_of(const struct bsample_group *g, const char *name, size_t len)
{
	for (const struct bsample_field *f = g->fields; f->metric; f++)
		if (!f->hidden && strlen(f->metric) == len && memcmp(f->metric, name, len) == 0)
			return true;
	for (const char *const *also = g->also; also && *also; also++)
		if (strlen(*also) == len && memcmp(*also, name, len) == 0)
			return true;
	return false;
}

static bool is_metric(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strlen(own[i]) == len && memcmp(own[i], name, len) == 0)
			return true;
	for (unsigned g = 0; g < bsample_group_count; g++)
		if (is_of(bsample_groups[g], name, len))
			return true;
	return false;
}

void bsample_check_metrics(const struct bsample *s)
{
	const char *p = s->load.metrics;

	while (p) {
		size_t len = strcspn(p, ",");

		if (!is_metric(p, len))
			bt_die(BT_EXIT_USAGE, "-m, --metrics: no metric is called '%.*s'; bsample -L lists them", len < 60 ? (int)len : 60, p);
		p = p[len] ? p + len + 1 : NULL;
	}
}
