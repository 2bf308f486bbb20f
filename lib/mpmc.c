/* SPDX-License-Identifier: ISC
 *
 * mpmc - a bounded queue of messages for any number of writers and readers.
 */
#include <errno.h>
#include <stdlib.h>

#include "mpmc.h"

int bt_mpmc_init(struct bt_mpmc *q, uint32_t n)
{
	uint64_t capacity = 2;

	if (n == 0 || n > BT_MPMC_MAX)
		return -EINVAL;
	while (capacity < n)
		capacity *= 2;
	q->cells = calloc(capacity, sizeof(*q->cells));
	if (!q->cells)
		return -ENOMEM;
	for (uint64_t i = 0; i < capacity; i++)
		atomic_init(&q->cells[i].turn, i);
	q->mask = capacity - 1;
	atomic_init(&q->tail, 0);
	atomic_init(&q->head, 0);
	return 0;
}

void bt_mpmc_free(struct bt_mpmc *q)
{
	free(q->cells);
	q->cells = NULL;
}

/* Claims the next count of a side once its cell has come to the turn that this side needs: count + ready. NULL: it has not. */
static struct bt_mpmc_cell *claim(struct bt_mpmc *q, _Atomic uint64_t *side, uint64_t ready, uint64_t *count)
{
	uint64_t at = atomic_load_explicit(side, memory_order_relaxed);

	for (;;) {
		struct bt_mpmc_cell *cell = &q->cells[at & q->mask];
		int64_t ahead = (int64_t)(atomic_load_explicit(&cell->turn, memory_order_acquire) - (at + ready));

		if (ahead < 0)
			return NULL;
		if (ahead > 0) { /* another one was here before us */
			at = atomic_load_explicit(side, memory_order_relaxed);
			continue;
		}
		if (atomic_compare_exchange_weak_explicit(side, &at, at + 1, memory_order_seq_cst, memory_order_relaxed)) {
			*count = at;
			return cell;
		}
	}
}

bool bt_mpmc_push(struct bt_mpmc *q, struct bt_msg m)
{
	uint64_t count;
	struct bt_mpmc_cell *cell = claim(q, &q->tail, 0, &count);

	if (!cell)
		return false;
	cell->msg = m;
	atomic_store_explicit(&cell->turn, count + 1, memory_order_release);
	return true;
}

bool bt_mpmc_pop(struct bt_mpmc *q, struct bt_msg *m)
{
	uint64_t count;
	struct bt_mpmc_cell *cell = claim(q, &q->head, 1, &count);

	if (!cell)
		return false;
	*m = cell->msg;
	atomic_store_explicit(&cell->turn, count + q->mask + 1, memory_order_release);
	return true;
}
