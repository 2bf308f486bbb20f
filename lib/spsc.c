/* SPDX-License-Identifier: ISC
 *
 * spsc - a bounded queue of messages with one writer and one reader.
 */
#include "spsc.h"

uint32_t bt_spsc_capacity(uint32_t n)
{
	uint32_t capacity = 1;

	if (n == 0 || n > BT_SPSC_MAX)
		return 0;
	while (capacity < n)
		capacity *= 2;
	return capacity;
}

size_t bt_spsc_bytes(uint32_t capacity)
{
	size_t bytes = sizeof(struct bt_spsc) + capacity * sizeof(struct bt_msg);

	return (bytes + BT_SPSC_LINE - 1) / BT_SPSC_LINE * BT_SPSC_LINE;
}

void bt_spsc_init(struct bt_spsc *q, uint32_t capacity)
{
	q->mask = capacity - 1;
}

uint64_t bt_spsc_depth(const struct bt_spsc *q)
{
	uint64_t head = atomic_load_explicit(&q->head, memory_order_acquire); /* first: it never passes the tail */
	uint64_t depth = atomic_load_explicit(&q->tail, memory_order_acquire) - head;

	return depth < q->mask + 1 ? depth : q->mask + 1; /* the reader may have gone on in between */
}
