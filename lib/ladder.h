/* SPDX-License-Identifier: ISC
 *
 * ladder - which level of the memory a working set lives in, and working sets that show each level.
 */
#ifndef BT_LADDER_H
#define BT_LADDER_H

#include <stddef.h>
#include <stdint.h>

#include "host.h"

#define BT_LADDER_MAX 16  /* steps */
#define BT_LADDER_FAR 4   /* a buffer of so many last-level caches is taken for memory (the rule of STREAM) */

/* bt_ladder_level - the smallest cache that holds what workers threads use, own_bytes each: "L1" to "L9"; "RAM" when no cache does
 * and the smallest buffer, of all workers together, is BT_LADDER_FAR times all last-level caches; "mixed" between these; "unknown"
 * where the machine does not show its caches. */
const char *bt_ladder_level(const struct bt_host *h, uint32_t workers, uint64_t own_bytes, uint64_t buffer_bytes);

/* bt_ladder_far - bytes from which on a buffer is taken for memory; 128 MB where the caches are not known. */
uint64_t bt_ladder_far(const struct bt_host *h);

/* bt_ladder_sizes - one or two working sets well inside each data cache, ascending (one where it is less than 16 times the cache
 * before), and two that are memory; none above most_bytes, but one of about that size when it cuts the memory off. Returns how
 * many, at least 1. */
size_t bt_ladder_sizes(const struct bt_host *h, uint64_t most_bytes, uint64_t out[BT_LADDER_MAX]);

#endif
