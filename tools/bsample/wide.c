/* SPDX-License-Identifier: ISC
 *
 * wide - a row of tab-separated values for each tick, a column for each figure. The columns are those of the first tick and never
 * move: what comes later has none, what goes leaves "-" behind.
 */
#include <stdlib.h>
#include <string.h>

#include "bsample.h"
#include "fmt.h"

/* Names may hold anything; a column's name may hold neither tabs nor newlines. */
static void add_name(struct bt_buf *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bt_buf_char(b, (unsigned char)text[i] < ' ' ? ' ' : text[i]);
}

/* group.metric.state:row */
static void add_column_name(struct bt_buf *b, const struct bsample_table *t, const struct bsample_row *row,
			    const struct bsample_field *f)
{
	bt_buf_printf(b, "\t%s.%s", t->group->name, f->metric);
	if (f->is)
		bt_buf_printf(b, ".%s", f->is);
	if (f->is2)
		bt_buf_printf(b, ".%s", f->is2);
	for (unsigned i = 0; t->group->dims[i].name; i++) {
		if (!row->dims[i])
			continue;
		bt_buf_char(b, ':');
		add_name(b, row->dims[i], row->dim_len[i]);
	}
}

static bool add_column(struct bsample_wide *w, unsigned table, const struct bsample_row *row, unsigned field)
{
	struct bsample_column *more = realloc(w->columns, (w->n + 1) * sizeof(*more));
	char *key = malloc(row->key_len + 1);

	if (more)
		w->columns = more;
	if (!more || !key) {
		free(key);
		return false;
	}
	memcpy(key, row->key, row->key_len);
	w->columns[w->n++] = (struct bsample_column){ table, field, key, row->key_len };
	return true;
}

/* Every figure that there is, or may come to be. */
static void settle_columns(struct bsample *s, struct bt_buf *b)
{
	bt_buf_str(b, "ts\tself_cpu\tlate\tmissed\tmark");
	for (unsigned i = 0; i < s->n_tables; i++) {
		const struct bsample_table *t = &s->tables[i];

		for (size_t r = 0; r < t->n; r++)
			for (unsigned f = 0; f < t->n_fields; f++) {
				const struct bsample_field *field = &t->group->fields[f];

				if (field->hidden || !bt_load_wants(&s->load, field->metric))
					continue;
				if (field->how < BSAMPLE_DERIVED && t->rows[r]->now[f] == BSAMPLE_NONE)
					continue;
				if (add_column(&s->rows, i, t->rows[r], f))
					add_column_name(b, t, t->rows[r], field);
			}
	}
	bt_buf_char(b, '\n');
}

/* The rows of a table keep their order, so *at is nearly always the one. */
static const struct bsample_row *find(const struct bsample_table *t, const struct bsample_column *c, size_t *at)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct bsample_row *row = t->rows[(*at + i) % t->n];

		if (row->key_len != c->key_len || memcmp(row->key, c->key, c->key_len) != 0)
			continue;
		*at = (*at + i) % t->n;
		return row;
	}
	return NULL;
}

static void add_f64(struct bt_buf *b, double v)
{
	char text[BT_FMT_F64_MAX];

	bt_buf_char(b, '\t');
	if (isnan(v))
		bt_buf_char(b, '-');
	else
		bt_buf_add(b, text, bt_fmt_f64(text, v));
}

static void add_marks(struct bsample_wide *w, struct bt_buf *b)
{
	bt_buf_char(b, '\t');
	if (w->marks.len == 0)
		bt_buf_char(b, '-');
	bt_buf_add(b, w->marks.data, w->marks.len);
	w->marks.len = 0;
}

void bsample_wide(struct bsample *s)
{
	struct bsample_wide *w = &s->rows;
	uint64_t span = s->tick_ns - s->last_ns;
	unsigned table = 0;
	char ts[24];
	size_t at = 0;

	w->line.len = 0;
	if (!w->headed)
		settle_columns(s, &w->line);
	w->headed = true;
	bt_buf_add(&w->line, ts, bt_fmt_time(ts, bsample_time(s, s->tick_ns)));
	add_f64(&w->line, bsample_live(s) ? (double)(s->cpu_ns - s->last_cpu_ns) / (double)span : NAN);
	add_f64(&w->line, bsample_live(s) ? (double)s->late_ns : NAN);
	add_f64(&w->line, bsample_live(s) ? (double)s->missed_now : NAN);
	add_marks(w, &w->line);
	for (size_t i = 0; i < w->n; i++) {
		const struct bsample_column *c = &w->columns[i];
		const struct bsample_table *t = &s->tables[c->table];
		const struct bsample_row *row;

		at = c->table == table ? at : 0;
		table = c->table;
		row = t->fresh ? find(t, c, &at) : NULL;
		add_f64(&w->line, row ? row->value[c->field] : NAN);
	}
	bt_buf_char(&w->line, '\n');
	if (!w->line.failed)
		bt_out_raw(&s->out, w->line.data, w->line.len);
}

void bsample_wide_mark(struct bsample *s, const char *name)
{
	if (s->rows.marks.len > 0)
		bt_buf_char(&s->rows.marks, ',');
	if (s->rows.marks.len < 4096)
		add_name(&s->rows.marks, name, strlen(name));
}

void bsample_wide_free(struct bsample *s)
{
	for (size_t i = 0; i < s->rows.n; i++)
		free(s->rows.columns[i].key);
	free(s->rows.columns);
	bt_buf_free(&s->rows.line);
	bt_buf_free(&s->rows.marks);
}
