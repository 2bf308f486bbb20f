/* SPDX-License-Identifier: ISC
 *
 * gobench - groups in the format of Go's benchmarks, for benchstat: a line for each value that was kept, or for each
 * distribution with its mean and percentiles as units of their own.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "view.h"

enum { HOST, TOOL, LOOP, KIND, CONFIGS };

struct gobench {
	struct bagg_report *r;
	struct bagg_agg *a;
	struct bt_buf lines, name, unit;
	char *config[CONFIGS]; /* as last written */
};

/* What Go says about a quantity per operation; others keep their unit. */
static const char *per_op(const char *unit)
{
	return strcmp(unit, "ns") == 0 ? "ns/op" : strcmp(unit, "J") == 0 ? "J/op" : unit;
}

/* Blanks end a name or unit, slashes part of a name. */
static void add_word(struct bt_buf *b, const char *s, bool slash)
{
	for (; *s; s++) {
		bool blank = (unsigned char)*s <= 0x20 || *s == 0x7f;

		bt_buf_char(b, blank || (*s == '/' && !slash) ? '_' : *s);
	}
}

/* Non-ASCII blanks too would end it. Replaces every byte that is no ASCII by '_'. */
static void only_ascii(struct bt_buf *b, size_t start)
{
	for (size_t i = start; i < b->len && !b->failed; i++)
		if ((unsigned char)b->data[i] >= 0x80)
			b->data[i] = '_';
}

/* "lat-p99-ns/op": benchstat takes what follows the last hyphen for the unit. rank NULL: the value itself or the mean. */
static const char *unit_of(struct gobench *o, const char *rank)
{
	const struct bagg_group *g = o->a->group;
	const char *unit = g->unit ? per_op(g->unit) : "";

	o->unit.len = 0;
	add_word(&o->unit, g->metric && *g->metric ? g->metric : "value", false);
	if (rank)
		bt_buf_printf(&o->unit, "-%s", rank);
	if (*unit && strcmp(unit, "count") != 0) {
		bt_buf_char(&o->unit, '-');
		add_word(&o->unit, unit, true);
	}
	only_ascii(&o->unit, 0);
	return bt_buf_cstr(&o->unit);
}

static void add_part(struct bt_buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	bt_buf_char(b, '/');
	add_word(b, name, false);
	bt_buf_char(b, '=');
	add_word(b, value, false);
}

/* A number at the end would be taken for GOMAXPROCS. */
static void end_name(struct bt_buf *b)
{
	size_t i = b->len;

	while (i > 0 && isdigit((unsigned char)b->data[i - 1]))
		i--;
	if (i < b->len && i > 0 && b->data[i - 1] == '-')
		bt_buf_str(b, "-1");
}

static void make_name(struct gobench *o)
{
	const struct bagg_group *g = o->a->group;
	const char *test = bagg_agg_head(g, BAGG_TEST);
	struct bagg_pair pairs[BAGG_PAIRS];
	unsigned n = bagg_pairs(o->a, false, pairs);
	char rep[32];

	o->name.len = 0;
	bt_buf_str(&o->name, "Benchmark");
	add_word(&o->name, test && *test ? test : "All", false);
	if (g->rep) {
		snprintf(rep, sizeof(rep), "%llu", (unsigned long long)g->rep);
		add_part(&o->name, "rep", rep);
	}
	if (o->a->keys->head[BAGG_RUN])
		add_part(&o->name, "run", bagg_agg_head(g, BAGG_RUN));
	if (o->a->keys->head[BAGG_TAINT])
		add_part(&o->name, "taint", bagg_agg_head(g, BAGG_TAINT));
	for (unsigned i = 0; i < n; i++)
		add_part(&o->name, pairs[i].name, pairs[i].value);
	only_ascii(&o->name, 0);
	if (o->name.failed)
		return;
	o->name.data[9] = (char)toupper((unsigned char)o->name.data[9]);
	end_name(&o->name);
}

