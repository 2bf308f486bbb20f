/* SPDX-License-Identifier: ISC
 *
 * view - what several formats read of the group at hand: its dimensions in order, its name, its distribution step by step.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fmt.h"
#include "utf8.h"
#include "view.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct bagg_pair *)a)->name, ((const struct bagg_pair *)b)->name);
}

unsigned bagg_pairs(const struct bagg_agg *a, bool all, struct bagg_pair out[BAGG_PAIRS])
{
	const struct bagg_group *g = a->group;
	unsigned n = 0, dims;

	if (all)
		out[n++] = (struct bagg_pair){ "of", bt_kind_name(g->of) };
	if (all && a->has_start)
		out[n++] = (struct bagg_pair){ "start", a->start };
	for (unsigned i = 0; i < g->n_dims; i++)
		out[n++] = (struct bagg_pair){ g->dims[i].name, g->dims[i].value };
	dims = n;
	for (unsigned i = 0; i < a->own->n_tags && i < BT_REC_TAGS; i++) {
		unsigned j = 0;

		while (j < dims && strcmp(out[j].name, a->own->tag_names[i]) != 0)
			j++;
		if (j == dims)
			out[n++] = (struct bagg_pair){ a->own->tag_names[i], a->own->tag_values[i] };
	}
	qsort(out, n, sizeof(out[0]), by_name);
	return n;
}

void bagg_clean(struct bt_buf *b, size_t start)
{
	size_t len = b->len - start;

	if (len == 0 || bt_buf_room(b, 1) < 0)
		return;
	bt_utf8_clean(b->data + start, len + 1, b->data + start, len);
	b->len = start + strlen(b->data + start);
}

static void add_part(struct bt_buf *b, size_t start, char sep, const char *text)
{
	if (text && b->len > start)
		bt_buf_char(b, sep);
	bt_buf_str(b, text ? text : "");
}

static void add_pair(struct bt_buf *b, size_t start, char sep, const char *name, const char *value)
{
	if (!value)
		return;
	add_part(b, start, sep, name);
	bt_buf_char(b, '=');
	bt_buf_str(b, value);
}

/* A part of the head that tells groups apart only when -k names it. */
static void add_keyed(const struct bagg_agg *a, struct bt_buf *b, size_t start, char sep)
{
	for (int h = BAGG_TEST + 1; h < BAGG_HEADS; h++)
		if (a->keys->head[h])
			add_pair(b, start, sep, bagg_head_name((enum bagg_head)h), bagg_agg_head(a->group, (enum bagg_head)h));
}

void bagg_title(const struct bagg_agg *a, char sep, struct bt_buf *b)
{
	const struct bagg_group *g = a->group;
	struct bagg_pair pairs[BAGG_PAIRS];
	unsigned n = bagg_pairs(a, false, pairs);
	size_t start = b->len;

	add_part(b, start, sep, bagg_agg_head(g, BAGG_TOOL));
	add_part(b, start, sep, bagg_agg_head(g, BAGG_TEST));
	add_part(b, start, sep, g->metric ? g->metric : "-");
	if (g->of != BT_KIND_RESULT)
		add_pair(b, start, sep, "of", bt_kind_name(g->of));
	add_keyed(a, b, start, sep);
	if (g->rep)
		bt_buf_printf(b, "%crep=%llu", sep, (unsigned long long)g->rep);
	for (unsigned i = 0; i < n; i++)
		add_pair(b, start, sep, pairs[i].name, pairs[i].value);
	bagg_clean(b, start);
}

void bagg_window_text(const struct bagg_agg *a, struct bt_buf *b)
{
	time_t seconds = (time_t)(a->start_us / 1000000);
	char date[64], length[64];
	struct tm tm;

	if (a->window_ns == 0 || !a->has_start)
		return;
	if (!gmtime_r(&seconds, &tm) || strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return;
	bt_buf_printf(b, " from %s", date);
	if (a->start_us % 1000000)
		bt_buf_printf(b, "%s", strchr(a->start, '.'));
	bt_fmt_scaled(length, sizeof(length), (double)a->window_ns, "ns");
	bt_buf_printf(b, " UTC, %s", length);
}

static bool next_value(const struct bagg_agg *a, struct bagg_step *s)
{
	uint32_t n = a->group->fold.n_values;

	if (s->next >= n)
		return false;
	s->value = a->sorted[s->next];
	s->count = 0;
	while (s->next < n && bagg_number_cmp(&a->sorted[s->next], &s->value) == 0) {
		s->next++;
		s->count++;
	}
	return true;
}

static bool next_bucket(const struct bagg_agg *a, struct bagg_step *s)
{
	while (s->next < a->hist.len && a->hist.counts[s->next] == 0)
		s->next++;
	if (s->next >= a->hist.len)
		return false;
	s->value = bagg_agg_value(a, bt_hist_high(&a->hist, s->next));
	s->low = bt_hist_low(&a->hist, s->next);
	s->count = a->hist.counts[s->next++];
	return true;
}

bool bagg_step_next(const struct bagg_agg *a, struct bagg_step *s)
{
	if (a->source == BAGG_VALUES)
		return next_value(a, s);
	return a->source == BAGG_COUNTS && next_bucket(a, s);
}
