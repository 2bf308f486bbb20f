/* SPDX-License-Identifier: ISC
 *
 * foreign - measurements in NDJSON that other programs wrote: the numeric keys that -m names.
 */
#ifndef BAGG_FOREIGN_H
#define BAGG_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

struct bagg;

/* What could not be taken, for the note at the end. */
struct bagg_foreign {
	uint64_t unmeasured; /* lines without a number under any of the keys */
	uint64_t no_time;    /* lines whose time is absent or none */
};

/* bagg_foreign_is - whether the line in b->json, which bt_rec_parse has refused, is an object of another program rather than
 * a damaged record. */
bool bagg_foreign_is(const struct bagg *b);

/* bagg_foreign_take - fold what the line in b->json holds. Returns as bagg_take. */
int bagg_foreign_take(struct bagg *b, const char *line, size_t len, bool *blind, const char **why);

#endif
