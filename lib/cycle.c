/* SPDX-License-Identifier: ISC
 *
 * cycle - pointers that lead through all slots of a buffer in one random cycle.
 */
#include "cycle.h"
#include "shuffle.h"

static struct bt_cycle_slot *slot_at(const struct bt_cycle *c, uint64_t i)
{
	uint64_t turn = c->turn_bytes ? i % c->turns * c->turn_bytes : 0;

	return (struct bt_cycle_slot *)(void *)(c->base + i * c->stride_bytes + turn);
}

struct bt_cycle_slot *bt_cycle_make(const struct bt_cycle *c)
{
	struct bt_cycle_slot *first, *slot, *next;
	struct bt_shuffle order;

	bt_shuffle_init(&order, c->n, c->seed);
	first = slot = slot_at(c, bt_shuffle_at(&order, 0));
	for (uint64_t i = 0; i < c->n; i++, slot = next) {
		next = i + 1 < c->n ? slot_at(c, bt_shuffle_at(&order, i + 1)) : first;
		slot->next = next;
		slot->ordinal = i;
	}
	return first;
}
