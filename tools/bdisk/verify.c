/* SPDX-License-Identifier: ISC
 *
 * verify - the test `verify`: does storage give back what was written to it?
 *
 * Two jobs in turn: one writes a generation, each block once in random order, and one reads it back in another order. With
 * --check only the latter. Making and checking a block is no part of its time.
 *
 * What is acknowledged is a generation and how many blocks of it, in an order that follows from the run: so a few bytes say
 * of each block what it must hold at least.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "verify.h"

/* One worker: the blocks at the places index, index + n_workers and so on of the order, as the engine shares out a count. */
struct hand {
	struct verify *v;
	uint64_t place;
	void *block;
};

static const char *const metrics[] = { BT_LOADREC_METRICS, "bw", "fsync", "verified", "unwritten", "bad", NULL };

static struct bt_stamp stamp_of(const struct verify *v, uint64_t block, uint64_t generation)
{
	return (struct bt_stamp){ .id = v->ack.id, .seed = v->ack.seed, .generation = generation, .offset = v->start + block * v->bytes,
				  .bytes = v->bytes };
}

/* The generation that a block must have at least; 0: none. */
static uint64_t acked(const struct verify *v, uint64_t block)
{
	return v->ack.generation - (bt_shuffle_place(&v->order, block) >= v->ack.done);
}

static void fill_next(struct hand *h)
{
	struct verify *v = h->v;
	struct bt_stamp s;

	if (h->place >= v->blocks)
		return;
	s = stamp_of(v, bt_shuffle_at(&v->order, h->place), v->generation);
	bt_stamp_write(h->block, &s);
}

static int init(struct bt_worker *w)
{
	const struct verify_job *job = w->config;
	struct hand *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	w->state = h;
	h->v = job->v;
	h->place = w->index;
	h->block = aligned_alloc(BDISK_PAGE, (h->v->bytes + BDISK_PAGE - 1) / BDISK_PAGE * BDISK_PAGE);
	if (!h->block)
		return -ENOMEM;
	if (job->write)
		fill_next(h);
	return 0;
}

static void fini(struct bt_worker *w)
{
	struct hand *h = w->state;

	if (h)
		free(h->block);
	free(h);
}

