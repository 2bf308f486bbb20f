/* SPDX-License-Identifier: ISC
 *
 * distance - how far apart two CPUs are, in what they share.
 */
#ifndef BT_DISTANCE_H
#define BT_DISTANCE_H

#include "src.h"

enum bt_distance {
	BT_DISTANCE_SAME,    /* one CPU */
	BT_DISTANCE_SMT,     /* threads of one core */
	BT_DISTANCE_LLC,     /* cores that share the last-level cache */
	BT_DISTANCE_PACKAGE, /* one package, not its last-level cache */
	BT_DISTANCE_NODE,    /* packages of one NUMA node */
	BT_DISTANCE_REMOTE,  /* nothing of the above, or nothing is known */
};

/* bt_distance - the first of these that holds for the CPUs a and b. What the machine does not show does not hold. */
enum bt_distance bt_distance(const struct bt_src *src, uint32_t a, uint32_t b);

/* bt_distance_name - "same", "smt", "llc", "package", "node" or "remote". */
const char *bt_distance_name(enum bt_distance distance);

#endif
