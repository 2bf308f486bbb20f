/* SPDX-License-Identifier: ISC
 *
 * live - what the records so far say about each test.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"
#include "utf8.h"

#define FADE 0.8 /* of the activity, from one look to the next */

void bagg_live_init(struct bagg_live *l, uint64_t now_ns)
{
	memset(l, 0, sizeof(*l));
	l->now_ns = l->look_ns = now_ns;
	l->last_row = UINT32_MAX;
}

void bagg_live_free(struct bagg_live *l)
{
	for (uint32_t i = 0; i < l->n_rows; i++)
		bt_hist_free(&l->rows[i].hist);
	bt_intern_free(&l->names);
	bt_intern_free(&l->stream_names);
	free(l->rows);
	free(l->streams);
	free(l->plans);
	memset(l, 0, sizeof(*l));
}

/* A new zeroed element of a growing array, or NULL. */
static void *add(void **list, uint32_t *n, uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 8;
	void *more;

	if (*n == *cap) {
		more = reallocarray(*list, want, size);
		if (!more)
			return NULL;
		*list = more;
		*cap = want;
	}
	return memset((char *)*list + (*n)++ * size, 0, size);
}

/* Appends the span and a NUL: the bytes as they stand in the line, cut, name well enough. Returns the new length. */
static size_t add_key(char *key, size_t len, struct bt_span s)
{
	size_t n = s.p ? s.len < BAGG_NAME ? s.len : BAGG_NAME : 0;

	memcpy(key + len, s.p ? s.p : "", n);
	key[len + n] = '\0';
	return len + n + 1;
}

static struct bagg_stream *new_stream(struct bagg_live *l, const struct bt_rec_in *r)
{
	struct bagg_stream *s = add((void **)&l->streams, &l->n_streams, &l->cap_streams, sizeof(*s));

	if (!s)
		return NULL;
	bagg_live_text(r->tool, s->tool, sizeof(s->tool));
	bagg_live_text(r->host, s->host, sizeof(s->host));
	bagg_live_text(r->run, s->run, sizeof(s->run));
	s->state = BAGG_RUNNING;
	return s;
}

static int64_t find_stream(struct bagg_live *l, const char *key, size_t len, const struct bt_rec_in *r)
{
	bool added;
	int64_t i = bt_intern(&l->stream_names, key, len, &added);

	l->failed = l->failed || i < 0 || (added && !new_stream(l, r));
	return l->failed ? -ENOMEM : i;
}

static struct bagg_row *new_row(struct bagg_live *l, uint32_t stream)
{
	struct bagg_row *row = add((void **)&l->rows, &l->n_rows, &l->cap_rows, sizeof(*row));

	if (!row)
		return NULL;
	row->stream = stream;
	row->plan = BAGG_NO_PLAN;
	row->now = row->p50 = row->p99 = row->last_result = NAN;
	bt_hist_init(&row->hist, 2);
	if (!l->streams[stream].has_row)
		l->streams[stream].first_row = l->n_rows - 1;
	l->streams[stream].has_row = true;
	return row;
}

/* The row of a test of the record's producer. NULL: beyond what we tell apart, or out of memory. */
static struct bagg_row *find_row(struct bagg_live *l, const struct bt_rec_in *r, struct bt_span test)
{
	char key[4 * (BAGG_NAME + 1)];
	size_t len = add_key(key, add_key(key, add_key(key, 0, r->tool), r->host), r->run), stream_len = len;
	const struct bt_intern_key *last = l->last_row < l->names.n ? &l->names.keys[l->last_row] : NULL;
	struct bagg_row *row;
	int64_t stream, i;
	bool added = false;

	len = add_key(key, len, test);
	if (last && last->len == len && !memcmp(last->bytes, key, len))
		return &l->rows[l->last_row];
	/* A hostile stream may name a new test in each line. */
	if (l->n_rows >= BAGG_ROWS_MAX) {
		i = bt_intern_find(&l->names, key, len);
		l->last_row = i < 0 ? l->last_row : (uint32_t)i;
		return i < 0 ? NULL : &l->rows[i];
	}
	stream = find_stream(l, key, stream_len, r);
	i = stream < 0 ? stream : bt_intern(&l->names, key, len, &added);
	row = i < 0 ? NULL : added ? new_row(l, (uint32_t)stream) : &l->rows[i];
	if (!row) {
		l->failed = true;
		return NULL;
	}
	if (added)
		bagg_live_text(test, row->test, sizeof(row->test));
	l->last_row = (uint32_t)i;
	return row;
}

