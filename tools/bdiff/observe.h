/* SPDX-License-Identifier: ISC
 *
 * observe - the numbers that a record is compared by, and the groups they belong to.
 */
#ifndef BDIFF_OBSERVE_H
#define BDIFF_OBSERVE_H

#include "bdiff.h"

/* bdiff_observe - take all observations of a measurement, which is of the run in->run. Returns 0, -ENOMEM, or -EINVAL with
 * *why set. */
int bdiff_observe(struct bdiff *d, const struct bdiff_input *in, const struct bt_rec_in *r, const char **why);

#endif
