/* SPDX-License-Identifier: ISC
 *
 * group - the groups of records seen so far, in the order in which they appeared.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

/* Six bytes of JSON are the most that one byte of text takes. */
#define JSON_BYTES(len) (6 * (len) + 3)

/* A copy of JSON string text as plain text that is valid UTF-8, or NULL when out of memory. */
static char *plain_text(const char *p, size_t len, bool escaped)
{
	char *text = malloc(JSON_BYTES(len)), *json = malloc(JSON_BYTES(len));
	size_t n = len;

	if (!text || !json) {
		free(text);
		free(json);
		return NULL;
	}
	if (escaped)
		n = bagg_unescape(p, len, text);
	else
		memcpy(text, p, len);
	/* There and back: the writer replaces what is no character. */
	n = bt_rec_string(json, JSON_BYTES(len) - 3, text, n);
	bt_json_unescape(json + 1, n - 2, text);
	free(json);
	return text;
}

/* The same with JSON's escapes. */
static char *json_text(const char *p, size_t len, bool escaped)
{
	char *text = plain_text(p, len, escaped), *json;
	size_t n = text ? strlen(text) : 0;

	json = malloc(JSON_BYTES(n));
	if (text && json) {
		n = bt_rec_string(json, JSON_BYTES(n) - 3, text, n);
		memmove(json, json + 1, n - 2);
		json[n - 2] = '\0';
	}
	if (!text) {
		free(json);
		json = NULL;
	}
	free(text);
	return json;
}

static int copy_span(char **out, struct bt_span s)
{
	if (!s.p)
		return 0;
	*out = plain_text(s.p, s.len, s.escaped);
	return *out ? 0 : -ENOMEM;
}

static int add_dim(struct bagg_group *g, char *name, const struct bt_json_field *f)
{
	struct bagg_dim *d = &g->dims[g->n_dims];

	if (!name)
		return -ENOMEM;
	d->name = name;
	g->n_dims++;
	if (!f)
		return 0;
	d->string = f->type == BT_JSON_STRING;
	d->value = plain_text(f->val, f->val_len, f->val_escaped);
	return d->value ? 0 : -ENOMEM;
}

static int copy_dims(struct bagg_group *g, const struct bagg_keys *k, const struct bt_rec_in *r)
{
	const struct bt_json_field *corrected = bagg_corrected_field(k, r);
	struct bt_json_field store;
	int rc = 0;

	g->dims = calloc((k->every_dim ? r->n_dims : 0) + k->n_dims + 1, sizeof(*g->dims));
	if (!g->dims)
		return -ENOMEM;
	for (unsigned i = 0; i < k->n_dims && rc == 0; i++)
		rc = add_dim(g, json_text(k->dims[i], strlen(k->dims[i]), false), bagg_dim_field(r, k->dims[i], &store));
	if (corrected && rc == 0)
		rc = add_dim(g, json_text(BAGG_CORRECTED, strlen(BAGG_CORRECTED), false), corrected);
	for (unsigned i = 0; k->every_dim && i < r->n_dims && rc == 0; i++)
		rc = add_dim(g, json_text(r->dims[i]->key, r->dims[i]->key_len, r->dims[i]->key_escaped), r->dims[i]);
	return rc;
}

static void free_group(struct bagg_group *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->n_dims; i++) {
		free(g->dims[i].name);
		free(g->dims[i].value);
	}
	for (int i = 0; i < BAGG_HEADS; i++)
		free(g->head[i].text);
	free(g->dims);
	free(g->metric);
	free(g->unit);
	bagg_fold_free(&g->fold);
	free(g);
}

static struct bagg_group *new_group(const struct bagg_keys *k, const struct bt_rec_in *r, enum bt_kind of, bool scalar)
{
	struct bagg_group *g = calloc(1, sizeof(*g));
	int rc;

	if (!g)
		return NULL;
	g->of = of;
	g->better = r->better;
	g->rep = k->rep ? r->rep : 0;
	rc = copy_span(&g->metric, r->metric);
	if (rc == 0)
		rc = copy_span(&g->unit, r->unit);
	for (int i = 0; i < BAGG_HEADS && rc == 0; i++)
		rc = copy_span(&g->head[i].text, bagg_head_span(r, (enum bagg_head)i));
	if (rc == 0)
		rc = copy_dims(g, k, r);
	if (rc < 0) {
		free_group(g);
		return NULL;
	}
	bagg_fold_init(&g->fold, scalar, scalar ? bagg_scale_bits(g->unit ? g->unit : "") : 0);
	return g;
}

/* For one more group. */
static int make_room(struct bagg_groups *g)
{
	uint32_t cap = g->cap ? g->cap * 2 : 16;
	struct bagg_group **list;

	if (g->n < g->cap)
		return 0;
	list = reallocarray(g->list, cap, sizeof(struct bagg_group *));
	if (!list)
		return -ENOMEM;
	g->list = list;
	g->cap = cap;
	return 0;
}

static struct bagg_group *find_group(struct bagg_groups *g, const struct bt_rec_in *r, enum bt_kind of)
{
	bool scalar = bagg_fold_scalar(r), added;
	int64_t number;

	bagg_key(&g->keys, r, of, scalar, &g->key);
	if (g->key.failed)
		return NULL;
	number = bt_intern(&g->index, g->key.data, g->key.len, &added);
	if (number < 0)
		return NULL;
	if (!added)
		return g->list[number];
	if (make_room(g) < 0)
		return NULL;
	g->list[number] = new_group(&g->keys, r, of, scalar);
	if (!g->list[number])
		return NULL;
	g->list[number]->block = g->block;
	g->n++;
	return g->list[number];
}

