/* SPDX-License-Identifier: ISC
 *
 * shards - what the tests need of the shards of lib/ beside links.
 */
#ifndef BRING_SHARDS_H
#define BRING_SHARDS_H

#include "bring.h"
#include "shard.h"
#include "src.h"

/* Takes one number in the thread of its shard. */
typedef void bring_handler(void *arg, struct bt_shard *self, uint64_t value);

/* bring_shards_options - what the options of bring say about a set of shards. */
void bring_shards_options(const struct bring_job *job, enum bt_shard_backend backend, struct bt_shards_opts *o);

/* bring_shards_effective - note how the rings of the set were set up after all. 0, or -errno when the backend is another one
 * than was asked for. bring_shards_count - add what the set counted to the job's counters. */
int bring_shards_effective(struct bring_job *job, const struct bt_shards *set, enum bt_shard_backend backend);
void bring_shards_count(struct bring_job *job, struct bt_shards *set);

/* bring_shards_backend - of an engine with shards. */
enum bt_shard_backend bring_shards_backend(const struct bring_engine *engine);

/* bring_shards_ignore - for sets whose shards send no messages. */
void bring_shards_ignore(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg);

/* For an end of a link of shards that was entered. bring_shards_self - its shard. bring_shards_serve - call handler for whatever is
 * received until BRING_STOP is, and after each turn after, which may send. 0 or -errno. */
struct bt_shard *bring_shards_self(const struct bring_end *e);
int bring_shards_serve(struct bring_end *e, bring_handler *handler, int (*after)(struct bring_end *e, void *arg), void *arg);

#endif