/* The producer of a record that is of no test. */
static struct bagg_stream *stream_of(struct bagg_live *l, const struct bt_rec_in *r)
{
	char key[3 * (BAGG_NAME + 1)];
	size_t len = add_key(key, add_key(key, add_key(key, 0, r->tool), r->host), r->run);
	int64_t i = l->n_streams < BAGG_ROWS_MAX ? find_stream(l, key, len, r) : bt_intern_find(&l->stream_names, key, len);

	return i < 0 ? NULL : &l->streams[i];
}

static struct bt_span span_of(const char *s, size_t len)
{
	return (struct bt_span){ .p = s, .len = (uint32_t)len };
}

static void take_plan(struct bagg_live *l, const struct bt_rec_in *r, uint32_t stream)
{
	char tests[BAGG_PLAN_TESTS * BAGG_NAME];
	struct bagg_plan plan, *p;
	const char *name = tests;

	if (l->n_plans >= BAGG_ROWS_MAX || !bagg_plan_read(&plan, r, tests, sizeof(tests)))
		return;
	p = add((void **)&l->plans, &l->n_plans, &l->cap_plans, sizeof(*p));
	if (!p)
		return;
	*p = plan;
	p->stream = stream;
	p->start_ns = l->now_ns;
	for (unsigned i = 0; i < p->n_tests; i++) {
		size_t len = strcspn(name, ",");
		struct bagg_row *row = find_row(l, r, span_of(name, len));

		if (row) {
			row->plan = l->n_plans - 1;
			row->place = i;
			row->done = 0;
			row->last_result = NAN;
		}
		name += len + (name[len] == ',');
	}
}

static void take_meta(struct bagg_live *l, const struct bt_rec_in *r)
{
	struct bagg_stream *s = stream_of(l, r);

	if (!s)
		return;
	s->open++;
	s->state = BAGG_RUNNING;
	take_plan(l, r, (uint32_t)(s - l->streams));
}

/* A number of a record that may have any keys. */
static double errors_of(const struct bt_rec_in *r)
{
	const struct bt_json_field *f = bt_json_find(r->json, "errors");
	struct bt_number v;

	return f && f->type == BT_JSON_NUMBER && bt_json_number(f->val, f->val_len, &v) == 0 && v.f > 0 && v.f < 1e18 ? v.f : 0;
}

static void take_end(struct bagg_live *l, const struct bt_rec_in *r)
{
	struct bagg_stream *s = stream_of(l, r);

	if (!s)
		return;
	s->open -= s->open > 0;
	s->errors += (uint64_t)errors_of(r);
	if (!bt_span_is(r->status, "ok"))
		s->state = bt_span_is(r->status, "interrupted") ? BAGG_INTERRUPTED : BAGG_FAILED;
	else if (s->open == 0)
		s->state = BAGG_DONE;
}

static void take_warning(struct bagg_live *l, const struct bt_rec_in *r)
{
	const struct bt_json_field *code = bt_json_find(r->json, "code"), *msg = bt_json_find(r->json, "msg");
	struct bagg_stream *s = stream_of(l, r);
	char text[sizeof(l->warning)] = "", word[32] = "";

	l->warnings++;
	if (code && code->type == BT_JSON_STRING)
		bt_rec_dim_value(code, word, sizeof(word));
	if (msg && msg->type == BT_JSON_STRING)
		bt_rec_dim_value(msg, text, sizeof(text) - BAGG_NAME - 8);
	if (!text[0])
		memcpy(text, word, sizeof(word));
	if (s) {
		s->warnings++;
		if (!strcmp(word, "lock-wait") && s->state == BAGG_RUNNING)
			s->state = BAGG_WAITING;
	}
	snprintf(l->warning, sizeof(l->warning), "%s: ", s && s->tool[0] ? s->tool : "-");
	bt_utf8_clean(l->warning + strlen(l->warning), sizeof(l->warning) - strlen(l->warning), text, strlen(text));
}

