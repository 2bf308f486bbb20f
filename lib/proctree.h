/* SPDX-License-Identifier: ISC
 *
 * proctree - who descends from whom among the processes that there are now.
 */
#ifndef BT_PROCTREE_H
#define BT_PROCTREE_H

#include <stddef.h>
#include <stdint.h>

#include "src.h"

/* bt_proctree_each - call take for every process that one of the count pids has started, directly or not, parents first. Those
 * that start or end meanwhile may be missed. Returns 0, what take returned if not 0, or -errno. */
int bt_proctree_each(const struct bt_src *src, const uint32_t *pids, size_t count, int (*take)(void *arg, uint32_t pid), void *arg);

#endif
