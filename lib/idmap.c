/* SPDX-License-Identifier: ISC
 *
 * idmap - finds things by a number.
 */
#include <errno.h>
#include <stdlib.h>

#include "idmap.h"

/* Numbers of processes come in rows: each its own place, spread over the table. */
static size_t home(const struct bt_idmap *m, uint32_t id)
{
	return (id * 0x9e3779b1u >> 7) & (m->n_slots - 1);
}

/* The slot of the number, or the free one where it would be. There is always a free one. */
static struct bt_idmap_slot *slot_of(const struct bt_idmap *m, uint32_t id)
{
	size_t i = home(m, id);

	while (m->slots[i].thing && m->slots[i].id != id)
		i = (i + 1) & (m->n_slots - 1);
	return &m->slots[i];
}

void *bt_idmap_get(const struct bt_idmap *m, uint32_t id)
{
	return m->n_slots ? slot_of(m, id)->thing : NULL;
}

static int grow(struct bt_idmap *m)
{
	struct bt_idmap more = { NULL, m->n_slots ? m->n_slots * 2 : 256, m->n };

	more.slots = calloc(more.n_slots, sizeof(*more.slots));
	if (!more.slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_slots; i++)
		if (m->slots[i].thing)
			*slot_of(&more, m->slots[i].id) = m->slots[i];
	free(m->slots);
	*m = more;
	return 0;
}

int bt_idmap_put(struct bt_idmap *m, uint32_t id, void *thing)
{
	struct bt_idmap_slot *slot;

	if (m->n * 2 >= m->n_slots && grow(m) != 0)
		return -ENOMEM;
	slot = slot_of(m, id);
	m->n += !slot->thing;
	slot->id = id;
	slot->thing = thing;
	return 0;
}

/* Those that were put behind the one that goes, since its place was taken, move up. */
static void close_gap(struct bt_idmap *m, size_t gap)
{
	size_t mask = m->n_slots - 1;

	for (size_t i = (gap + 1) & mask; m->slots[i].thing; i = (i + 1) & mask) {
		size_t from_home = (i - home(m, m->slots[i].id)) & mask;

		if (from_home < ((i - gap) & mask))
			continue;
		m->slots[gap] = m->slots[i];
		gap = i;
	}
	m->slots[gap].thing = NULL;
}

void *bt_idmap_remove(struct bt_idmap *m, uint32_t id)
{
	struct bt_idmap_slot *slot = m->n_slots ? slot_of(m, id) : NULL;
	void *thing = slot ? slot->thing : NULL;

	if (thing) {
		m->n--;
		close_gap(m, (size_t)(slot - m->slots));
	}
	return thing;
}

void bt_idmap_free(struct bt_idmap *m)
{
	free(m->slots);
	*m = (struct bt_idmap)BT_IDMAP_INIT;
}
