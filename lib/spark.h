/* SPDX-License-Identifier: ISC
 *
 * spark - a row of small bars, one column for each value.
 */
#ifndef BT_SPARK_H
#define BT_SPARK_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* bt_spark - append n columns for n values, the largest as a full bar and 0 as none: the eye compares with zero, so that
 * noise stays small. NaN and negative values are blanks. utf8: eighths of blocks; else one of " .:-=+*#". */
void bt_spark(struct bt_buf *b, const float *values, size_t n, bool utf8);

#endif
