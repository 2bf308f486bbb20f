/* SPDX-License-Identifier: ISC
 *
 * span - the time between marks.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bagg.h"
#include "err.h"

#define NAME_MAX_BYTES 256 /* of a mark, a host or a run; what is longer is cut */

void bagg_spans_free(struct bagg_spans *s)
{
	for (uint32_t i = 0; i < s->index.n; i++)
		free(s->lines[i].marks);
	free(s->lines);
	bt_intern_free(&s->index);
	memset(s, 0, sizeof(*s));
}

/* The line of that span, host and run, or NULL when out of memory. */
static struct bagg_span_line *find_line(struct bagg_spans *s, unsigned span, const struct bt_rec_in *r)
{
	char key[1 + 2 * NAME_MAX_BYTES];
	size_t len = 1;
	int64_t number;
	bool added;

	/* "#host\0run\0": both stay readable where bt_intern keeps them. */
	key[0] = (char)span;
	len += bt_span_text(r->host, key + len, NAME_MAX_BYTES) + 1;
	len += bt_span_text(r->run, key + len, NAME_MAX_BYTES) + 1;
	number = bt_intern(&s->index, key, len, &added);
	if (number < 0)
		return NULL;
	if (added && (uint64_t)number >= s->cap) {
		uint32_t cap = s->cap ? s->cap * 2 : 8;
		struct bagg_span_line *lines = reallocarray(s->lines, cap, sizeof(*lines));

		if (!lines)
			return NULL;
		s->lines = lines;
		s->cap = cap;
	}
	if (added)
		s->lines[number] = (struct bagg_span_line){ .span = span, .settled_us = INT64_MIN };
	return &s->lines[number];
}

static struct bt_span text_span(const char *s)
{
	return (struct bt_span){ .p = *s ? s : NULL, .len = (uint32_t)strlen(s) };
}

/* One span as a measurement of its own. */
static void measure(struct bagg *b, const struct bagg_span_line *l, int64_t end_us)
{
	const char *head = b->spans.index.keys[l - b->spans.lines].bytes + 1, *name = b->opts.spans[l->span], *why;
	struct bt_json_field dim = { .key = "span", .key_len = 4, .val = name, .val_len = (uint32_t)strlen(name),
				     .type = BT_JSON_STRING };
	__int128 ns = ((__int128)end_us - l->open_us) * 1000;
	struct bt_rec_in r;
	bool blind;

	memset(&r, 0, offsetof(struct bt_rec_in, dims));
	r.json = NULL;
	r.kind = BT_KIND_EVENT;
	r.host = text_span(head);
	r.run = text_span(head + strlen(head) + 1);
	r.metric = text_span("span");
	r.unit = text_span("ns");
	r.better = BT_BETTER_LOWER;
	r.ts = (double)end_us / 1e6;
	r.dur = (double)ns / 1e9;
	r.mean = r.sd = NAN;
	r.has_value = true;
	r.value = (struct bt_number){ .integer = true, .i = ns, .f = (double)ns };
	r.dims[r.n_dims++] = &dim;
	if (bagg_fold_measure(b, &r, NULL, &blind, &why) == -ENOMEM)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
}

static int by_time(const void *a, const void *b)
{
	const struct bagg_mark *x = a, *y = b;

	if (x->ts_us != y->ts_us)
		return x->ts_us < y->ts_us ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void settle_line(struct bagg *b, struct bagg_span_line *l, int64_t before_us)
{
	uint32_t i = 0;

	qsort(l->marks, l->n, sizeof(*l->marks), by_time);
	for (; i < l->n && l->marks[i].ts_us < before_us; i++) {
		const struct bagg_mark *m = &l->marks[i];

		if (m->ends && l->open) {
			measure(b, l, m->ts_us);
			l->open = false;
		} else if (m->ends && !m->begins) {
			b->spans.alone++;
		}
		if (m->begins) {
			b->spans.alone += l->open;
			l->open = true;
			l->open_us = m->ts_us;
		}
	}
	if (i > 0)
		memmove(l->marks, l->marks + i, (l->n - i) * sizeof(*l->marks));
	l->n -= i;
	/* The rest has been sorted: what comes is behind it. */
	for (i = 0; i < l->n; i++)
		l->marks[i].order = i;
	if (before_us > l->settled_us)
		l->settled_us = before_us;
}

static int add_mark(struct bagg *b, struct bagg_span_line *l, const struct bagg_mark *m)
{
	if (m->ts_us < l->settled_us) {
		b->spans.late++;
		return 0;
	}
	if (l->n == BAGG_MARKS_MAX) {
		qsort(l->marks, l->n, sizeof(*l->marks), by_time);
		settle_line(b, l, l->marks[l->n / 2].ts_us + 1);
	}
	if (l->n == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 16;
		struct bagg_mark *marks = reallocarray(l->marks, cap, sizeof(*marks));

		if (!marks)
			return -ENOMEM;
		l->marks = marks;
		l->cap = cap;
	}
	l->marks[l->n] = *m;
	l->marks[l->n].order = l->n;
	l->n++;
	return 0;
}

int bagg_spans_mark(struct bagg *b, const struct bt_rec_in *r)
{
	const struct bt_json_field *f = bt_json_find(r->json, "name");
	struct bagg_mark m = { .ts_us = bagg_fold_us(r->ts) };
	char name[NAME_MAX_BYTES];
	int rc = 0;

	if (!f || f->type != BT_JSON_STRING || m.ts_us == INT64_MIN)
		return 0;
	bt_rec_dim_value(f, name, sizeof(name));
	for (unsigned i = 0; i < b->opts.n_spans && rc == 0; i++) {
		const char *colon = strchr(b->opts.spans[i], ':');
		size_t len = (size_t)(colon - b->opts.spans[i]);
		struct bagg_span_line *l;

		m.begins = strlen(name) == len && memcmp(name, b->opts.spans[i], len) == 0;
		m.ends = strcmp(name, colon + 1) == 0;
		if (!m.begins && !m.ends)
			continue;
		l = find_line(&b->spans, i, r);
		rc = l ? add_mark(b, l, &m) : -ENOMEM;
		if (rc == 0 && b->opts.interval_ns > 0)
			rc = bagg_windows_hold(b, r->ts);
	}
	return rc;
}

void bagg_spans_settle(struct bagg *b, int64_t before_us)
{
	for (uint32_t i = 0; i < b->spans.index.n; i++)
		settle_line(b, &b->spans.lines[i], before_us);
}

void bagg_spans_finish(struct bagg *b)
{
	bagg_spans_settle(b, INT64_MAX);
	for (uint32_t i = 0; i < b->spans.index.n; i++)
		b->spans.alone += b->spans.lines[i].open;
}
