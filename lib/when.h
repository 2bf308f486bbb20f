/* SPDX-License-Identifier: ISC
 *
 * when - points in time as other programs write them.
 *
 * All results are Unix time in microseconds, fractions of one rounded down. Return 0, or -EINVAL with *us untouched for what
 * is no time, or none in the years 1678 to 2261 (the range of nanoseconds in 64 bits).
 */
#ifndef BT_WHEN_H
#define BT_WHEN_H

#include <stddef.h>
#include <stdint.h>

#include "json.h"

/* bt_when_number - seconds, milliseconds, microseconds or nanoseconds by its size: below 1e11, 1e14, 1e17 or above, so that
 * seconds reach the year 5138 and the others begin in 1973. */
int bt_when_number(const struct bt_number *v, int64_t *us);

/* bt_when_text - RFC 3339 and the common part of ISO 8601: 2025-11-20T17:53:54.123Z, with a blank or t in place of the T,
 * a comma for the point, no seconds, or no time of day at all. The zone is Z, +hh:mm, +hhmm or +hh; without one it is
 * UTC. A leap second is the second after it. A number is taken as by bt_when_number. */
int bt_when_text(const char *text, size_t len, int64_t *us);

#endif
