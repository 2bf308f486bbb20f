/* SPDX-License-Identifier: ISC
 *
 * spsc - a bounded queue of messages with one writer and one reader, in memory that they share.
 *
 * Both count what has passed; a cell is count modulo capacity. Each keeps its own count and a copy of the other's on a cache line
 * of its own and looks at the other's line only when the copy does not allow to go on, so a full line of messages moves at once.
 * The writer may write several messages before it publishes them; the reader sees spans, and a message counts as handled when it
 * says so.
 */
#ifndef BT_SPSC_H
#define BT_SPSC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "msg.h"

#define BT_SPSC_LINE 128 /* two lines of 64: neighbours are fetched in pairs */
#define BT_SPSC_MAX 65536u

struct bt_spsc {
	_Alignas(BT_SPSC_LINE) _Atomic uint64_t head; /* the reader's: handled */
	uint64_t seen_tail;
	_Alignas(BT_SPSC_LINE) _Atomic uint64_t tail; /* the writer's: published */
	uint64_t next;                                /* written */
	uint64_t seen_head;
	_Alignas(BT_SPSC_LINE) uint64_t mask;         /* capacity - 1 */
	_Atomic uint32_t want;                        /* the writer sleeps until head moves: the reader is to wake it */
	_Alignas(BT_SPSC_LINE) struct bt_msg cells[];
};

/* bt_spsc_capacity - the power of two, 1..BT_SPSC_MAX, that holds n messages; 0 when n is 0 or too large. */
uint32_t bt_spsc_capacity(uint32_t n);

/* bt_spsc_bytes - memory for a queue, a multiple of BT_SPSC_LINE. capacity: as above. */
size_t bt_spsc_bytes(uint32_t capacity);

/* bt_spsc_init - an empty queue in bt_spsc_bytes(capacity) zeroed bytes, aligned to BT_SPSC_LINE. Before either side uses it. */
void bt_spsc_init(struct bt_spsc *q, uint32_t capacity);

/* bt_spsc_push - writer: write one message; false when the queue is full. It is invisible until bt_spsc_publish. */
static inline bool bt_spsc_push(struct bt_spsc *q, struct bt_msg m)
{
	if (q->next - q->seen_head > q->mask) {
		q->seen_head = atomic_load_explicit(&q->head, memory_order_acquire);
		if (q->next - q->seen_head > q->mask)
			return false;
	}
	q->cells[q->next++ & q->mask] = m;
	return true;
}

/* bt_spsc_unpush - writer: take back the last message that was written and not published. */
static inline void bt_spsc_unpush(struct bt_spsc *q)
{
	q->next--;
}

/* bt_spsc_publish - writer: let the reader see all that was written. Sequentially consistent: what the writer reads after it
 * (whether the reader sleeps) is read after the reader can see the messages. */
static inline void bt_spsc_publish(struct bt_spsc *q)
{
	atomic_store_explicit(&q->tail, q->next, memory_order_seq_cst);
}

/* bt_spsc_publish_lazy - the same with no more than release, several times as fast: what the writer reads after it may be older,
 * unless the reader executes membarrier(2) before it looks. */
static inline void bt_spsc_publish_lazy(struct bt_spsc *q)
{
	atomic_store_explicit(&q->tail, q->next, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
}

/* bt_spsc_peek - reader: the messages from the oldest on that lie in one piece; *span is the queue's. 0: empty. */
static inline size_t bt_spsc_peek(struct bt_spsc *q, const struct bt_msg **span)
{
	uint64_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
	uint64_t left, whole;

	if (q->seen_tail == head)
		q->seen_tail = atomic_load_explicit(&q->tail, memory_order_acquire);
	left = q->mask + 1 - (head & q->mask);
	whole = q->seen_tail - head;
	*span = &q->cells[head & q->mask];
	return whole < left ? whole : left;
}

/* bt_spsc_consume - reader: the first n of them are handled; their cells go back to the writer. */
static inline void bt_spsc_consume(struct bt_spsc *q, size_t n)
{
	atomic_store_explicit(&q->head, atomic_load_explicit(&q->head, memory_order_relaxed) + n, memory_order_release);
}

/* bt_spsc_pending - reader: whether a message is there. Sequentially consistent, as the last look before sleeping must be. */
static inline bool bt_spsc_pending(struct bt_spsc *q)
{
	return atomic_load_explicit(&q->tail, memory_order_seq_cst) != atomic_load_explicit(&q->head, memory_order_relaxed);
}

/* bt_spsc_handled - any thread: how many messages have been handled since init. */
static inline uint64_t bt_spsc_handled(const struct bt_spsc *q)
{
	return atomic_load_explicit(&q->head, memory_order_seq_cst);
}

/* bt_spsc_depth - any thread: published and not yet handled. */
uint64_t bt_spsc_depth(const struct bt_spsc *q);

#endif
