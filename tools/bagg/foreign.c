/* SPDX-License-Identifier: ISC
 *
 * foreign - measurements in NDJSON that other programs wrote.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bagg.h"
#include "jsonpath.h"
#include "when.h"

/* Without a kind nothing is a record; with one that we know but no version it is a record that has lost something. */
bool bagg_foreign_is(const struct bagg *b)
{
	const struct bt_json_field *kind;
	char name[16];

	if (b->json.error)
		return false;
	kind = bt_json_find(&b->json, "kind");
	if (!kind)
		return true;
	if (bt_json_find(&b->json, "v"))
		return false;
	return kind->type != BT_JSON_STRING || bt_kind_of(name, bt_rec_dim_value(kind, name, sizeof(name))) < 0;
}

/* Unix time in seconds, or NaN. */
static double read_time(const struct bagg *b)
{
	struct bt_json_field f;
	struct bt_number v;
	char text[BAGG_WHEN_TEXT];
	int64_t us;
	int rc = -EINVAL;

	if (!bt_json_path(&b->json, b->opts.time_key, &f))
		return NAN;
	if (f.type == BT_JSON_NUMBER && bt_json_number(f.val, f.val_len, &v) == 0)
		rc = bt_when_number(&v, &us);
	else if (f.type == BT_JSON_STRING)
		rc = bt_when_text(text, bt_rec_dim_value(&f, text, sizeof(text)), &us);
	return rc == 0 ? (double)us / 1e6 : NAN;
}

/* What tells one series of counters from another: every text and truth value of the line, in an order of its own. Numbers
 * may be what is measured, and the time is no name. */
static void identify(const struct bagg *b, struct bt_rec_in *r)
{
	for (size_t i = 0; i < b->json.n && r->n_dims < BT_REC_KEYS; i++) {
		const struct bt_json_field *f = &b->json.fields[i];
		struct bt_span name = { f->key, f->key_len, f->key_escaped };
		unsigned at = r->n_dims;
		int order = 1;

		if (f->type == BT_JSON_NUMBER || f->type == BT_JSON_NULL || f->type == BT_JSON_NESTED ||
		    bt_span_is(name, b->opts.time_key))
			continue;
		while (at > 0 && (order = bt_json_compare_keys(f, r->dims[at - 1])) < 0)
			at--;
		if (at > 0 && order == 0) {
			r->dims[at - 1] = f;
			continue;
		}
		memmove(&r->dims[at + 1], &r->dims[at], (r->n_dims - at) * sizeof(r->dims[0]));
		r->dims[at] = f;
		r->n_dims++;
	}
}

static void set_metric(const struct bagg_opts *opts, const struct bagg_metric *m, struct bt_rec_in *r)
{
	const char *unit = m->unit;

	for (unsigned i = 0; i < opts->n_rates && !unit; i++)
		if (strcmp(opts->rates[i].name, m->name) == 0)
			unit = opts->rates[i].unit;
	r->metric = (struct bt_span){ .p = m->name, .len = (uint32_t)strlen(m->name) };
	r->unit = (struct bt_span){ .p = unit, .len = unit ? (uint32_t)strlen(unit) : 0 };
	r->has_value = true;
}

static void start_record(const struct bagg *b, struct bt_rec_in *r)
{
	memset(r, 0, offsetof(struct bt_rec_in, dims));
	r->kind = BT_KIND_SAMPLE;
	r->dur = r->mean = r->sd = r->p50 = r->p90 = r->p99 = r->p999 = NAN;
	r->ts = read_time(b);
	r->json = &b->json;
	bagg_keys_head(&b->groups.keys, r);
}

/* What a line has come to: where its numbers stand, and the groups they are in. */
struct measured {
	unsigned n;
	struct {
		const char *at;
		struct bagg_target target;
	} list[BAGG_LIST_MAX];
};

static int by_place(const void *a, const void *b)
{
	const char *const *p = a, *const *q = b;

	return (*p > *q) - (*p < *q);
}

static bool is_used(const struct bagg_use *uses, unsigned n, const char *at)
{
	for (unsigned i = 0; i < n; i++)
		if (uses[i].at == at)
			return true;
	return false;
}

/* What decides that the line is one of another program. */
static unsigned add_identity(const struct bagg *b, struct bagg_use *uses, unsigned n)
{
	static const char *const names[] = { "v", "kind" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct bt_json_field *f = bt_json_find(&b->json, names[i]);

		if (f)
			uses[n++] = (struct bagg_use){ f->val, BAGG_KEY };
	}
	return n;
}

/* So that the next line like it need not be taken apart. One that has two uses for one number, or a time that is none, is
 * not learned. */
static void learn(struct bagg *b, const char *line, size_t len, const struct bt_rec_in *r, struct measured *m)
{
	struct bagg_use uses[BAGG_FAST_KEYS + BAGG_LIST_MAX + 3];
	struct bagg_target targets[BAGG_LIST_MAX];
	struct bt_json_field f;
	unsigned n = bagg_fast_keys(r, &b->groups.keys, uses, 0);
	bool timed = bt_json_path(&b->json, b->opts.time_key, &f);

	if (m->n == 0 || timed == isnan(r->ts) || (timed && is_used(uses, n, f.val)))
		return;
	n = add_identity(b, uses, n);
	if (timed)
		uses[n++] = (struct bagg_use){ f.val, BAGG_WHEN };
	qsort(m->list, m->n, sizeof(m->list[0]), by_place);
	for (unsigned i = 0; i < m->n; i++) {
		if (is_used(uses, n, m->list[i].at))
			return;
		uses[n++] = (struct bagg_use){ m->list[i].at, BAGG_VALUE };
		targets[i] = m->list[i].target;
	}
	bagg_fast_learn(b->fast, line, len, uses, n, targets, m->n, !timed);
}

int bagg_foreign_take(struct bagg *b, const char *line, size_t len, bool *blind, const char **why)
{
	const struct bagg_opts *opts = &b->opts;
	struct measured all = { .n = 0 };
	const struct bagg_metric *list = opts->n_metrics ? opts->metrics : opts->rates;
	unsigned n = opts->n_metrics ? opts->n_metrics : opts->n_rates, measured = 0;
	struct bt_rec_in r, series;
	bool huge = false; /* a number beyond double, which the next one like it need not be */
	int rc = 0;

	if (n == 0) {
		*why = "no btools record: name a numeric key with -m";
		return -EINVAL;
	}
	start_record(b, &r);
	series = r;
	if (opts->n_rates > 0)
		identify(b, &series);
	for (unsigned i = 0; i < n && rc == 0; i++) {
		struct bt_json_field f;

		if (!bt_json_path(&b->json, list[i].name, &f) || f.type != BT_JSON_NUMBER)
			continue;
		if (bt_json_number(f.val, f.val_len, &r.value) < 0) {
			huge = true;
			continue;
		}
		set_metric(opts, &list[i], &r);
		set_metric(opts, &list[i], &series);
		if (b->screen)
			bagg_live_record(&b->screen->live, &r);
		rc = bagg_measure_as(b, &r, &series, NULL, blind, why);
		all.list[all.n].at = f.val;
		all.list[all.n++].target = (struct bagg_target){ b->groups.last, bagg_unit_of(&r) };
		measured++;
	}
	if (rc == 0 && b->fast && !huge)
		learn(b, line, len, &r, &all);
	b->foreign.unmeasured += measured == 0;
	b->foreign.no_time += measured > 0 && isnan(r.ts);
	return rc;
}
