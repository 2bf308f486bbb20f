/* SPDX-License-Identifier: ISC
 *
 * rectable - records as a table for people, printed while they come: the text format of the producers.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fmt.h"
#include "rectable.h"
#include "utf8.h"

#define CELL_MAX 96 /* bytes of one cell, with NUL */

/* Columns on screen. Longer cells push the rest of their row to the right. */
#define WIDTH_TEST 12
#define WIDTH_AT 8
#define WIDTH_EVENT_AT 14 /* seconds with six decimals */
#define WIDTH_WORD 10 /* at least, of a dimension that is no number */
#define WIDTH_MOST 20 /* a longer one follows the row */
#define WIDTH_METRIC 10
#define WIDTH_VALUE 12
#define WIDTH_RANK 9
#define WIDTH_N 9

static void key_text(char out[CELL_MAX], const struct bt_key *k)
{
	size_t len = 0;

	switch (k->type) {
	case BT_KEY_STR:
	case BT_KEY_RAW:
		bt_utf8_clean(out, CELL_MAX, k->str, k->len);
		return;
	case BT_KEY_U64:
		len = bt_fmt_u64(out, k->u64);
		break;
	case BT_KEY_F64:
		len = bt_fmt_f64(out, k->f64);
		break;
	case BT_KEY_BOOL:
		len = k->flag ? 4 : 5;
		memcpy(out, k->flag ? "true" : "false", len);
		break;
	}
	out[len] = '\0';
}

static const struct bt_key *find(const struct bt_rec *r, const char *name)
{
	for (unsigned i = 0; i < r->n_keys; i++)
		if (strcmp(r->keys[i].name, name) == 0)
			return &r->keys[i];
	return NULL;
}

/* Whether a key may head a column. */
static bool is_dim(const struct bt_key *k)
{
	return bt_rec_class(k->name, strlen(k->name)) == BT_CLASS_DIM && strlen(k->name) < BT_RECTABLE_NAME;
}

static void left(struct bt_buf *b, const char *text, size_t width)
{
	size_t w = bt_utf8_width(text, strlen(text));

	bt_buf_str(b, text);
	bt_buf_fill(b, ' ', (w < width ? width - w : 0) + 2);
}

static void right(struct bt_buf *b, const char *text, size_t width)
{
	size_t w = bt_utf8_width(text, strlen(text));

	bt_buf_fill(b, ' ', w < width ? width - w : 0);
	bt_buf_str(b, text);
	bt_buf_fill(b, ' ', 2);
}

static void dim(const struct bt_rectable *t, struct bt_buf *b, unsigned i, const char *text)
{
	if (t->words[i])
		left(b, text, t->width[i]);
	else
		right(b, text, t->width[i]);
}

static void end_line(struct bt_buf *b)
{
	while (b->len > 0 && b->data[b->len - 1] == ' ')
		b->len--;
	bt_buf_char(b, '\n');
}

static bool lacks_dim(const struct bt_rectable *t, const struct bt_rec *r)
{
	for (unsigned i = 0; i < t->n_dims; i++)
		if (!find(r, t->dims[i]))
			return true;
	return false;
}

static bool needs_heading(const struct bt_rectable *t, const struct bt_rec *r)
{
	const char *test = r->test ? r->test : "";

	return !t->started || t->kind != r->kind || (strncmp(t->test, test, sizeof(t->test) - 1) != 0 && lacks_dim(t, r));
}

/* Let r decide the columns. */
static void choose_columns(struct bt_rectable *t, const struct bt_rec *r)
{
	char cell[CELL_MAX];

	t->started = true;
	t->kind = r->kind;
	t->n_dims = 0;
	for (unsigned i = 0; i < r->n_keys && t->n_dims < BT_RECTABLE_DIMS; i++) {
		size_t name_len = strlen(r->keys[i].name), width;
		bool words = r->keys[i].type == BT_KEY_STR;

		if (!is_dim(&r->keys[i]))
			continue;
		key_text(cell, &r->keys[i]);
		width = bt_utf8_width(cell, strlen(cell));
		if (width > WIDTH_MOST)
			continue;
		if (words && width < WIDTH_WORD)
			width = WIDTH_WORD;
		t->words[t->n_dims] = words;
		memcpy(t->dims[t->n_dims], r->keys[i].name, name_len + 1);
		t->width[t->n_dims++] = (unsigned char)(width > name_len ? width : name_len);
	}
}

/* ASCII capitals, as headings have. */
static void capitals(char out[CELL_MAX], const char *s)
{
	size_t i = 0;

	for (; i < CELL_MAX - 1 && s[i]; i++)
		out[i] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 'a' + 'A') : s[i];
	out[i] = '\0';
}

