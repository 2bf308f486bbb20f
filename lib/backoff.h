/* SPDX-License-Identifier: ISC
 *
 * backoff - how long to wait before the next try: twice as long each time up to a limit, and jittered, so that many who were
 * refused at the same instant do not all come back at the same instant.
 *
 * Wait number k (from 0) is uniform in [s/2, s] with s = min(first << k, most): never at once, never longer than promised.
 */
#ifndef BT_BACKOFF_H
#define BT_BACKOFF_H

#include <stdint.h>

#include "rng.h"

struct bt_backoff {
	uint64_t step_ns, most_ns;
	uint32_t waits; /* given so far */
	struct bt_rng rng;
};

/* bt_backoff_init - first_ns: the first step, 2 or more; most_ns: the longest one, not below it. Who shares a seed also shares the
 * waits, so seed must differ by process. */
void bt_backoff_init(struct bt_backoff *b, uint64_t first_ns, uint64_t most_ns, uint64_t seed);

/* bt_backoff_next - the next wait, in ns; advances. */
uint64_t bt_backoff_next(struct bt_backoff *b);

/* bt_backoff_reset - begin again with the first step: the last try went well. */
void bt_backoff_reset(struct bt_backoff *b, uint64_t first_ns);

#endif