/* A line "key: value" holds for all lines after it; without a value it ends that. */
static int set_config(struct gobench *o, int which, const char *key, const char *value)
{
	struct bt_buf text = BT_BUF_INIT;
	bool same;

	for (const char *s = value ? value : ""; *s; s++)
		bt_buf_char(&text, (unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
	same = o->config[which] ? strcmp(bt_buf_cstr(&text), o->config[which]) == 0 : text.len == 0 && o->r->calls == 0;
	if (!same)
		bt_buf_printf(&o->lines, "%s:%s%s\n", key, text.len ? " " : "", bt_buf_cstr(&text));
	if (!same) {
		free(o->config[which]);
		o->config[which] = strdup(bt_buf_cstr(&text));
	}
	bt_buf_free(&text);
	return o->config[which] || same ? 0 : -ENOMEM;
}

static int set_configs(struct gobench *o)
{
	const struct bagg_group *g = o->a->group;
	const char *kind = g->of == BT_KIND_RESULT ? NULL : bt_kind_name(g->of);

	if (set_config(o, HOST, "host", bagg_agg_head(g, BAGG_HOST)) < 0 ||
	    set_config(o, TOOL, "tool", bagg_agg_head(g, BAGG_TOOL)) < 0 ||
	    set_config(o, LOOP, "loop", bagg_agg_head(g, BAGG_LOOP)) < 0 || set_config(o, KIND, "kind", kind) < 0)
		return -ENOMEM;
	return 0;
}

static void measure(struct gobench *o, const struct bt_number *v, const char *rank)
{
	bt_buf_char(&o->lines, ' ');
	bagg_decimal(&o->lines, v, 0);
	bt_buf_printf(&o->lines, " %s", unit_of(o, rank));
}

static void line(struct gobench *o)
{
	const struct bt_ranks *ranks = o->a->ranks;
	struct bt_number mean = { .f = o->a->mean }, v;

	bt_buf_printf(&o->lines, "%s %llu", bt_buf_cstr(&o->name), (unsigned long long)o->a->group->fold.moments.n);
	measure(o, &mean, NULL);
	for (unsigned i = 0; i < ranks->n; i++)
		if (bagg_agg_rank(o->a, ranks->rank[i].p, &v))
			measure(o, &v, ranks->rank[i].name);
	bt_buf_char(&o->lines, '\n');
}

static int group(struct gobench *o)
{
	const struct bagg_fold *f = &o->a->group->fold;

	if (f->moments.n == 0)
		return 0;
	if (set_configs(o) < 0)
		return -ENOMEM;
	make_name(o);
	if (o->a->source != BAGG_VALUES)
		line(o);
	for (uint32_t i = 0; o->a->source == BAGG_VALUES && i < f->n_values; i++) {
		bt_buf_printf(&o->lines, "%s 1", bt_buf_cstr(&o->name));
		measure(o, &o->a->sorted[i], NULL);
		bt_buf_char(&o->lines, '\n');
	}
	return o->name.failed || o->unit.failed ? -ENOMEM : 0;
}

/* Note which way is better for one unit; -1 where groups disagree. */
static int note_better(struct bt_intern *seen, signed char **list, const char *unit, enum bt_better better)
{
	signed char *bigger;
	bool added;
	int64_t i = bt_intern(seen, unit, strlen(unit), &added);

	if (i < 0)
		return -ENOMEM;
	if (added && (i & (i - 1)) == 0) {
		bigger = realloc(*list, i > 0 ? 2 * (size_t)i : 1);
		if (!bigger)
			return -ENOMEM;
		*list = bigger;
	}
	if (added)
		(*list)[i] = (signed char)better;
	else if ((*list)[i] != (signed char)better)
		(*list)[i] = -1;
	return 0;
}

/* benchstat knows few directions itself, and percentiles are units of their own. */
static int unit_lines(struct gobench *o, const struct bagg_groups *g)
{
	struct bt_intern seen = BT_INTERN_INIT;
	signed char *better = NULL;
	int rc = 0;

	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		const struct bagg_fold *f = &g->list[i]->fold;
		unsigned n = f->scalar && !f->counting ? 0 : o->a->ranks->n;

		o->a->group = g->list[i];
		rc = note_better(&seen, &better, unit_of(o, NULL), g->list[i]->better);
		for (unsigned k = 0; k < n && rc == 0; k++)
			rc = note_better(&seen, &better, unit_of(o, o->a->ranks->rank[k].name), g->list[i]->better);
	}
	for (uint32_t i = 0; i < seen.n && rc == 0 && better; i++)
		if (better[i] > BT_BETTER_NONE)
			bt_buf_printf(&o->lines, "Unit %.*s better=%s\n", (int)seen.keys[i].len, seen.keys[i].bytes,
				      bt_better_name((enum bt_better)better[i]));
	bt_intern_free(&seen);
	free(better);
	return o->unit.failed ? -ENOMEM : rc;
}

int bagg_report_go(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	struct gobench o = { .r = r, .a = a };
	int rc = unit_lines(&o, g);

	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == 0 || rc == -EMSGSIZE)
			rc = group(&o);
		rc = bagg_flush(r, &o.lines, false, rc);
	}
	rc = bagg_flush(r, &o.lines, true, rc);
	for (int i = 0; i < CONFIGS; i++)
		free(o.config[i]);
	bt_buf_free(&o.lines);
	bt_buf_free(&o.name);
	bt_buf_free(&o.unit);
	return rc;
}
