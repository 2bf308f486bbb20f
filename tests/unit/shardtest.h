/* SPDX-License-Identifier: ISC
 *
 * shardtest - what the unit tests of the shards share: each test runs through every backend that works here.
 */
#ifndef SHARDTEST_H
#define SHARDTEST_H

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "shard.h"
#include "slow.h"
#include "unit.h"

#define LONG BT_SHARD_FOREVER /* a wake-up that is lost is not made good by a timeout: the test hangs, and is killed */

/* Whether a ring can be had, asked without the runtime. */
static inline bool has_uring(void)
{
	struct io_uring ring;
	struct io_uring_probe *probe;
	bool has;

	if (io_uring_queue_init(4, &ring, 0) < 0)
		return false;
	probe = io_uring_get_probe_ring(&ring);
	has = probe && io_uring_opcode_supported(probe, IORING_OP_MSG_RING);
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
	return has;
}

static inline struct bt_shards *open_set(const struct bt_shards_opts *opts)
{
	struct bt_shards_effective e;
	struct bt_shards *set = NULL;
	int rc = bt_shards_open(&set, opts);

	CHECK_EQ(rc, 0);
	if (rc < 0)
		exit(1);
	bt_shards_effective(set, &e);
	CHECK_EQ(e.backend, opts->backend);
	CHECK_EQ(e.fallback, 0);
	return set;
}

/* The set, with the caller attached to its guest 0. */
static inline struct bt_shard *attach_0(struct bt_shards *set)
{
	CHECK_EQ(bt_shard_attach(set, 0), 0);
	return bt_shards_get(set, 0);
}

/* Detaches, stops, compares what went in with what came out, closes. */
static inline void close_set(struct bt_shards *set)
{
	struct bt_shard_stats st;

	if (bt_shard_self())
		CHECK_EQ(bt_shard_detach(bt_shard_self()), 0);
	CHECK_EQ(bt_shards_stop(set), 0);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.received, st.sent);
	CHECK_EQ(st.completed, st.spawned);
	CHECK_EQ(st.io_completed, st.io_started);
	CHECK_EQ(st.depth_messages + st.depth_tasks + st.depth_inbox + st.pending_io, 0);
	CHECK_EQ(bt_shards_close(set), 0);
}

/* Turns until *word is value; false on an error. */
static inline bool turn_until(struct bt_shard *s, const uint64_t *word, uint64_t value)
{
	while (*word != value)
		if (bt_shard_turn(s, LONG) < 0)
			return false;
	return true;
}

/* each_backend - run test with every backend that works here. */
static inline void each_backend(void (*test)(enum bt_shard_backend backend))
{
	bool uring = has_uring();

	for (int b = BT_SHARD_RAW; b <= BT_SHARD_QUEUE; b++) {
		unsigned before = unit_failures;

		if (b != BT_SHARD_QUEUE && !uring) {
			printf("# %s: skipped, no io_uring with MSG_RING here\n", bt_shard_backend_name((enum bt_shard_backend)b));
			continue;
		}
		test((enum bt_shard_backend)b);
		if (unit_failures > before)
			printf("# failed with backend %s\n", bt_shard_backend_name((enum bt_shard_backend)b));
	}
}

#endif
