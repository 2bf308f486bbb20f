/* SPDX-License-Identifier: ISC
 *
 * mpmc - a bounded queue of messages for any number of writers and readers.
 *
 * Each cell carries a turn: the count at which it may be written next, and that count + 1 once it may be read. A side claims a
 * count by compare-and-swap and then has the cell to itself (D. Vyukov's bounded queue). A claimed cell that is not written yet
 * makes the queue look empty to readers that come to it, but never to bt_mpmc_pending.
 */
#ifndef BT_MPMC_H
#define BT_MPMC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "msg.h"

#define BT_MPMC_MAX 65536u

struct bt_mpmc_cell {
	_Atomic uint64_t turn;
	struct bt_msg msg;
};

struct bt_mpmc {
	_Alignas(128) _Atomic uint64_t tail; /* claimed by writers */
	_Alignas(128) _Atomic uint64_t head; /* claimed by readers */
	_Alignas(128) uint64_t mask;         /* capacity - 1 */
	struct bt_mpmc_cell *cells;
};

/* bt_mpmc_init - an empty queue for n messages, 1..BT_MPMC_MAX, rounded up to a power of two, at least 2. 0, -EINVAL or -ENOMEM. */
int bt_mpmc_init(struct bt_mpmc *q, uint32_t n);

/* bt_mpmc_free - takes a zeroed one. */
void bt_mpmc_free(struct bt_mpmc *q);

/* bt_mpmc_push - false when the queue is full. What the writer reads after it is read after bt_mpmc_pending can see the message. */
bool bt_mpmc_push(struct bt_mpmc *q, struct bt_msg m);

/* bt_mpmc_pop - the oldest message; false when there is none (yet). */
bool bt_mpmc_pop(struct bt_mpmc *q, struct bt_msg *m);

/* bt_mpmc_depth - messages in it, those included that are just being written. bt_mpmc_pending - whether there is one; the
 * last look before sleeping. */
static inline uint64_t bt_mpmc_depth(const struct bt_mpmc *q)
{
	uint64_t head = atomic_load_explicit(&q->head, memory_order_seq_cst); /* first: it never passes the tail */
	uint64_t depth = atomic_load_explicit(&q->tail, memory_order_seq_cst) - head;

	return depth < q->mask + 1 ? depth : q->mask + 1;
}

static inline bool bt_mpmc_pending(const struct bt_mpmc *q)
{
	return bt_mpmc_depth(q) > 0;
}

#endif
