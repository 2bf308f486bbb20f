/* SPDX-License-Identifier: ISC
 *
 * keys - by what records are grouped, and the key of the group that a record belongs to.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonpath.h"
#include "keys.h"
#include "utf8.h"

static const struct {
	const char *name;
	size_t offset; /* of the span in struct bt_rec_in */
} heads[BAGG_HEADS] = {
	[BAGG_TOOL] = { "tool", offsetof(struct bt_rec_in, tool) },
	[BAGG_TEST] = { "test", offsetof(struct bt_rec_in, test) },
	[BAGG_HOST] = { "host", offsetof(struct bt_rec_in, host) },
	[BAGG_RUN] = { "run", offsetof(struct bt_rec_in, run) },
	[BAGG_LOOP] = { "loop", offsetof(struct bt_rec_in, loop) },
	[BAGG_TAINT] = { "taint", offsetof(struct bt_rec_in, taint) },
};

static int add_head(struct bagg_keys *k, const char *name)
{
	for (int i = 0; i < BAGG_HEADS; i++)
		if (strcmp(heads[i].name, name) == 0) {
			k->head[i] = true;
			return 0;
		}
	return -ENOENT;
}

static int add_dim(struct bagg_keys *k, const char *name, char why[128])
{
	for (unsigned i = 0; i < k->n_dims; i++)
		if (strcmp(k->dims[i], name) == 0)
			return 0;
	if (k->n_dims == BT_REC_KEYS) {
		snprintf(why, 128, "at most %d dimensions", BT_REC_KEYS);
		return -EINVAL;
	}
	k->dims[k->n_dims++] = name;
	return 0;
}

static int add_name(struct bagg_keys *k, const char *name, char why[128])
{
	static const char *const always[] = { "kind", "of", "metric", "unit" };

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (strcmp(name, always[i]) == 0)
			return 0;
	if (strcmp(name, "rep") == 0) {
		k->rep = true;
		return 0;
	}
	if (add_head(k, name) == 0)
		return 0;
	if (name[0] && bt_rec_class(name, strlen(name)) == BT_CLASS_DIM)
		return add_dim(k, name, why);
	if (name[0])
		snprintf(why, 128, "'%.60s' is a measurement, not a key to group by", name);
	else
		snprintf(why, 128, "an empty name");
	return -EINVAL;
}

int bagg_keys_parse(struct bagg_keys *k, const char *list, char why[128])
{
	char *rest, *name;
	int rc = 0;

	*k = (struct bagg_keys){ .every_dim = !list };
	if (!list) {
		k->head[BAGG_TOOL] = k->head[BAGG_TEST] = true;
		return 0;
	}
	rest = k->text = strdup(list);
	if (!rest) {
		snprintf(why, 128, "out of memory");
		return -ENOMEM;
	}
	while (rc == 0 && (name = strsep(&rest, ",")))
		rc = add_name(k, name, why);
	return rc;
}

void bagg_keys_free(struct bagg_keys *k)
{
	free(k->text);
	k->text = NULL;
}

const char *bagg_head_name(enum bagg_head head)
{
	return heads[head].name;
}

struct bt_span bagg_head_span(const struct bt_rec_in *r, enum bagg_head head)
{
	return *(const struct bt_span *)((const char *)r + heads[head].offset);
}

/* In NDJSON that is no record head keys may be of any scalar type; only those asked for are looked at. */
void bagg_keys_head(const struct bagg_keys *k, struct bt_rec_in *r)
{
	const struct bt_json_field *f;
	struct bt_number rep;

	for (int i = 0; i < BAGG_HEADS && !k->every_dim; i++) {
		f = k->head[i] ? bt_json_find(r->json, heads[i].name) : NULL;
		if (f && f->type != BT_JSON_NULL && f->type != BT_JSON_NESTED && bt_rec_text_fits(f->val, f->val_len))
			*(struct bt_span *)((char *)r + heads[i].offset) = (struct bt_span){ f->val, f->val_len, f->val_escaped };
	}
	f = k->rep ? bt_json_find(r->json, "rep") : NULL;
	if (f && f->type == BT_JSON_NUMBER && bt_json_number(f->val, f->val_len, &rep) == 0 && rep.integer && rep.i > 0 &&
	    rep.i <= UINT32_MAX)
		r->rep = (uint64_t)rep.i;
}

