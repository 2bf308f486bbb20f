/* SPDX-License-Identifier: ISC
 *
 * group - observations of the same thing on both sides: same metric, unit, statistic and keys.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

#define NAME_MAX_BYTES 128   /* of a key, escaped */
#define VALUE_MAX_BYTES 2048 /* of a value, escaped: what leaves room for a record */

void bdiff_id_part(struct bt_buf *id, bool is_string, const char *name, const char *value, size_t len)
{
	uint32_t stored = (uint32_t)len;

	bt_buf_char(id, is_string ? 's' : 'r');
	bt_buf_add(id, name, strlen(name) + 1);
	bt_buf_add(id, &stored, sizeof(stored));
	bt_buf_add(id, value, len);
}

bool bdiff_id_field(struct bt_buf *id, const struct bt_json_field *f)
{
	char raw[VALUE_MAX_BYTES + 1], name[6 * NAME_MAX_BYTES + 3];
	size_t len = f->key_len;

	if (f->type == BT_JSON_NESTED || f->type == BT_JSON_NULL)
		return true;
	if (f->key_len > NAME_MAX_BYTES || f->val_len > VALUE_MAX_BYTES)
		return false;
	if (f->key_escaped)
		len = bt_json_unescape(f->key, f->key_len, raw);
	/* Without its quotes; six bytes are the longest escape. */
	len = bt_rec_string(name, 6 * NAME_MAX_BYTES, f->key_escaped ? raw : f->key, len);
	name[len - 1] = '\0';
	if (f->type == BT_JSON_STRING && f->val_escaped)
		bdiff_id_part(id, true, name + 1, raw, bt_json_unescape(f->val, f->val_len, raw));
	else
		bdiff_id_part(id, f->type == BT_JSON_STRING, name + 1, f->val, f->val_len);
	return true;
}

const char *bdiff_part_next(const char *p, const char *end, struct bdiff_part *out)
{
	if (p >= end)
		return NULL;
	out->is_string = *p++ == 's';
	out->name = p;
	p += strlen(p) + 1;
	memcpy(&out->len, p, sizeof(out->len));
	out->value = p + sizeof(out->len);
	return out->value + out->len;
}

const char *bdiff_groups_id(const struct bdiff_groups *g, uint32_t i, const char **end)
{
	*end = g->ids.keys[i].bytes + g->ids.keys[i].len;
	return g->ids.keys[i].bytes;
}

static struct bdiff_group *group_of(struct bdiff_groups *g, const struct bt_buf *id)
{
	size_t cap = g->cap ? g->cap * 2 : 32;
	struct bdiff_group *v;
	bool added;
	int64_t i;

	if (id->failed)
		return NULL;
	if (g->ids.n == g->cap) {
		v = reallocarray(g->v, cap, sizeof(*v));
		if (!v)
			return NULL;
		g->v = v;
		g->cap = cap;
	}
	i = bt_intern(&g->ids, id->data, id->len, &added);
	if (i < 0)
		return NULL;
	if (added)
		memset(&g->v[i], 0, sizeof(g->v[i]));
	return &g->v[i];
}

static int add_value(struct bdiff_values *s, uint32_t run, double value)
{
	uint32_t cap = s->cap ? s->cap * 2 : 4;
	struct bdiff_obs *v;

	if (s->n == s->cap) {
		v = cap > s->cap ? reallocarray(s->v, cap, sizeof(*v)) : NULL;
		if (!v)
			return -ENOMEM;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = (struct bdiff_obs){ .value = value, .run = run };
	return 0;
}

const char *bdiff_groups_taint(const struct bdiff_groups *g, const struct bdiff_values *s)
{
	return s->taint > 0 ? g->taints.keys[s->taint - 1].bytes : "";
}

/* Lists are few and groups many: each list is kept once. */
static int add_taint(struct bdiff_groups *g, struct bdiff_values *s, struct bt_span more)
{
	char list[BT_TAINT_LIST], text[BT_TAINT_LIST];
	int64_t i;
	bool added;

	if (!more.p || more.len == 0)
		return 0;
	bt_span_text(more, text, sizeof(text));
	snprintf(list, sizeof(list), "%s", bdiff_groups_taint(g, s));
	bt_taint_join(list, text);
	i = bt_intern(&g->taints, list, strlen(list) + 1, &added);
	if (i < 0)
		return -ENOMEM;
	s->taint = (uint32_t)i + 1;
	return 0;
}

static int add(struct bdiff_groups *g, struct bdiff_group *group, enum bdiff_side side, uint32_t run,
	       const struct bt_rec_in *r, double value)
{
	struct bdiff_values *s = &group->side[side];

	if (r->better != BT_BETTER_NONE) {
		group->contradiction |= group->better != BT_BETTER_NONE && group->better != r->better;
		group->better = r->better;
	}
	return add_value(s, run, value) < 0 || add_taint(g, s, r->taint) < 0 ? -ENOMEM : 0;
}

int bdiff_groups_add(struct bdiff_groups *g, const struct bt_buf *id, enum bdiff_side side, uint32_t run,
		     const struct bt_rec_in *r, double value)
{
	struct bdiff_group *group = group_of(g, id);

	return group ? add(g, group, side, run, r, value) : -ENOMEM;
}

int bdiff_groups_hist(struct bdiff_groups *g, const struct bt_buf *id, enum bdiff_side side, uint32_t run,
		      const struct bt_rec_in *r, struct bt_hist *h, double scale)
{
	struct bdiff_values *s;
	struct bdiff_group *group;
	uint64_t n = h->n;
	int rc;

	if (n == 0)
		return 0;
	group = group_of(g, id);
	if (!group)
		return -ENOMEM;
	s = &group->side[side];
	if (!s->pool)
		s->pool = calloc(1, sizeof(*s->pool));
	rc = s->pool ? bdiff_pool_add(s->pool, h, scale) : -ENOMEM;
	return rc == 0 ? add(g, group, side, run, r, (double)n) : rc;
}

static void drop_pool(struct bdiff_values *s)
{
	if (s->pool)
		bdiff_pool_free(s->pool);
	free(s->pool);
	s->pool = NULL;
}

void bdiff_groups_drop(struct bdiff_groups *g, enum bdiff_side side)
{
	for (uint32_t i = 0; i < g->ids.n; i++) {
		g->v[i].side[side].n = 0;
		g->v[i].side[side].taint = 0;
		drop_pool(&g->v[i].side[side]);
	}
}

void bdiff_groups_free(struct bdiff_groups *g)
{
	for (uint32_t i = 0; i < g->ids.n; i++)
		for (int side = 0; side < 2; side++) {
			free(g->v[i].side[side].v);
			drop_pool(&g->v[i].side[side]);
		}
	bt_intern_free(&g->ids);
	bt_intern_free(&g->taints);
	free(g->v);
	memset(g, 0, sizeof(*g));
}
