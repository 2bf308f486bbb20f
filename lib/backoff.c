/* SPDX-License-Identifier: ISC
 *
 * backoff - how long to wait before the next try.
 */
#include "backoff.h"

void bt_backoff_init(struct bt_backoff *b, uint64_t first_ns, uint64_t most_ns, uint64_t seed)
{
	*b = (struct bt_backoff){ .step_ns = first_ns, .most_ns = most_ns };
	bt_rng_seed(&b->rng, seed);
}

uint64_t bt_backoff_next(struct bt_backoff *b)
{
	uint64_t step = b->step_ns;

	b->waits++;
	b->step_ns = step > b->most_ns / 2 ? b->most_ns : step * 2;
	return step - bt_rng_below(&b->rng, step / 2 + 1);
}

void bt_backoff_reset(struct bt_backoff *b, uint64_t first_ns)
{
	b->step_ns = first_ns;
	b->waits = 0;
}