/* Parts of the head that are not in the key are shown while they are the same in all records. */
static void share_head(struct bagg_group *g, const struct bagg_keys *k, const struct bt_rec_in *r)
{
	for (int i = 0; i < BAGG_TAINT; i++) {
		struct bagg_shared *s = &g->head[i];
		struct bt_span span = bagg_head_span(r, (enum bagg_head)i);

		if (k->head[i] || s->mixed)
			continue;
		if (!span.p != !s->text || (span.p && !bt_span_is(span, s->text))) {
			free(s->text);
			s->text = NULL;
			s->mixed = true;
		}
	}
	if (r->better != g->better && !g->better_mixed) {
		g->better_mixed = true;
		g->better = BT_BETTER_NONE;
	}
}

static void add_taints(struct bagg_group *g, struct bt_span s)
{
	char names[BT_TAINT_LIST];

	if (!s.p || bt_span_is(s, g->taint))
		return;
	bt_span_text(s, names, sizeof(names));
	bt_taint_join(g->taint, names);
}

/* What was folded: the record's own kind, or for an agg record that of the records within. */
static int folded_kind(const struct bt_rec_in *r, const char **why)
{
	int of = (int)r->kind;

	if (r->kind == BT_KIND_AGG)
		of = r->of.p ? bt_kind_of(r->of.p, r->of.len) : -EINVAL;
	if (of != BT_KIND_SAMPLE && of != BT_KIND_RESULT && of != BT_KIND_EVENT) {
		*why = "agg record that does not say of what";
		return -EINVAL;
	}
	return of;
}

void bagg_groups_init(struct bagg_groups *g)
{
	struct bagg_keys keys = g->keys;

	*g = (struct bagg_groups){ .keys = keys };
	bt_hist_init(&g->scratch.decoded, 3);
}

int bagg_groups_add(struct bagg_groups *g, const struct bt_rec_in *r, struct bt_hist *hist, bool *blind, const char **why)
{
	int of = folded_kind(r, why), rc;
	struct bagg_group *group;

	*blind = false;
	if (of < 0)
		return of;
	g->scratch.hist = hist;
	g->scratch.n_values = 0;
	rc = hist ? 0 : bagg_fold_unpack(r, &g->scratch, why);
	if (rc < 0)
		return rc;
	group = g->last = find_group(g, r, (enum bt_kind)of);
	if (!group)
		return -ENOMEM;
	if (hist)
		g->scratch.scale = ldexp(1, group->fold.scale_bits);
	rc = bagg_fold_add(&group->fold, r, &g->scratch, blind, why);
	if (rc < 0)
		return rc;
	share_head(group, &g->keys, r);
	add_taints(group, r->taint);
	return rc;
}

/* What two parts of a group say beside their figures. */
static void share_parts(struct bagg_group *g, const struct bagg_group *from)
{
	for (int i = 0; i < BAGG_TAINT; i++) {
		struct bagg_shared *s = &g->head[i];

		if (s->mixed || (!from->head[i].mixed && !s->text == !from->head[i].text &&
				 (!s->text || strcmp(s->text, from->head[i].text) == 0)))
			continue;
		free(s->text);
		*s = (struct bagg_shared){ .mixed = true };
	}
	g->better_mixed = g->better_mixed || from->better_mixed || g->better != from->better;
	if (g->better_mixed)
		g->better = BT_BETTER_NONE;
	bt_taint_join(g->taint, from->taint);
}

/* Takes *group over, or into the one that has its key already. */
static int join_group(struct bagg_groups *g, const struct bt_intern_key *key, struct bagg_group **group)
{
	bool added;
	int64_t number = bt_intern(&g->index, key->bytes, key->len, &added);
	int rc;

	if (number < 0 || make_room(g) < 0)
		return -ENOMEM;
	if (added) {
		g->list[g->n++] = *group;
		*group = NULL;
		return 0;
	}
	bagg_fold_settle(&(*group)->fold);
	rc = bagg_fold_join(&g->list[number]->fold, &(*group)->fold);
	share_parts(g->list[number], *group);
	return rc;
}

/* Which of the others has the group that was seen first of those at their places; n: none has any left. */
static unsigned earliest(struct bagg_groups *const *others, const uint32_t *places, unsigned n)
{
	unsigned best = n;

	for (unsigned i = 0; i < n; i++)
		if (places[i] < others[i]->n &&
		    (best == n || others[i]->list[places[i]]->block < others[best]->list[places[best]]->block))
			best = i;
	return best;
}

int bagg_groups_join(struct bagg_groups *g, struct bagg_groups *const *others, unsigned n)
{
	uint32_t *places = calloc(n, sizeof(*places));
	unsigned i;
	int rc = places ? 0 : -ENOMEM;

	while (rc == 0 && (i = earliest(others, places, n)) < n) {
		rc = join_group(g, &others[i]->index.keys[places[i]], &others[i]->list[places[i]]);
		places[i]++;
	}
	free(places);
	return rc;
}

void bagg_groups_settle(struct bagg_groups *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		bagg_fold_settle(&g->list[i]->fold);
}

void bagg_groups_free(struct bagg_groups *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		free_group(g->list[i]);
	free(g->list);
	bt_intern_free(&g->index);
	bagg_keys_free(&g->keys);
	bt_buf_free(&g->key);
	bt_hist_free(&g->scratch.decoded);
	bt_histcodec_free(g->scratch.codec);
	memset(g, 0, sizeof(*g));
}
