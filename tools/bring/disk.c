/* SPDX-License-Identifier: ISC
 *
 * disk - the partner reads blocks of a file for the worker, which checks them.
 *
 * A request is a message with the number of a block, the answer the same message. Over a link of shards the partner reads what
 * is not in the page cache with its ring, and answers as reads complete; other partners read with pread, one after the other.
 * plain reads without a partner, uring with a ring of the worker's own, which is what there is to gain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rng.h"
#include "shardio.h"
#include "shards.h"

/* A block under way. */
struct slot {
	struct bt_io io;
	struct disk *disk;
	uint32_t index, block;
	int64_t result; /* bytes, or -errno */
	char *data;
};

struct disk {
	struct bring_work *work;
	int fd;
	struct bt_shard_file file;
	uint32_t bytes, blocks, depth;
	struct bt_rng rng;
	struct slot *slots;
	char *arena;
	uint32_t begun;          /* slots whose request is in work->values, not yet sent */
	uint64_t *answers, *sending; /* the partner's, with shards: to be sent after this turn; being sent */
	uint32_t n_answers;
	struct bt_shards *alone; /* uring: a set of one shard */
	uint32_t *done, n_done;  /* uring: slots that are done */
};

/* --- the partner --- */

static int64_t read_block(const struct disk *d, struct slot *s)
{
	uint64_t at = (uint64_t)s->block * d->bytes;
	ssize_t got;

	do
		got = pread(d->fd, s->data, d->bytes, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static struct slot *slot_of(struct disk *d, uint64_t message)
{
	return &d->slots[message >> 32];
}

static void read_blocks(struct bring_peer *p, uint64_t *values, uint32_t n)
{
	struct disk *d = p->work->state;

	for (uint32_t i = 0; i < n; i++) {
		struct slot *s = slot_of(d, values[i]);

		s->result = read_block(d, s);
	}
}

/* A handler cannot wait for room in a queue, so answers are sent after the turn. */
static void answer(struct slot *s)
{
	struct disk *d = s->disk;

	s->result = s->io.result;
	d->answers[d->n_answers++] = (uint64_t)s->index << 32 | s->block;
}

/* While these go, others may come. */
static int send_answers(struct bring_end *end, void *arg)
{
	struct disk *d = arg;
	int rc = 0;

	while (d->n_answers > 0 && rc == 0) {
		uint64_t *batch = d->answers;
		uint32_t n = d->n_answers;

		d->answers = d->sending;
		d->sending = batch;
		d->n_answers = 0;
		rc = bring_send(end, batch, n);
	}
	return rc;
}

static void has_read(struct bt_shard *self, struct bt_io *io)
{
	(void)self;
	answer(io->user);
}

/* The ring has no room just now: reading without it is the way that always works. */
static void take_request(void *arg, struct bt_shard *self, uint64_t message)
{
	struct disk *d = arg;
	struct slot *s = slot_of(d, message);
	int rc = bt_shard_read_at(self, &s->io, &d->file, s->data, d->bytes, (uint64_t)s->block * d->bytes);

	if (rc < 0)
		s->io.result = (int32_t)read_block(d, s);
	if (rc != 0)
		answer(s);
}

static int serve(struct bring_peer *p)
{
	if (!p->link.engine->shards)
		return bring_serve(p, read_blocks);
	return bring_shards_serve(&p->link.ends[1], take_request, send_answers, p->work->state);
}

/* --- the worker --- */

static int make_slots(struct disk *d)
{
	d->slots = calloc(d->depth, sizeof(*d->slots));
	d->done = calloc(d->depth, sizeof(*d->done));
	d->answers = calloc(d->depth, sizeof(*d->answers));
	d->sending = calloc(d->depth, sizeof(*d->sending));
	d->arena = mmap(NULL, (size_t)d->depth * d->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!d->slots || !d->done || !d->answers || !d->sending || d->arena == MAP_FAILED)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->depth; i++)
		d->slots[i] = (struct slot){ .disk = d, .index = i, .data = d->arena + (size_t)i * d->bytes,
					     .io = { .user = &d->slots[i], .done = has_read } };
	return 0;
}

static void landed_alone(struct bt_shard *self, struct bt_io *io)
{
	struct slot *s = io->user;

	(void)self;
	s->result = io->result;
	s->disk->done[s->disk->n_done++] = s->index;
}

/* A set of one shard, which is the worker's own thread. */
static int be_alone(struct disk *d, struct bring_job *job, uint32_t cpu)
{
	static const struct bt_shard_ops ops = { .messages = bring_shards_ignore };
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);
	int rc;

	bring_shards_options(job, BT_SHARD_DOORBELL, &o);
	o.n = o.guests = 1;
	o.cpus = &cpu;
	if (o.ring_entries == 0 && d->depth > 256)
		o.ring_entries = o.cq_entries && o.cq_entries < d->depth ? o.cq_entries : d->depth;
	for (uint32_t i = 0; i < d->depth; i++)
		d->slots[i].io.done = landed_alone;
	rc = bt_shards_open(&d->alone, &o);
	if (rc == 0)
		rc = bt_shard_attach(d->alone, 0);
	return rc < 0 ? rc : bring_shards_effective(job, d->alone, BT_SHARD_DOORBELL);
}

