/* SPDX-License-Identifier: ISC
 *
 * shardask - a request to a shard from a thread that is none, and its answer.
 *
 * The request is a tag and a value, the answer a status and a value, so one that was given up leaves nothing behind that the shard
 * could still write to. Each way to go without an answer has its own error:
 *
 *	-EAGAIN     overload: no room for it, from ask at once
 *	-ETIMEDOUT  the wait is over; the request is not, and can be waited for again or cancelled
 *	-ETIME      its deadline has passed before the answer; the shard does not begin with it any more
 *	-ECANCELED  someone cancelled it
 *	-ESHUTDOWN  the set was stopped before the answer
 */
#ifndef BT_SHARDASK_H
#define BT_SHARDASK_H

#include "shard.h"

/* bt_shards_ask - send a request (tag and value as in a message) to shard `to`. deadline_ns: on the set's clock, BT_SHARD_FOREVER
 * for none. 0: *id is to be waited for; -EAGAIN; -ETIME; -EINVAL; -ESHUTDOWN; -ECHILD. Any thread; a shard may ask but must not
 * wait. */
int bt_shards_ask(struct bt_shards *set, uint32_t to, uint32_t tag, uint64_t value, uint64_t deadline_ns, uint32_t *id);

/* bt_shards_wait - wait timeout_ns at most for the answer to id. Every request that was accepted must be waited for, by one
 * thread at a time, until this returns something other than -ETIMEDOUT and -EINTR; then id is gone. 0: *status and *value are the
 * answer (either may be NULL). -ETIMEDOUT, -EINTR: a signal came; -ETIME, -ECANCELED, -ESHUTDOWN; -EINVAL: there is no such id;
 * -EDEADLK: a shard; -ECHILD. */
int bt_shards_wait(struct bt_shards *set, uint32_t id, uint64_t timeout_ns, int *status, uint64_t *value);

/* bt_shards_cancel - make the wait for id end with -ECANCELED at once. 0; -EALREADY: it has ended, the wait says how; -EINVAL. */
int bt_shards_cancel(struct bt_shards *set, uint32_t id);

/* bt_shard_reply - answer a request, from any shard. status: 0 or what you like. 0; -ECANCELED: nobody waits for it any more
 * (cancelled, expired); -EXDEV: not called by a shard of the set. */
int bt_shard_reply(struct bt_shard *s, uint32_t id, int status, uint64_t value);

#endif
