/* SPDX-License-Identifier: ISC
 *
 * grid - instants that lie a fixed time apart, for what is done at each of them: on time, or late, or not at all, but never twice
 * to catch up. No drift: an instant is the first one plus a whole number of steps.
 */
#ifndef BT_GRID_H
#define BT_GRID_H

#include <stdint.h>

struct bt_grid {
	uint64_t next_ns;  /* the instant that is due next */
	uint64_t every_ns; /* at least 1 */
};

/* bt_grid_take - it is now_ns, at or after next_ns: the instant that was due is served, and those that have come since are missed.
 * next_ns becomes the first one after now_ns. Returns how late the one served is, in ns; *missed receives how many are missed. */
uint64_t bt_grid_take(struct bt_grid *g, uint64_t now_ns, uint64_t *missed);

/* bt_grid_align - move next_ns, to the nearest whole multiple of every_ns since 1970, by half a step at most.
 * wall_ns: Unix time less the time of the grid. */
void bt_grid_align(struct bt_grid *g, int64_t wall_ns);

#endif
