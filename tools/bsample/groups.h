/* SPDX-License-Identifier: ISC
 *
 * groups - the groups of figures, and what several of them need.
 */
#ifndef BSAMPLE_GROUPS_H
#define BSAMPLE_GROUPS_H

#include "bsample.h"

extern const struct bsample_group bsample_cpu;

/* bsample_missing - t->why, made like printf. */
void bsample_missing(struct bsample_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* bsample_close_file - close() of a group whose state is one struct bt_reread. */
void bsample_close_file(struct bsample_table *t);

#endif
