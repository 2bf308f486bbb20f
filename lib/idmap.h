/* SPDX-License-Identifier: ISC
 *
 * idmap - finds things by a number: open addressing, so that a look costs one cache line or two.
 */
#ifndef BT_IDMAP_H
#define BT_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct bt_idmap_slot {
	uint32_t id;
	void *thing; /* NULL: free */
};

struct bt_idmap {
	struct bt_idmap_slot *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t n;       /* in use: at most half */
};

#define BT_IDMAP_INIT { NULL, 0, 0 }

/* bt_idmap_get - the thing of that number, or NULL. */
void *bt_idmap_get(const struct bt_idmap *m, uint32_t id);

/* bt_idmap_put - thing, not NULL, in place of what the number has. Borrowed. Returns 0 or -ENOMEM with m as it was. */
int bt_idmap_put(struct bt_idmap *m, uint32_t id, void *thing);

/* bt_idmap_remove - returns the thing that the number had, or NULL. */
void *bt_idmap_remove(struct bt_idmap *m, uint32_t id);

/* bt_idmap_free - what was put in is the caller's. */
void bt_idmap_free(struct bt_idmap *m);

#endif
