/* SPDX-License-Identifier: ISC
 *
 * learn - what the long way finds in a line, for the fast way to know next time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fast.h"
#include "jsonpath.h"

#define PATIENCE 64 /* lines learned in vain before only one in so many is */

struct bagg_fast *bagg_fast_new(size_t line_max)
{
	struct bagg_fast *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->draft = calloc(1, sizeof(*f->draft));
	if (!f->draft) {
		free(f);
		return NULL;
	}
	f->line_max = line_max + 1;
	/* Without random numbers at boot the hash is merely predictable. */
	if (getrandom(&f->seed, sizeof(f->seed), GRND_NONBLOCK) < 0)
		f->seed = 1;
	return f;
}

void bagg_fast_free(struct bagg_fast *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < f->n; i++) {
		bagg_shape_forget(f->shapes[i]);
		free(f->shapes[i]);
	}
	free(f->draft);
	free(f);
}

/* A place for a new shape: the next one, or that of the oldest. */
static struct bagg_shape *new_shape(struct bagg_fast *f)
{
	struct bagg_shape *s;

	if (f->n < BAGG_SHAPES) {
		s = calloc(1, sizeof(*s));
		if (s)
			f->shapes[f->n++] = s;
		return s;
	}
	s = f->shapes[f->oldest];
	f->oldest = (f->oldest + 1) % BAGG_SHAPES;
	bagg_shape_forget(s);
	return s;
}

/* The shape that the draft is, or widens, or becomes. NULL without memory. */
static struct bagg_shape *adopt(struct bagg_fast *f)
{
	struct bagg_shape *s;

	for (unsigned i = 0; i < f->n; i++)
		if (bagg_shape_alike(f->shapes[i], f->draft)) {
			bagg_shape_widen(f->shapes[i], f->draft);
			return f->shapes[i];
		}
	s = new_shape(f);
	if (s)
		*s = *f->draft;
	return s;
}

void bagg_fast_learn(struct bagg_fast *f, const char *line, size_t len, const struct bagg_use *uses, unsigned n_uses,
		     const struct bagg_target *targets, unsigned n_targets, bool untimed)
{
	const char *end = line + len + (line[len] == '\r') + 1;
	struct bagg_shape *s;
	struct bagg_match m;

	/* A known shape with keys that are new is never in vain. */
	if (bagg_fast_match_any(f, line, end, &m) != end && f->wasted++ > PATIENCE && f->wasted % PATIENCE != 0)
		return;
	/* Even so it is cut: a key may hold quotes and brackets, and then the line only looks alike. */
	if (!bagg_shape_cut(f->draft, line, len, uses, n_uses) || f->draft->n_values == 0 || f->draft->n_values != n_targets)
		return;
	f->draft->untimed = untimed;
	s = adopt(f);
	if (s && bagg_fast_match(f, s, line, end, &m) == end)
		bagg_shape_know(s, &m, targets);
}

/* What the group is known by, also where it is too long for that: the next one may fit. */
static const struct bt_json_field *key_field(const struct bt_rec_in *r, const char *name, struct bt_json_field *store)
{
	const struct bt_json_field *f = bagg_dim_field(r, name, store);

	return f || !bt_json_path(r->json, name, store) ? f : store;
}

static unsigned add_use(struct bagg_use *uses, unsigned n, const struct bt_json_field *field, enum bagg_role role)
{
	if (field)
		uses[n++] = (struct bagg_use){ field->val, role };
	return n;
}

unsigned bagg_fast_keys(const struct bt_rec_in *r, const struct bagg_keys *keys, struct bagg_use *uses, unsigned n)
{
	struct bt_json_field store;

	for (int i = 0; i < BAGG_HEADS; i++) {
		if (keys->head[i])
			n = add_use(uses, n, bt_json_find(r->json, bagg_head_name((enum bagg_head)i)), BAGG_KEY);
	}
	if (keys->rep)
		n = add_use(uses, n, bt_json_find(r->json, "rep"), BAGG_KEY);
	for (unsigned i = 0; i < keys->n_dims; i++)
		n = add_use(uses, n, key_field(r, keys->dims[i], &store), BAGG_KEY);
	return n;
}

/* The keys of a record that are not dimensions, and what they are there for. */
static const struct {
	const char *name;
	enum bagg_role role;
} heads[] = {
	{ "v", BAGG_KEY }, { "kind", BAGG_KEY }, { "ts", BAGG_TIME }, { "run", BAGG_KEY }, { "host", BAGG_KEY },
	{ "tool", BAGG_KEY }, { "test", BAGG_KEY }, { "metric", BAGG_KEY }, { "unit", BAGG_KEY }, { "better", BAGG_KEY },
	{ "of", BAGG_KEY }, { "loop", BAGG_KEY }, { "taint", BAGG_KEY }, { "dur", BAGG_DUR }, { "lost", BAGG_LOST },
	{ "records", BAGG_COUNT }, { "value", BAGG_VALUE },
};

#define HEADS (sizeof(heads) / sizeof(heads[0]))

void bagg_fast_record(struct bagg_fast *f, const char *line, size_t len, const struct bt_rec_in *r,
		      const struct bagg_keys *keys, const struct bagg_target *target)
{
	struct bagg_use uses[HEADS + 1 + BT_REC_KEYS + BAGG_FAST_KEYS];
	unsigned n = 0;

	if (r->has_dist || r->kind == BT_KIND_AGG)
		return;
	for (size_t i = 0; i < HEADS; i++)
		n = add_use(uses, n, bt_json_find(r->json, heads[i].name), heads[i].role);
	if (!keys->rep)
		n = add_use(uses, n, bt_json_find(r->json, "rep"), BAGG_COUNT);
	for (unsigned i = 0; keys->every_dim && i < r->n_dims; i++)
		n = add_use(uses, n, r->dims[i], BAGG_KEY);
	n = bagg_fast_keys(r, keys, uses, n);
	bagg_fast_learn(f, line, len, uses, n, target, 1, false);
}