static void heading(struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r)
{
	char cell[CELL_MAX];

	if (t->started)
		bt_buf_char(b, '\n');
	t->notes_len = 0;
	choose_columns(t, r);
	if (r->kind == BT_KIND_SAMPLE)
		right(b, "AT", WIDTH_AT);
	left(b, "TEST", WIDTH_TEST);
	for (unsigned i = 0; i < t->n_dims; i++) {
		capitals(cell, t->dims[i]);
		dim(t, b, i, cell);
	}
	left(b, "METRIC", WIDTH_METRIC);
	right(b, "VALUE", WIDTH_VALUE);
	right(b, "P50", WIDTH_RANK);
	right(b, "P99", WIDTH_RANK);
	right(b, "MAX", WIDTH_RANK);
	right(b, "N", WIDTH_N);
	end_line(b);
}

static void row_value(struct bt_buf *b, const struct bt_rec *r)
{
	double value = r->integral ? (double)r->value_u64 : r->value_f64;
	char cell[CELL_MAX] = "";

	if (r->shape == BT_SHAPE_VALUE && r->integral && (!r->unit || strcmp(r->unit, "count") == 0))
		cell[bt_fmt_u64(cell, r->value_u64)] = '\0';
	else if (r->shape == BT_SHAPE_VALUE)
		bt_fmt_scaled(cell, sizeof(cell), value, r->unit ? r->unit : "");
	right(b, cell, WIDTH_VALUE);
}

static void row_ranks(struct bt_buf *b, const struct bt_rec *r)
{
	static const double ranks[2] = { 50, 99 };
	bool any = r->hist && r->hist->n > 0;
	const char *unit = r->unit ? r->unit : "";
	char cell[CELL_MAX];
	uint64_t p[3];

	if (any) {
		bt_hist_percentiles(r->hist, ranks, p, 2);
		p[2] = r->hist->max;
	}
	for (unsigned i = 0; i < 3; i++) {
		bt_fmt_scaled(cell, sizeof(cell), any ? (double)p[i] : NAN, unit);
		right(b, cell, WIDTH_RANK);
	}
	snprintf(cell, sizeof(cell), "%llu", any ? (unsigned long long)r->hist->n : 0ull);
	right(b, cell, WIDTH_N);
}

/* The dimensions of r that have no column, as name=value. */
static void other_dims(const struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r)
{
	char cell[CELL_MAX];

	for (unsigned i = 0; i < r->n_keys; i++) {
		bool shown = bt_rec_class(r->keys[i].name, strlen(r->keys[i].name)) != BT_CLASS_DIM;

		for (unsigned d = 0; d < t->n_dims && !shown; d++)
			shown = strcmp(t->dims[d], r->keys[i].name) == 0;
		if (shown)
			continue;
		key_text(cell, &r->keys[i]);
		bt_buf_printf(b, "%s=%s ", r->keys[i].name, cell);
	}
}

/* What makes this row special: dimensions without a column, or a ditto mark when they are those of the row above; doubts,
 * losses. */
static void row_notes(struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r)
{
	char taint[BT_TAINT_TEXT_MAX];
	size_t start = b->len, len;

	other_dims(t, b, r);
	len = b->len - start;
	if (!b->failed && len > 0 && len == t->notes_len && memcmp(b->data + start, t->notes, len) == 0) {
		b->len = start;
		bt_buf_str(b, "\" ");
	} else {
		t->notes_len = b->failed || len > sizeof(t->notes) ? 0 : len;
		memcpy(t->notes, b->data + start, t->notes_len);
	}
	if (bt_taint_text(r->taint, taint) > 0)
		bt_buf_printf(b, "! %s ", taint);
	if (r->lost > 0)
		bt_buf_printf(b, "! lost %llu", (unsigned long long)r->lost);
}

static void row(struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r)
{
	char cell[CELL_MAX], test[CELL_MAX];
	const char *name = r->test ? r->test : "";

	if (needs_heading(t, r))
		heading(t, b, r);
	snprintf(t->test, sizeof(t->test), "%s", name);
	if (r->kind == BT_KIND_SAMPLE) {
		snprintf(cell, sizeof(cell), "%.1f s", (double)(r->ts_us - t->start_us) / 1e6);
		right(b, cell, WIDTH_AT);
	}
	bt_utf8_clean(test, sizeof(test), name, strlen(name));
	snprintf(cell, sizeof(cell), r->rep > 1 ? "%.60s #%u" : "%.60s", test, r->rep);
	left(b, cell, WIDTH_TEST);
	for (unsigned i = 0; i < t->n_dims; i++) {
		const struct bt_key *k = find(r, t->dims[i]);

		cell[0] = '\0';
		if (k)
			key_text(cell, k);
		dim(t, b, i, cell);
	}
	bt_utf8_clean(cell, sizeof(cell), r->metric ? r->metric : "", r->metric ? strlen(r->metric) : 0);
	left(b, cell, WIDTH_METRIC);
	row_value(b, r);
	if (r->shape == BT_SHAPE_DIST)
		row_ranks(b, r);
	else
		bt_buf_fill(b, ' ', 3 * (WIDTH_RANK + 2) + WIDTH_N + 2);
	row_notes(t, b, r);
	end_line(b);
}

