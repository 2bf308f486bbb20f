/* SPDX-License-Identifier: ISC
 *
 * rectsv - encodes a record as one line of tab-separated columns.
 */
#include <errno.h>
#include <string.h>

#include "fmt.h"
#include "rec.h"
#include "utf8.h"

#define NUMBER_MAX 40 /* bytes: the longest number of any type */

struct row {
	char *p, *end; /* end leaves room for the newline */
	bool full;
};

static bool room(struct row *w, size_t len)
{
	if ((size_t)(w->end - w->p) < len)
		w->full = true;
	return !w->full;
}

static void put(struct row *w, const char *bytes, size_t len)
{
	if (!room(w, len))
		return;
	memcpy(w->p, bytes, len);
	w->p += len;
}

const char *bt_rec_tsv_escape(char c)
{
	return c == ',' ? "%2C" : c == '=' ? "%3D" : c == '%' ? "%25" : NULL;
}

/* Text in which no byte can be taken for a column or a line end, nor, in dims, for the end of a name or value. */
static void put_text(struct row *w, const char *s, size_t len, bool in_dims)
{
	for (size_t i = 0; i < len && !w->full;) {
		unsigned n = bt_utf8_char(s + i, len - i);

		if (n == 0)
			put(w, BT_UTF8_REPLACEMENT, 3);
		else if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			put(w, " ", 1);
		else if (in_dims && bt_rec_tsv_escape(s[i]))
			put(w, bt_rec_tsv_escape(s[i]), 3);
		else
			put(w, s + i, n);
		i += n ? n : 1;
	}
}

static void tab(struct row *w)
{
	put(w, "\t", 1);
}

/* A column that may be absent, and the tab before it. */
static void column(struct row *w, const char *s)
{
	tab(w);
	if (s && *s)
		put_text(w, s, strlen(s), false);
	else
		put(w, "-", 1);
}

static void column_u64(struct row *w, uint64_t v)
{
	tab(w);
	if (room(w, NUMBER_MAX))
		w->p += bt_fmt_u64(w->p, v);
}

/* NaN and infinities have no number: absent. */
static void column_f64(struct row *w, double v)
{
	if (!__builtin_isfinite(v)) {
		column(w, NULL);
		return;
	}
	tab(w);
	if (room(w, NUMBER_MAX))
		w->p += bt_fmt_f64(w->p, v);
}

static void put_key(struct row *w, const struct bt_key *k)
{
	put_text(w, k->name, strlen(k->name), true);
	put(w, "=", 1);
	switch (k->type) {
	case BT_KEY_STR:
	case BT_KEY_RAW:
		put_text(w, k->str, k->len, true);
		break;
	case BT_KEY_U64:
		if (room(w, NUMBER_MAX))
			w->p += bt_fmt_u64(w->p, k->u64);
		break;
	case BT_KEY_F64:
		if (room(w, NUMBER_MAX))
			w->p += bt_fmt_f64(w->p, k->f64);
		break;
	case BT_KEY_BOOL:
		put(w, k->flag ? "true" : "false", k->flag ? 4 : 5);
		break;
	}
}

/* Insert k by name unless the name is there already. Returns the new count. */
static unsigned insert(const struct bt_key **sorted, unsigned n, const struct bt_key *k)
{
	unsigned i = n;

	for (unsigned j = 0; j < n; j++)
		if (strcmp(sorted[j]->name, k->name) == 0)
			return n;
	for (; i > 0 && strcmp(sorted[i - 1]->name, k->name) > 0; i--)
		sorted[i] = sorted[i - 1];
	sorted[i] = k;
	return n + 1;
}

/* All dimensions in canonical order, which is by name. */
static void column_dims(struct row *w, const struct bt_rec *r, const struct bt_rec_source *src)
{
	const struct bt_key *sorted[BT_REC_KEYS + BT_REC_TAGS];
	struct bt_key tags[BT_REC_TAGS];
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_keys; i++)
		if (bt_rec_class(r->keys[i].name, strlen(r->keys[i].name)) == BT_CLASS_DIM)
			n = insert(sorted, n, &r->keys[i]);
	for (unsigned i = 0; i < src->n_tags && i < BT_REC_TAGS; i++) {
		tags[i] = (struct bt_key){ .name = src->tag_names[i], .type = BT_KEY_STR, .str = src->tag_values[i] };
		tags[i].len = (uint32_t)strlen(src->tag_values[i]);
		n = insert(sorted, n, &tags[i]);
	}
	if (n == 0)
		column(w, NULL);
	for (unsigned i = 0; i < n; i++) {
		put(w, i ? "," : "\t", 1);
		put_key(w, sorted[i]);
	}
}

static void columns_none(struct row *w, unsigned count)
{
	while (count-- > 0)
		column(w, NULL);
}

static void columns_summary(struct row *w, const struct bt_hist *h)
{
	static const double ranks[4] = { 50, 90, 99, 99.9 };
	uint64_t p[4];

	if (!h || h->n == 0) {
		column_u64(w, 0);
		columns_none(w, 8);
		return;
	}
	bt_hist_percentiles(h, ranks, p, 4);
	column_u64(w, h->n);
	column_f64(w, bt_hist_mean(h));
	column_f64(w, bt_hist_sd(h));
	column_u64(w, h->min);
	for (unsigned i = 0; i < 4; i++)
		column_u64(w, p[i]);
	column_u64(w, h->max);
}

static void columns_measurement(struct row *w, const struct bt_rec *r)
{
	column(w, r->metric);
	column(w, r->unit);
	if (r->shape != BT_SHAPE_VALUE)
		column(w, NULL);
	else if (r->integral)
		column_u64(w, r->value_u64);
	else
		column_f64(w, r->value_f64);
	if (r->shape == BT_SHAPE_DIST)
		columns_summary(w, r->hist);
	else
		columns_none(w, 9);
}

int bt_rec_tsv(const struct bt_rec *r, const struct bt_rec_source *src, char out[BT_REC_MAX])
{
	struct row w = { .p = out, .end = out + BT_REC_MAX - 1, .full = r->too_many };

	if (room(&w, NUMBER_MAX))
		w.p += bt_fmt_time(w.p, r->ts_us);
	column(&w, bt_kind_name(r->kind));
	column(&w, src->run);
	column(&w, src->host);
	column(&w, src->tool);
	column(&w, r->test);
	if (r->rep > 0)
		column_u64(&w, r->rep);
	else
		column(&w, NULL);
	column_dims(&w, r, src);
	columns_measurement(&w, r);
	if (w.full)
		return -EMSGSIZE;
	*w.p++ = '\n';
	return (int)(w.p - out);
}