/* All of a block, unless there is an end. Returns the bytes or -errno. */
static int64_t transfer(struct verify *v, void *data, uint64_t offset, bool write)
{
	size_t got = 0;
	ssize_t n = 1;

	while (got < v->bytes && n > 0) {
		if (write)
			n = pwrite(v->b->target.fd, (char *)data + got, v->bytes - got, (off_t)(offset + got));
		else
			n = pread(v->b->target.fd, (char *)data + got, v->bytes - got, (off_t)(offset + got));
		got += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -errno : (int64_t)got;
}

static int fail(struct verify *v, enum bdisk_how how, uint64_t block, int64_t res)
{
	const struct bdisk_found f = { .offset = v->start + block * v->bytes, .blocks = 1, .how = (uint8_t)how, .acked = acked(v, block),
				       .error = (int16_t)(res < 0 ? -res : 0) };

	bdisk_found_add(&v->findings, &f);
	return 1;
}

/* What is written up to there is safe now, and from then on missed if it is lost. */
static int acknowledge(struct verify *v, uint64_t done)
{
	struct bt_stampack ack = v->ack;
	int rc;

	if (fdatasync(v->b->target.fd) < 0)
		return -errno;
	ack.generation = v->generation;
	ack.done = done;
	ack.sequence++;
	if (v->ledger_fd >= 0 && done < v->blocks)
		rc = bdisk_ledger_append(v->ledger_fd, &ack);
	else
		rc = bdisk_head_write(v->b->target.fd, &ack);
	if (rc == 0 && v->ledger_fd >= 0 && done == v->blocks)
		rc = bdisk_ledger_append(v->ledger_fd, &ack);
	if (rc == 0)
		v->ack = ack;
	return rc;
}

static bool acknowledge_now(const struct verify *v, uint64_t done)
{
	if (!v->b->durable)
		return false;
	return done == v->blocks || (v->b->fsync == BDISK_FSYNC_EVERY && done % v->b->fsync_every == 0);
}

/* Writing ends with its first failure: what is on a device that failed is for --check to say. */
static int give_up(struct bt_worker *w, struct verify *v, uint64_t block, int64_t res)
{
	v->stuck = true;
	w->enough = true;
	return fail(v, BDISK_UNWRITABLE, block, res);
}

static int write_step(struct bt_worker *w)
{
	struct hand *h = w->state;
	struct verify *v = h->v;
	uint64_t block = bt_shuffle_at(&v->order, h->place), now;
	int64_t res = transfer(v, h->block, v->start + block * v->bytes, true);
	int rc = 0;

	w->end_ns = now = bt_clock_now(w->clock);
	if (res != v->bytes)
		return give_up(w, v, block, res);
	w->tally->extra_count += v->bytes;
	if (acknowledge_now(v, h->place + 1)) {
		rc = acknowledge(v, h->place + 1);
		bt_hist_add(&w->tally->extra, bt_clock_now(w->clock) - now);
	}
	if (rc < 0)
		return give_up(w, v, block, rc);
	w->enough = v->stuck;
	h->place += w->n_workers;
	fill_next(h);
	return 0;
}

struct about {
	struct verify *v;
	const struct bt_stamp *want;
};

static void note_flip(void *arg, const struct bt_stamp_flip *flip)
{
	const struct about *a = arg;
	struct bdisk_found f = { .offset = a->want->offset, .blocks = 1, .how = BDISK_FLIPPED, .generation = flip->generation,
				 .acked = a->want->generation, .where = flip->at, .wrong = flip->bytes, .bits = flip->bits };

	memcpy(f.places, flip->places, sizeof(f.places));
	bdisk_found_add(&a->v->findings, &f);
}

/* What is wrong with a block as a whole. Returns how many findings it makes, those of its sectors included. */
static int note(struct verify *v, const struct bt_stamp *want, const struct bt_stamp_verdict *is)
{
	struct bdisk_found f = { .offset = want->offset, .blocks = 1, .generation = is->newest, .oldest = is->oldest,
				 .acked = want->generation };
	int n = (int)is->flipped;

	for (unsigned how = BDISK_TORN; how <= BDISK_MISSING; how++) {
		if (how == BDISK_FLIPPED || !(is->how & 1u << how))
			continue;
		f.how = (uint8_t)how;
		f.where = how == BDISK_MISPLACED ? is->from : 0;
		f.wrong = how == BDISK_MISPLACED ? is->misplaced : is->good + is->zero + is->old;
		bdisk_found_add(&v->findings, &f);
		n++;
	}
	return n;
}

static int read_step(struct bt_worker *w)
{
	struct hand *h = w->state;
	struct verify *v = h->v;
	struct bt_stamp_verdict is;
	struct bt_stamp want;
	struct about about = { v, &want };
	uint64_t block;
	int64_t res;

	if (h->place >= v->present)
		return 0;
	block = bt_shuffle_at(&v->look, h->place);
	h->place += w->n_workers;
	want = stamp_of(v, block, acked(v, block));
	res = transfer(v, h->block, want.offset, false);
	w->end_ns = bt_clock_now(w->clock);
	if (res != v->bytes)
		return fail(v, BDISK_UNREADABLE, block, res);
	w->tally->extra_count += v->bytes;
	if (bt_stamp_check(h->block, &want, &is, note_flip, &about) != 0)
		return note(v, &want, &is);
	if (is.good > 0)
		v->right++;
	else
		v->unwritten++;
	return 0;
}

static const struct bt_load_ops write_ops = { .init = init, .step = write_step, .fini = fini };
static const struct bt_load_ops read_ops = { .init = init, .step = read_step, .fini = fini };

static struct verify_job *job_of(const struct bt_loadtool *t)
{
	return (struct verify_job *)(uintptr_t)t->job->config;
}

static void meta(struct bt_loadtool *t, struct bt_rec *r)
{
	static char id[17];
	const struct verify *v = ((const struct verify_job *)t->jobs[0].config)->v;

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)v->ack.id);
	bdisk_meta(t, r);
	bt_rec_str(r, "stamp", id);
	bt_rec_u64(r, "blocks", v->blocks);
	if (v->check)
		bt_rec_bool(r, "check", true);
	else
		bt_rec_bool(r, "durable", v->b->durable);
	if (v->b->ledger)
		bt_rec_str(r, "ledger", v->b->ledger);
}

static void prepare(struct bt_loadtool *t)
{
	struct verify *v = ((const struct verify_job *)t->jobs[0].config)->v;

	if (v->b->target.cache == BDISK_BUFFERED)
		bt_out_warn(&t->out, "direct-unavailable", "direct I/O is not possible there: what is read may come from the page cache");
	if (v->damaged) {
		bt_out_warn(&t->out, "ledger-damaged", "records of the ledger cannot be read: what they acknowledged is not asked for");
		bt_warn("%s: %llu records cannot be read", v->b->ledger, (unsigned long long)v->damaged);
		t->errors += v->damaged;
	}
	t->taint |= v->b->target.taint;
	if (!v->check)
		t->failed = bdisk_verify_begin(v) < 0;
}

