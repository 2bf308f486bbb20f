/* SPDX-License-Identifier: ISC
 *
 * accept - regressions that somebody has accepted, each for a reason and until a day.
 */
#ifndef BDIFF_ACCEPT_H
#define BDIFF_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct bdiff;

struct bdiff_accept {
	struct bt_buf match; /* what a row must have: parts as an identity has them */
	const char *reason;  /* owned */
	double max_pct;      /* largest change accepted, in percent, either way; NaN: any */
	uint64_t line;       /* of the file */
	bool expired, used;
};

struct bdiff_accepts {
	struct bdiff_accept *v;
	size_t n, cap;
};

/* bdiff_accept_read - take the file of --accept, if there is one. Says on stderr what is wrong with it, and which entries
 * have expired. Returns 0 or -errno. */
int bdiff_accept_read(struct bdiff *d);

/* bdiff_accepted - the entry that accepts a change of the row with the identity from id to end (see bdiff_groups_id), or
 * NULL. Entries that have expired accept nothing, and those with a limit nothing that has no percentage (NaN). Marks it as
 * used. */
const struct bdiff_accept *bdiff_accepted(const struct bdiff *d, const char *id, const char *end, double change_pct);

/* bdiff_accept_unused - note every entry that has accepted nothing. */
void bdiff_accept_unused(const struct bdiff *d);

void bdiff_accept_free(struct bdiff_accepts *a);

#endif
