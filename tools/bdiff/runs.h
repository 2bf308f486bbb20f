/* SPDX-License-Identifier: ISC
 *
 * runs - which process each record comes from: what has file, host and run id in common.
 */
#ifndef BDIFF_RUNS_H
#define BDIFF_RUNS_H

#include <stdint.h>

#include "group.h"

/* bdiff_runs_of - the number of the run of r, which was read from file. Records without a run id are one run. key: memory to
 * use. Returns a number below 2^31, or -ENOMEM. */
int64_t bdiff_runs_of(struct bdiff_runs *runs, struct bt_buf *key, uint16_t file, const struct bt_rec_in *r);

void bdiff_runs_free(struct bdiff_runs *runs);

#endif