static int disk_init(struct bt_worker *worker)
{
	struct bring_job *job = (struct bring_job *)worker->config;
	const struct bring *b = job->b;
	bool link = !job->engine->no_link;
	int rc = bring_work_make(worker, job->depth, link, serve);
	struct bring_work *w = worker->state;
	struct disk *d = rc < 0 ? NULL : calloc(1, sizeof(*d));

	if (!d)
		return rc < 0 ? rc : -ENOMEM;
	w->state = d;
	*d = (struct disk){ .work = w, .fd = b->file[job->cache], .bytes = (uint32_t)b->block_bytes, .depth = job->depth,
			    .arena = MAP_FAILED };
	d->blocks = (uint32_t)(b->file_bytes / b->block_bytes);
	worker->depth = d->depth;
	bt_rng_seed(&d->rng, worker->seed);
	rc = bt_shard_file_init(&d->file, d->fd);
	if (rc == 0)
		rc = make_slots(d);
	if (rc == 0 && link)
		rc = bring_peer_start(&w->peers[0]);
	else if (rc == 0 && job->engine == &bring_uring)
		rc = be_alone(d, job, worker->cpu);
	return rc;
}

static int disk_begin(struct bt_worker *worker, uint32_t slot)
{
	struct bring_work *w = worker->state;
	struct disk *d = w->state;
	struct slot *s = &d->slots[slot];

	s->block = (uint32_t)bt_rng_below(&d->rng, d->blocks);
	w->values[d->begun++] = (uint64_t)slot << 32 | s->block;
	return 0;
}

/* The whole block has come, and it is the right one: its first and last words tell. */
static bool right(struct bring_work *w, const struct disk *d, const struct slot *s)
{
	uint64_t words = d->bytes / sizeof(uint64_t), first = s->block * words, a, b;

	memcpy(&a, s->data, sizeof(a));
	memcpy(&b, s->data + d->bytes - sizeof(b), sizeof(b));
	return s->result == (int64_t)d->bytes && !bring_check(w, a, bring_disk_word(first)) && b == bring_disk_word(first + words - 1);
}

static void land(struct bring_work *w, struct disk *d, uint32_t at, struct slot *s)
{
	w->worker->landed[at].slot = s->index;
	w->worker->landed[at].how = BT_LANDED_FREE | (right(w, d, s) ? BT_LANDED_OK : BT_LANDED_FAILED);
}

static int reap_plain(struct bring_work *w, struct disk *d)
{
	uint32_t n = d->begun;

	for (uint32_t i = 0; i < n; i++) {
		struct slot *s = slot_of(d, w->values[i]);

		s->result = read_block(d, s);
		land(w, d, i, s);
	}
	d->begun = 0;
	return (int)n;
}

static int reap_alone(struct bring_work *w, struct disk *d)
{
	struct bt_shard *self = bt_shards_get(d->alone, 0);
	uint32_t n;
	int rc;

	for (uint32_t i = 0; i < d->begun; i++) {
		struct slot *s = slot_of(d, w->values[i]);

		rc = bt_shard_read_at(self, &s->io, &d->file, s->data, d->bytes, (uint64_t)s->block * d->bytes);
		if (rc < 0)
			s->io.result = (int32_t)read_block(d, s);
		if (rc != 0)
			landed_alone(self, &s->io);
	}
	d->begun = 0;
	while (d->n_done == 0)
		if ((rc = bt_shard_turn(self, BT_SHARD_FOREVER)) < 0 && rc != -EINTR)
			return rc;
	n = d->n_done;
	for (uint32_t i = 0; i < n; i++)
		land(w, d, i, &d->slots[d->done[i]]);
	d->n_done = 0;
	return (int)n;
}

static int reap_link(struct bring_work *w, struct disk *d)
{
	struct bring_end *end = &w->peers[0].link.ends[0];
	uint64_t answers[BRING_VALUES];
	int n = d->begun ? bring_send(end, w->values, d->begun) : 0;

	d->begun = 0;
	if (n == 0)
		n = bring_receive(end, answers, BRING_VALUES);
	for (int i = 0; i < n; i++)
		land(w, d, (uint32_t)i, slot_of(d, answers[i]));
	return n;
}

/* A read takes no longer than the disk needs, so the instant is left alone. */
static int disk_reap(struct bt_worker *worker, uint64_t until_ns)
{
	struct bring_work *w = worker->state;
	struct disk *d = w->state;
	int n = d->alone ? reap_alone(w, d) : w->n_peers ? reap_link(w, d) : reap_plain(w, d);

	(void)until_ns;
	worker->now_ns = bt_clock_now(worker->clock);
	return n;
}

static void disk_fini(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	struct disk *d = w ? w->state : NULL;

	if (d && d->alone) {
		bring_shards_count((struct bring_job *)w->job, d->alone);
		if (bt_shard_self())
			bt_shard_detach(bt_shard_self());
		bt_shards_close(d->alone);
	}
	bring_work_free(worker);
	if (!d)
		return;
	if (d->arena != MAP_FAILED)
		munmap(d->arena, (size_t)d->depth * d->bytes);
	free(d->slots);
	free(d->done);
	free(d->answers);
	free(d->sending);
	free(d);
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bring *b = bring_of(e);

	bt_rec_u64(r, "bs", b->block_bytes);
	bt_rec_u64(r, "size", b->file_bytes);
}

static void measures(const struct bt_emit *e)
{
	bt_emit_rate(e);
	bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, e->span->rate * (double)bring_of(e)->block_bytes);
	if (!bt_emit_open(e))
		bt_emit_dist(e, "lat", &e->span->total->lat);
}

const struct bring_test bring_disk = {
	.name = "disk", .kernel = "disk.1", .help = "the partner reads a block of a file",
	.operation = "a read, from request to checked data",
	.vary = BRING_PAIR | BRING_ENGINE | BRING_SPIN | BRING_DEPTH | BRING_CACHE, .engines = 0x3ff,
	.ops = { .init = disk_init, .begin = disk_begin, .reap = disk_reap, .fini = disk_fini, .helpers = bring_work_helpers },
	.describe = describe, .measures = measures,
};
