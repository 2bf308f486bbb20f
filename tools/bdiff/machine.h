/* SPDX-License-Identifier: ISC
 *
 * machine - where an input comes from: the machines of its meta records.
 */
#ifndef BDIFF_MACHINE_H
#define BDIFF_MACHINE_H

#include <stdint.h>

#include "recread.h"

#define BDIFF_MACHINES 64 /* different ones remembered of one input */
#define BDIFF_FACTS 16

struct bdiff_machine {
	char *fp;
	char *facts[BDIFF_FACTS]; /* "" where the record has none */
};

struct bdiff_origin {
	unsigned n_machines;
	struct bdiff_machine machines[BDIFF_MACHINES]; /* one for each fingerprint */
};

/* bdiff_origin_add - take a meta record. 0 or -ENOMEM. */
int bdiff_origin_add(struct bdiff_origin *o, const struct bt_rec_in *r);

void bdiff_origin_free(struct bdiff_origin *o);

/* bdiff_machines_differ - warn about every fact that differs between machines that only one side has. Returns whether there
 * are such; an input without fingerprints differs from none. */
bool bdiff_machines_differ(const struct bdiff_origin *base, const struct bdiff_origin *new);

#endif
