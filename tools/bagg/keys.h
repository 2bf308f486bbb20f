/* SPDX-License-Identifier: ISC
 *
 * keys - by what records are grouped, and the key of the group that a record belongs to.
 *
 * Always part of a key: the kind that was folded (so that intervals and whole runs are never counted twice), whether the
 * record holds one value or a distribution, metric and unit, and for what it was corrected.
 */
#ifndef BAGG_KEYS_H
#define BAGG_KEYS_H

#include <stdbool.h>

#include "buf.h"
#include "recread.h"

/* The parts of a record's head that a user may group by, or that are shown when all records of a group agree on them. */
enum bagg_head { BAGG_TOOL, BAGG_TEST, BAGG_HOST, BAGG_RUN, BAGG_LOOP, BAGG_TAINT, BAGG_HEADS };

struct bagg_keys {
	bool every_dim;        /* no -k: tool, test and all dimensions */
	bool head[BAGG_HEADS]; /* part of the key */
	bool rep;              /* part of the key */
	unsigned n_dims;
	const char *dims[BT_REC_KEYS]; /* dimensions of -k, in that order, or paths */
	char *text;                    /* what they point into, owned */
};

/* bagg_keys_parse - list is the argument of -k, or NULL. Returns 0, or -ENOMEM or -EINVAL with a sentence in why. */
int bagg_keys_parse(struct bagg_keys *k, const char *list, char why[128]);
void bagg_keys_free(struct bagg_keys *k);

/* bagg_head_name - its key. bagg_head_span - that part of the record. */
const char *bagg_head_name(enum bagg_head head);
struct bt_span bagg_head_span(const struct bt_rec_in *r, enum bagg_head head);

/* bagg_keys_head - the parts of the head that are in the key, from the keys of those names in r->json, which is no
 * record. */
void bagg_keys_head(const struct bagg_keys *k, struct bt_rec_in *r);

/* bagg_dim_field - the field of a dimension of the record, or within its nested values the scalar of that path (store is
 * then filled and returned). NULL when it is absent, null or nested, or nested and too long for a record. */
const struct bt_json_field *bagg_dim_field(const struct bt_rec_in *r, const char *name, struct bt_json_field *store);

/* bagg_corrected_field - the dimension that tells corrected figures from others, which is part of the key whether -k
 * names it or not. NULL: the record has none, or it is part of the key anyhow. */
#define BAGG_CORRECTED "corrected_for"
const struct bt_json_field *bagg_corrected_field(const struct bagg_keys *k, const struct bt_rec_in *r);

/* bagg_unescape - as bt_json_unescape, but without a NUL at the end, and with U+FFFD for one within, where text would end:
 * what is one key is then one text. out: len bytes. */
size_t bagg_unescape(const char *p, size_t len, char *out);

/* bagg_key - write the key of r to b. of: the kind folded. Sets b->failed when out of memory. */
void bagg_key(const struct bagg_keys *k, const struct bt_rec_in *r, enum bt_kind of, bool scalar, struct bt_buf *b);

#endif