/* Append ", " or nothing, and a key of r if it has it, between two texts. Returns whether it had. */
static bool fact(struct bt_buf *b, bool first, const struct bt_rec *r, const char *before, const char *name,
		 const char *after)
{
	const struct bt_key *k = find(r, name);
	char cell[CELL_MAX];

	if (!k)
		return false;
	key_text(cell, k);
	bt_buf_printf(b, "%s%s%s%s", first ? "" : ", ", before, cell, after);
	return true;
}

static void meta(const struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r)
{
	const struct bt_key *memory = find(r, "mem");
	char cell[CELL_MAX];
	bool any;

	bt_buf_str(b, t->source ? t->source->tool : "btools");
	fact(b, true, r, " ", "version", "");
	if (t->source) {
		bt_utf8_clean(cell, sizeof(cell), t->source->host, strlen(t->source->host));
		bt_buf_printf(b, " on %s", cell);
	}
	bt_buf_str(b, ": ");
	any = fact(b, true, r, "", "cpu_model", "");
	any |= fact(b, !any, r, "", "cpus", " CPUs");
	if (memory && memory->type == BT_KEY_U64) {
		bt_fmt_scaled(cell, sizeof(cell), (double)memory->u64, "B");
		bt_buf_printf(b, "%s%s", any ? ", " : "", cell);
		any = true;
	}
	fact(b, !any, r, "Linux ", "kernel", "");
	for (unsigned i = 0; t->source && i < t->source->n_tags; i++) {
		bt_utf8_clean(cell, sizeof(cell), t->source->tag_values[i], strlen(t->source->tag_values[i]));
		bt_buf_printf(b, ", %s=%s", t->source->tag_names[i], cell);
	}
	bt_buf_str(b, "\n\n");
}

/* One line each, in the order they come: when, how long, and all that is known. */
static void event(struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r)
{
	char cell[CELL_MAX];

	snprintf(cell, sizeof(cell), "%.6f s", (double)(r->ts_us - t->start_us) / 1e6);
	right(b, cell, WIDTH_EVENT_AT);
	bt_utf8_clean(cell, sizeof(cell), r->metric ? r->metric : "", r->metric ? strlen(r->metric) : 0);
	left(b, cell, WIDTH_METRIC);
	row_value(b, r);
	for (unsigned i = 0; i < r->n_keys; i++) {
		key_text(cell, &r->keys[i]);
		bt_buf_printf(b, "%s=%s ", r->keys[i].name, cell);
	}
	end_line(b);
	t->kind = r->kind;
}

static void mark(const struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r)
{
	char cell[CELL_MAX];

	snprintf(cell, sizeof(cell), "%.6f s", (double)(r->ts_us - t->start_us) / 1e6);
	right(b, cell, WIDTH_EVENT_AT);
	bt_buf_str(b, "mark");
	fact(b, true, r, ": ", "name", "");
	bt_buf_char(b, '\n');
}

static void warn(struct bt_buf *b, const struct bt_rec *r)
{
	bt_buf_str(b, "warning: ");
	fact(b, true, r, "", "msg", "");
	fact(b, true, r, " (", "code", ")");
	bt_buf_char(b, '\n');
}

static void end(struct bt_buf *b, const struct bt_rec *r)
{
	const struct bt_key *status = find(r, "status");

	if (!status || status->type != BT_KEY_STR || (status->len == 2 && memcmp(status->str, "ok", 2) == 0))
		return;
	fact(b, true, r, "", "status", "");
	fact(b, true, r, " after ", "elapsed", " s");
	fact(b, true, r, ": ", "records", " records");
	fact(b, false, r, "", "errors", " errors");
	bt_buf_char(b, '\n');
}

void bt_rectable_add(struct bt_rectable *t, struct bt_buf *b, const struct bt_rec *r)
{
	if (t->start_us == 0)
		t->start_us = r->ts_us;
	switch (r->kind) {
	case BT_KIND_META:
		meta(t, b, r);
		break;
	case BT_KIND_SAMPLE:
	case BT_KIND_RESULT:
	case BT_KIND_AGG:
	case BT_KIND_DIFF:
		row(t, b, r);
		break;
	case BT_KIND_EVENT:
		event(t, b, r);
		break;
	case BT_KIND_MARK:
		mark(t, b, r);
		break;
	case BT_KIND_WARN:
		warn(b, r);
		break;
	case BT_KIND_END:
		end(b, r);
		break;
	default:
		break;
	}
}
