/* SPDX-License-Identifier: ISC
 *
 * table - the rows of a group: numbers as they were read, and the values that two reads make.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bsample.h"
#include "taint.h"

#define QUANTA 10u /* a span of fewer of them says little */

int bsample_table_init(struct bsample_table *t, const struct bsample_group *group)
{
	memset(t, 0, sizeof(*t));
	t->group = group;
	while (group->fields[t->n_fields].metric)
		t->n_fields++;
	return 0;
}

static void free_row(struct bsample_row *row)
{
	if (!row)
		return;
	for (unsigned i = 0; i < BSAMPLE_DIMS; i++)
		free(row->dims[i]);
	free(row->key);
	free(row);
}

/* The row and its arrays are one piece of memory. */
static struct bsample_row *new_row(const struct bsample_table *t, const char *key, size_t len)
{
	size_t n = t->n_fields;
	struct bsample_row *row = calloc(1, sizeof(*row) + n * (2 * sizeof(uint64_t) + sizeof(double) + sizeof(unsigned)));
	char *copy = malloc(len + 1);
	void *at;

	if (!row || !copy) {
		free(row);
		free(copy);
		return NULL;
	}
	memcpy(copy, key, len);
	copy[len] = '\0';
	row->key = copy;
	row->key_len = len;
	at = row + 1;
	row->now = at;
	row->was = row->now + n;
	at = row->was + n;
	row->value = at;
	at = row->value + n;
	row->taint = at;
	return row;
}

static bool is_named(const struct bsample_row *row, const char *key, size_t len)
{
	return row->key_len == len && memcmp(row->key, key, len) == 0;
}

/* Behind the cursor are the rows of this pass; those from it on have not been seen. */
static struct bsample_row *find(struct bsample_table *t, const char *key, size_t len)
{
	for (size_t i = t->cursor; i < t->n; i++) {
		struct bsample_row *row = t->rows[i];

		if (!is_named(row, key, len))
			continue;
		memmove(t->rows + t->cursor + 1, t->rows + t->cursor, (i - t->cursor) * sizeof(*t->rows));
		t->rows[t->cursor++] = row;
		return row;
	}
	return NULL;
}

static struct bsample_row *insert(struct bsample_table *t, const char *key, size_t len)
{
	struct bsample_row *row;

	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 16;
		struct bsample_row **more = realloc(t->rows, cap * sizeof(*more));

		if (!more)
			return NULL;
		t->rows = more;
		t->cap = cap;
	}
	row = new_row(t, key, len);
	if (!row)
		return NULL;
	memmove(t->rows + t->cursor + 1, t->rows + t->cursor, (t->n - t->cursor) * sizeof(*t->rows));
	t->rows[t->cursor++] = row;
	t->n++;
	return row;
}

void bsample_table_begin(struct bsample_table *t)
{
	t->cursor = 0;
	for (size_t i = 0; i < t->n; i++)
		t->rows[i]->seen = false;
}

struct bsample_row *bsample_row(struct bsample_table *t, const char *key, size_t len)
{
	struct bsample_row *row = find(t, key, len);
	uint64_t *numbers;

	if (row) {
		numbers = row->was;
		row->was = row->now;
		row->now = numbers;
		row->was_ns = row->read_ns;
		row->had = true;
	} else {
		row = insert(t, key, len);
	}
	if (!row) {
		t->failed++;
		return NULL;
	}
	row->seen = true;
	row->read_ns = t->read_ns;
	memset(row->now, 0xff, t->n_fields * sizeof(*row->now)); /* BSAMPLE_NONE */
	return row;
}

void bsample_row_dim(struct bsample_row *row, unsigned which, const char *text, size_t len)
{
	char *copy;

	if (row->dim_len[which] == len && row->dims[which] && memcmp(row->dims[which], text, len) == 0)
		return;
	copy = len ? malloc(len + 1) : NULL;
	free(row->dims[which]);
	row->dims[which] = copy;
	row->dim_len[which] = copy ? len : 0;
	if (copy) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
}

bool bsample_is_gauge(const struct bsample_field *f)
{
	return f->how == BSAMPLE_GAUGE || f->how == BSAMPLE_DERIVED_GAUGE;
}

/* Growth of a counter. *back: it went backwards, which counts as no growth. */
static uint64_t growth(const struct bsample_field *f, uint64_t was, uint64_t now, bool *back)
{
	*back = false;
	if (now >= was)
		return now - was;
	if (f->wraps && (uint32_t)(now - was) < 1u << 31)
		return (uint32_t)(now - was);
	*back = true;
	return 0;
}

uint64_t bsample_step(const struct bsample_table *t, const struct bsample_row *row, unsigned i)
{
	bool back;

	if (!row->had || row->now[i] == BSAMPLE_NONE || row->was[i] == BSAMPLE_NONE)
		return BSAMPLE_NONE;
	return growth(&t->group->fields[i], row->was[i], row->now[i], &back);
}

static void compute(struct bsample_table *t, struct bsample_row *row, unsigned i, uint64_t quantum_ns)
{
	const struct bsample_field *f = &t->group->fields[i];
	uint64_t dt = row->read_ns - row->was_ns, step;
	bool back = false;

	row->value[i] = NAN;
	row->taint[i] = 0;
	if (!bsample_is_gauge(f) && row->had && dt < QUANTA * quantum_ns)
		row->taint[i] |= BT_TAINT_COARSE;
	if (f->how >= BSAMPLE_DERIVED || row->now[i] == BSAMPLE_NONE)
		return;
	if (f->how == BSAMPLE_GAUGE)
		row->value[i] = (double)(int64_t)row->now[i] * f->scale;
	if (f->how == BSAMPLE_GAUGE || !row->had || row->was[i] == BSAMPLE_NONE || dt == 0)
		return;
	step = growth(f, row->was[i], row->now[i], &back);
	row->value[i] = (double)step * f->scale / (double)dt * (f->how == BSAMPLE_RATE ? 1e9 : 1);
	if (back) {
		t->clamped++;
		row->taint[i] |= BT_TAINT_BACKWARDS;
	}
}

void bsample_table_finish(struct bsample_table *t, const uint64_t quantum_ns[BSAMPLE_QUANTA])
{
	size_t kept = 0;

	for (size_t r = 0; r < t->n; r++) {
		struct bsample_row *row = t->rows[r];

		if (!row->seen) {
			free_row(row);
			continue;
		}
		for (unsigned i = 0; i < t->n_fields; i++)
			compute(t, row, i, quantum_ns[t->group->fields[i].quantum]);
		if (t->group->derive)
			t->group->derive(t, row);
		t->rows[kept++] = row;
	}
	t->n = kept;
}

void bsample_table_free(struct bsample_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free_row(t->rows[i]);
	free(t->rows);
	t->rows = NULL;
	t->n = t->cap = 0;
}

bool bsample_u64(const char **p, uint64_t *out)
{
	const char *s = *p;
	uint64_t v = 0;
	bool over = false;

	while (*s == ' ' || *s == '\t')
		s++;
	*p = s;
	for (; *s >= '0' && *s <= '9'; s++) {
		over = over || v > (UINT64_MAX - 9) / 10;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	if (s == *p)
		return false;
	*p = s;
	*out = over ? BSAMPLE_NONE : v;
	return true;
}

const char *bsample_line(const char *p)
{
	p = strchr(p, '\n');
	return p ? p + 1 : NULL;
}
