/* SPDX-License-Identifier: ISC
 *
 * recdist - the distribution that a record holds: its histogram, or the values of an agg record of scalars.
 */
#ifndef BT_RECDIST_H
#define BT_RECDIST_H

#include "histcodec.h"
#include "recread.h"

/* bt_rec_hist - decode the record's histogram into h (initialised). *codec is made on first use, the caller frees it. *scale
 * receives what the values were multiplied by before they were counted. Returns 0, -ENOENT when the record has none, -EINVAL
 * when it cannot be decoded, holds another number of values than the record says or has a scale that is none, or -ENOMEM.
 * min, max and sum of h are known only to bucket width; the record has them exactly. */
int bt_rec_hist(const struct bt_rec_in *r, struct bt_histcodec **codec, struct bt_hist *h, double *scale);

/* bt_rec_values_next - the next number of an array such as r->values; rest starts as the whole array and is moved on.
 * Returns 1, 0 at the end, or -EINVAL for an element that is no number. */
int bt_rec_values_next(struct bt_span *rest, struct bt_number *v);

#endif