/* All results of one slot bear the same time. */
static void take_slot(struct bagg_live *l, struct bagg_row *row, const struct bt_rec_in *r)
{
	struct bagg_plan *p = row->plan == BAGG_NO_PLAN ? NULL : &l->plans[row->plan];

	if (r->kind != BT_KIND_RESULT) {
		row->sampled = true;
		return;
	}
	if (r->ts == row->last_result)
		return;
	row->last_result = r->ts;
	row->done++;
	row->sampled = false;
	if (p) {
		p->done++;
		p->start_ns = l->now_ns;
	}
}

/* The wait for a lock is over: only now has the plan begun. */
static void stop_waiting(struct bagg_live *l, struct bagg_row *row, const struct bt_rec_in *r)
{
	struct bagg_plan *p = row->plan == BAGG_NO_PLAN ? NULL : &l->plans[row->plan];
	double past_s = (p ? p->warmup_s : 0) + (r->dur > 0 ? r->dur : 0);
	uint64_t past_ns = past_s < 1e6 ? (uint64_t)(past_s * 1e9) : 0;

	l->streams[row->stream].state = BAGG_RUNNING;
	if (p)
		p->start_ns = past_ns < l->now_ns ? l->now_ns - past_ns : 0;
}

static void take_measurement(struct bagg_live *l, const struct bt_rec_in *r)
{
	struct bagg_row *row = find_row(l, r, r->test);

	if (!row) {
		l->left_out++;
		return;
	}
	row->lines++;
	if (l->streams[row->stream].state == BAGG_WAITING)
		stop_waiting(l, row, r);
	if (r->kind == BT_KIND_EVENT)
		row->events++;
	else if (r->metric.p && bt_span_is(r->metric, "errors") && r->has_value && r->kind == BT_KIND_RESULT && r->value.f > 0)
		row->errors += r->value.f;
	if (!r->metric.p)
		return;
	bagg_row_take(row, r);
	if (r->kind != BT_KIND_EVENT)
		take_slot(l, row, r);
}

void bagg_live_record(struct bagg_live *l, const struct bt_rec_in *r)
{
	/* A name may have been numbered that nothing stands for. */
	if (l->failed)
		return;
	switch (r->kind) {
	case BT_KIND_META:
		take_meta(l, r);
		break;
	case BT_KIND_END:
		take_end(l, r);
		break;
	case BT_KIND_WARN:
		take_warning(l, r);
		break;
	case BT_KIND_MARK:
	case BT_KIND_DIFF:
		break;
	default:
		take_measurement(l, r);
	}
}

void bagg_live_look(struct bagg_live *l, uint64_t now_ns)
{
	double s = (double)(now_ns - l->look_ns) / 1e9;

	l->now_ns = now_ns;
	for (uint32_t i = 0; i < l->n_rows; i++) {
		struct bagg_row *row = &l->rows[i];

		row->activity = row->activity * FADE + (double)row->lines;
		row->lines = 0;
		if (s >= 1)
			bagg_row_settle(row, s);
		if (row->hist.n > 0) {
			row->p50 = (double)bt_hist_percentile(&row->hist, 50);
			row->p99 = (double)bt_hist_percentile(&row->hist, 99);
		}
	}
	if (s >= 1)
		l->look_ns = now_ns;
}

void bagg_live_end(struct bagg_live *l, bool interrupted)
{
	double past_s = (double)(l->now_ns - l->look_ns) / 1e9;

	for (uint32_t i = 0; i < l->n_rows && past_s > 0; i++)
		if (isnan(l->rows[i].now))
			bagg_row_settle(&l->rows[i], past_s);
	for (uint32_t i = 0; i < l->n_streams; i++) {
		struct bagg_stream *s = &l->streams[i];

		if (s->state < BAGG_DONE)
			s->state = interrupted ? BAGG_INTERRUPTED : s->open > 0 ? BAGG_TRUNCATED : BAGG_DONE;
	}
}
