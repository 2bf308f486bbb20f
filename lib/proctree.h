/* SPDX-License-Identifier: ISC
 *
 * proctree - who descends from whom among the processes that there are now.
 */
#ifndef BT_PROCTREE_H
#define BT_PROCTREE_H

#include <stddef.h>
#include <stdint.h>

#include "src.h"

/* bt_proctree_each - call take for every process that one of the count pids has started, directly or not: each once, also when it
 * is one of the pids itself, and after its parent, unless that is one of the pids. The pids need not exist. Those that start or end
 * meanwhile may be missed. Returns 0, what take returned if not 0 (and takes no more), or -errno. */
int bt_proctree_each(const struct bt_src *src, const uint32_t *pids, size_t count, int (*take)(void *arg, uint32_t pid), void *arg);

#endif
