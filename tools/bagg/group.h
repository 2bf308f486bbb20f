/* SPDX-License-Identifier: ISC
 *
 * group - the groups of records seen so far, in the order in which they appeared.
 */
#ifndef BAGG_GROUP_H
#define BAGG_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "fold.h"
#include "intern.h"
#include "keys.h"

/* One dimension of a group. All text is valid UTF-8. */
struct bagg_dim {
	char *name;   /* as it stands in JSON, between the quotes */
	char *value;  /* NULL: the group has none (-k) */
	bool string;  /* else value is JSON text: a number, true or false */
};

/* Part of the head: shown while all records of the group agree on it. */
struct bagg_shared {
	char *text; /* NULL: absent */
	bool mixed;
};

struct bagg_group {
	enum bt_kind of;
	uint64_t block;      /* in which it was first seen; 0 where blocks are not counted */
	char *metric, *unit; /* NULL: absent */
	uint64_t rep;        /* 0: not part of the key, or absent */
	struct bagg_shared head[BAGG_HEADS];
	enum bt_better better;
	bool better_mixed;
	char taint[BT_TAINT_LIST]; /* sorted comma list of all that was seen */
	unsigned n_dims;
	struct bagg_dim *dims;
	struct bagg_fold fold;
};

struct bagg_groups {
	struct bagg_keys keys;
	struct bt_intern index;
	struct bagg_group **list; /* by number in index */
	uint32_t n, cap;
	uint64_t block;           /* at hand */
	struct bagg_group *last;  /* that bagg_groups_add has added to */
	struct bt_buf key;        /* of the record at hand */
	struct bagg_scratch scratch;
};

/* bagg_groups_init - no groups yet. keys stays as it is. */
void bagg_groups_init(struct bagg_groups *g);

/* bagg_groups_add - fold a record that carries a measurement into its group. hist: its distribution where the caller has
 * decoded it, of scalars in the steps of bagg_scale_bits (it may be reduced), else NULL. Returns 0, -ENOMEM, or -EINVAL
 * with *why set to a constant reason. *blind as in bagg_fold_add. */
int bagg_groups_add(struct bagg_groups *g, const struct bt_rec_in *r, struct bt_hist *hist, bool *blind, const char **why);

/* bagg_groups_join - fold in the groups of n others, which have the same keys and are empty afterwards, as if all had
 * been folded in the order of their blocks, none of which two of them share. Returns 0 or -ENOMEM. */
int bagg_groups_join(struct bagg_groups *g, struct bagg_groups *const *others, unsigned n);

/* bagg_groups_settle - make every fold ready to be read (bagg_fold_settle). */
void bagg_groups_settle(struct bagg_groups *g);

void bagg_groups_free(struct bagg_groups *g);

#endif
