/* SPDX-License-Identifier: ISC
 *
 * units - from the units that other programs use to the base units of records.
 */
#ifndef BT_UNITS_H
#define BT_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "json.h"

/* A value in this unit times num / den is a value in the base unit. */
struct bt_unit {
	const char *name, *base;
	uint64_t num, den; /* one of them is 1, neither above 2^60 */
};

/* bt_unit_find - the unit of that name (len bytes), or NULL when it is a base unit or none that we know. Decimal prefixes
 * are powers of 1000 (kB, MB), binary ones of 1024 (KiB, MiB). */
const struct bt_unit *bt_unit_find(const char *name, size_t len);

/* bt_unit_number - v in the base unit. An integer stays one where the result is whole and below 2^127; everything else is
 * the double nearest to the exact product of what v.f holds, or next to it. */
struct bt_number bt_unit_number(const struct bt_unit *u, struct bt_number v);

/* bt_unit_double - the same for a double. */
double bt_unit_double(const struct bt_unit *u, double v);

#endif
