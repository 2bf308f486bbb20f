/* SPDX-License-Identifier: ISC
 *
 * machine - where the records of a side come from: the machines of their meta records.
 */
#ifndef BDIFF_MACHINE_H
#define BDIFF_MACHINE_H

#include <stdbool.h>

#include "recread.h"

#define BDIFF_MACHINES 256 /* different ones remembered of one side */
#define BDIFF_FACTS 16

struct bdiff_machine {
	char *host, *fp;
	char *facts[BDIFF_FACTS]; /* "" where the record has none */
};

struct bdiff_origin {
	struct bdiff_machine *v; /* one for each host and fingerprint */
	unsigned n, cap;
	bool more; /* there are others */
};

/* bdiff_origin_add - take a meta record. 0 or -ENOMEM. */
int bdiff_origin_add(struct bdiff_origin *o, const struct bt_rec_in *r);

void bdiff_origin_free(struct bdiff_origin *o);

/* bdiff_machines_differ - warn about every fact that differs between machines that only one side has. A host that both sides
 * have is compared with itself, any other with all of the other side. Returns whether there are such; a side without
 * fingerprints differs from none. */
bool bdiff_machines_differ(const struct bdiff_origin *base, const struct bdiff_origin *new);

#endif
