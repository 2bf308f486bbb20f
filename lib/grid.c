/* SPDX-License-Identifier: ISC
 *
 * grid - instants that lie a fixed time apart.
 */
#include "grid.h"

uint64_t bt_grid_take(struct bt_grid *g, uint64_t now_ns, uint64_t *missed)
{
	uint64_t late = now_ns - g->next_ns;

	*missed = late / g->every_ns;
	g->next_ns += (*missed + 1) * g->every_ns;
	return late;
}

void bt_grid_align(struct bt_grid *g, int64_t wall_ns)
{
	uint64_t past = (g->next_ns + (uint64_t)wall_ns) % g->every_ns; /* behind the multiple before it */

	if (past <= g->every_ns / 2)
		g->next_ns -= past;
	else
		g->next_ns += g->every_ns - past;
}