static const struct bt_load_opts *adapt(struct bt_loadtool *t, const struct bt_load_job *job)
{
	static struct bt_load_opts opts;
	const struct verify_job *j = job->config;

	opts = t->load;
	opts.count = j->write ? j->v->blocks : j->v->present ? j->v->present : 1;
	return &opts;
}

/* Blocks that the file is too short for. */
static void note_end(struct verify *v)
{
	const struct bdisk_found f = { .offset = v->start + v->present * v->bytes, .blocks = v->blocks - v->present, .how = BDISK_MISSING,
				       .acked = v->ack.generation - (v->ack.done < v->ack.blocks) };

	if (f.blocks > 0)
		bdisk_found_add(&v->findings, &f);
}

static int before_reading(struct verify *v)
{
	const struct bdisk_target *t = &v->b->target;
	int rc = v->check || v->ack.generation - (v->ack.done < v->blocks) == v->generation ? 0 : acknowledge(v, v->blocks);

	if (rc == 0 && t->cache != BDISK_DIRECT && t->cache != BDISK_WARM)
		rc = -posix_fadvise(t->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (v->check)
		bdisk_verify_order(&v->order, &v->ack, v->ack.generation);
	if (v->present > 0)
		bt_shuffle_init(&v->look, v->present, ~(v->ack.id ^ v->generation));
	if (rc == 0)
		rc = bdisk_head_check(v);
	note_end(v);
	return rc;
}

static int before(struct bt_loadtool *t)
{
	struct verify *v = job_of(t)->v;
	int rc = 0;

	bdisk_found_clear(&v->findings);
	v->right = v->unwritten = 0;
	if (job_of(t)->write)
		bdisk_verify_order(&v->order, &v->ack, ++v->generation);
	else
		rc = before_reading(v);
	if (rc < 0)
		bt_warn("%s: %s", v->b->target.file ? v->b->target.file : v->b->target.dir, strerror(-rc));
	return rc;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	static const char *const caches[] = { "direct", "warm", "cold", "buffered" };
	const struct verify_job *job = job_of(e->tool);
	const struct bdisk *b = job->v->b;

	bt_rec_str(r, "op", job->write ? "write" : "read");
	bt_rec_u64(r, "bs", job->v->bytes);
	bt_rec_str(r, "engine", b->engine->name);
	bt_rec_str(r, "cache", caches[b->target.cache]);
	if (job->write)
		bt_rec_str(r, "fsync_at", b->durable ? b->fsync_text : "end");
	bt_rec_str(r, "target", b->target.kind);
	bt_rec_u64(r, "size", b->target.bytes);
	if (b->target.dev.name[0])
		bt_rec_str(r, "dev", b->target.dev.name);
}

static void measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	const struct verify_job *job = job_of(e->tool);

	bt_emit_dist(e, "lat", &total->lat);
	bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, total->ops ? e->span->rate / (double)total->ops * (double)total->extra_count : 0);
	if (total->extra.n > 0)
		bt_emit_dist(e, "fsync", &total->extra);
	if (e->kind == BT_KIND_SAMPLE || job->write)
		return;
	bt_emit_count(e, "verified", BT_BETTER_NONE, job->v->right);
	if (job->v->unwritten > 0)
		bt_emit_count(e, "unwritten", BT_BETTER_NONE, job->v->unwritten);
}

static void wrong(const struct bt_emit *e)
{
	struct verify *v = job_of(e->tool)->v;

	/* Those of the head and beyond the end were found in no operation. */
	e->tool->errors += bdisk_found_total(&v->findings) - e->span->total->errors;
	e->tool->failed |= v->stuck;
	bdisk_found_emit(e, &v->findings);
}

int bdisk_verify(struct bdisk *b)
{
	static struct verify v = { .ledger_fd = -1, .findings.lock = PTHREAD_MUTEX_INITIALIZER };
	static struct verify_job jobs[] = { { &v, true }, { &v, false } };
	struct bt_loadtool *t = &b->tool;

	v.b = b;
	v.check = b->check != NULL;
	for (unsigned i = v.check; i < 2; i++)
		t->jobs[t->n_jobs++] = (struct bt_load_job){ .test = "verify", .kernel = "verify.1", .config = &jobs[i], .waits = true,
							     .ops = jobs[i].write ? &write_ops : &read_ops };
	t->metrics = metrics;
	t->meta = meta;
	t->prepare = prepare;
	t->before = before;
	t->adapt = adapt;
	t->describe = describe;
	t->measures = measures;
	t->wrong = wrong;
	bdisk_verify_open(&v);
	return bt_loadtool_main(t);
}