/* The dimension of that name, or NULL. */
static const struct bt_json_field *find_dim(const struct bt_rec_in *r, const char *name)
{
	const struct bt_json_field want = { .key = name, .key_len = (uint32_t)strlen(name) };

	for (unsigned i = 0; i < r->n_dims; i++)
		if (bt_json_compare_keys(r->dims[i], &want) == 0)
			return r->dims[i];
	return NULL;
}

const struct bt_json_field *bagg_dim_field(const struct bt_rec_in *r, const char *name, struct bt_json_field *store)
{
	const struct bt_json_field *f = find_dim(r, name);

	if (f || !r->json)
		return f;
	if (!bt_json_path(r->json, name, store) || store->type == BT_JSON_NULL || store->type == BT_JSON_NESTED)
		return NULL;
	return bt_rec_text_fits(store->val, store->val_len) ? store : NULL;
}

const struct bt_json_field *bagg_corrected_field(const struct bagg_keys *k, const struct bt_rec_in *r)
{
	if (k->every_dim)
		return NULL;
	for (unsigned i = 0; i < k->n_dims; i++)
		if (strcmp(k->dims[i], BAGG_CORRECTED) == 0)
			return NULL;
	return find_dim(r, BAGG_CORRECTED);
}

size_t bagg_unescape(const char *p, size_t len, char *out)
{
	const char *end = p + len;
	size_t n = 0;

	while (p < end) {
		char piece[4];
		size_t got = bt_json_unescape_next(&p, end, piece);

		if (got == 1 && piece[0] == '\0') {
			memcpy(out + n, BT_UTF8_REPLACEMENT, 3);
			n += 3;
		} else {
			memcpy(out + n, piece, got);
			n += got;
		}
	}
	return n;
}

/* A part of a key: what it is, how long it is, and its bytes, so that no two different keys have the same bytes. */
static void add_part(struct bt_buf *b, char type, const char *p, size_t len, bool escaped)
{
	uint32_t stored;
	char *start;

	if (bt_buf_room(b, len + 1 + sizeof(stored) + 1) < 0)
		return;
	start = b->data + b->len;
	if (escaped)
		len = bagg_unescape(p, len, start + 1 + sizeof(stored));
	else if (len > 0)
		memcpy(start + 1 + sizeof(stored), p, len);
	stored = (uint32_t)len;
	start[0] = type;
	memcpy(start + 1, &stored, sizeof(stored));
	b->len += 1 + sizeof(stored) + len;
}

static void add_span(struct bt_buf *b, struct bt_span s)
{
	add_part(b, s.p ? 's' : '-', s.p, s.p ? s.len : 0, s.escaped);
}

static void add_value(struct bt_buf *b, const struct bt_json_field *f)
{
	if (f)
		add_part(b, f->type == BT_JSON_STRING ? 's' : 'v', f->val, f->val_len, f->val_escaped);
	else
		add_part(b, '-', NULL, 0, false);
}

void bagg_key(const struct bagg_keys *k, const struct bt_rec_in *r, enum bt_kind of, bool scalar, struct bt_buf *b)
{
	const struct bt_json_field *corrected = bagg_corrected_field(k, r);
	char first[2] = { (char)of, (char)scalar };
	struct bt_json_field store;

	b->len = 0;
	bt_buf_add(b, first, sizeof(first));
	add_span(b, r->metric);
	add_span(b, r->unit);
	for (int i = 0; i < BAGG_HEADS; i++)
		if (k->head[i])
			add_span(b, bagg_head_span(r, (enum bagg_head)i));
	if (k->rep)
		bt_buf_add(b, &r->rep, sizeof(r->rep));
	for (unsigned i = 0; i < k->n_dims; i++)
		add_value(b, bagg_dim_field(r, k->dims[i], &store));
	if (corrected)
		add_value(b, corrected);
	for (unsigned i = 0; k->every_dim && i < r->n_dims; i++) {
		const struct bt_json_field *f = r->dims[i];

		add_part(b, 'k', f->key, f->key_len, f->key_escaped);
		add_value(b, f);
	}
}
