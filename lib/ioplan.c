/* SPDX-License-Identifier: ISC
 *
 * ioplan - a recording of I/O calls as a plan.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ioplan.h"

#define ROUNDING_NS 2000 /* two stamps in microseconds may be off by that against each other */

/* The array with room for one more, what is new zeroed; NULL: no memory, and array is as it was. */
static void *grow(void *array, uint32_t have, uint32_t *cap, size_t bytes)
{
	uint32_t more = *cap ? *cap * 2 : 16;
	char *p;

	if (have < *cap)
		return array;
	p = reallocarray(array, more, bytes);
	if (!p)
		return NULL;
	memset(p + *cap * bytes, 0, (more - *cap) * bytes);
	*cap = more;
	return p;
}

static int make_room(struct bt_ioplan *p, uint32_t file, uint32_t thread)
{
	struct bt_io_op *ops = grow(p->ops, p->n, &p->cap, sizeof(*ops));
	struct bt_io_file *files = grow(p->files, file, &p->cap_files, sizeof(*files));
	int64_t *ends = grow(p->thread_end_ns, thread, &p->cap_threads, sizeof(*ends));

	p->ops = ops ? ops : p->ops;
	p->files = files ? files : p->files;
	p->thread_end_ns = ends ? ends : p->thread_end_ns;
	return ops && files && ends ? 0 : -ENOMEM;
}

int bt_ioplan_add(struct bt_ioplan *p, const struct bt_io_event *e, uint32_t file, uint32_t thread)
{
	int64_t start = e->start_ns, *end;

	if (p->n >= BT_IO_OPS_MAX || thread >= BT_IO_THREADS_MAX)
		return -E2BIG;
	if (make_room(p, file, thread) < 0)
		return -ENOMEM;
	p->n_files = file >= p->n_files ? file + 1 : p->n_files;
	p->n_threads = thread >= p->n_threads ? thread + 1 : p->n_threads;
	end = &p->thread_end_ns[thread];
	/* Stamps are rounded; a thread makes one call after the other all the same. */
	if (start < *end && *end - start <= ROUNDING_NS)
		start = *end;
	*end = start + (int64_t)e->lat_ns;
	p->ops[p->n] = (struct bt_io_op){
		.start_ns = start, .lat_ns = e->lat_ns, .offset = e->offset, .ret = e->ret, .size = e->size, .file = file,
		.thread = thread, .index = p->n, .call = (uint8_t)e->call, .has_lat = e->has_lat, .has_ret = e->has_ret,
	};
	p->size_most = e->size > p->size_most ? e->size : p->size_most;
	p->n++;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct bt_io_op *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What is read must be there before, unless the recording has written it. */
static void size_file(struct bt_io_file *f, const struct bt_io_op *op)
{
	uint64_t moved = bt_io_moved(op->has_ret, op->ret, op->size), end = op->offset + moved;

	switch (bt_io_calls[op->call].what) {
	case BT_IO_READ:
		if (moved > 0 && end > f->solid)
			f->layout = larger(f->layout, end);
		break;
	case BT_IO_WRITE:
		if (op->offset <= larger(f->solid, f->layout))
			f->solid = larger(f->solid, end);
		f->high = larger(f->high, end);
		if (__builtin_add_overflow(f->written, moved, &f->written))
			f->written = UINT64_MAX;
		break;
	case BT_IO_TRUNCATE:
		f->solid = f->solid < op->offset ? f->solid : op->offset;
		break;
	default:
		break;
	}
}

/* The calls of each worker in turn: count, then place. */
static int share_out(struct bt_ioplan *p, uint32_t workers)
{
	uint32_t *at;

	p->workers = workers < p->n_threads ? workers : p->n_threads;
	p->workers = p->workers ? p->workers : 1;
	p->order = calloc(p->n + 1, sizeof(*p->order));
	p->first = calloc(p->workers + 1, sizeof(*p->first));
	at = calloc(p->workers, sizeof(*at));
	if (!p->order || !p->first || !at) {
		free(at);
		return -ENOMEM;
	}
	for (size_t i = 0; i < p->n; i++)
		p->first[p->ops[i].thread % p->workers + 1]++;
	for (uint32_t w = 0; w < p->workers; w++) {
		p->first[w + 1] += p->first[w];
		at[w] = p->first[w];
	}
	for (size_t i = 0; i < p->n; i++)
		p->order[at[p->ops[i].thread % p->workers]++] = (uint32_t)i;
	free(at);
	return 0;
}

struct end {
	int64_t ns;
	uint32_t op;
};

static int by_end(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->op < y->op ? -1 : x->op > y->op;
}

/* A call takes at least 1 ns here, so that it ends after it starts and no two wait for each other. */
static int put_in_order(struct bt_ioplan *p)
{
	struct end *ends = calloc(p->n + 1, sizeof(*ends));
	size_t done = 0;

	p->needs = calloc(p->n + 1, sizeof(*p->needs));
	p->rank = calloc(p->n + 1, sizeof(*p->rank));
	if (!ends || !p->needs || !p->rank) {
		free(ends);
		return -ENOMEM;
	}
	for (size_t i = 0; i < p->n; i++)
		ends[i] = (struct end){ p->ops[i].start_ns + (int64_t)larger(p->ops[i].lat_ns, 1), (uint32_t)i };
	qsort(ends, p->n, sizeof(*ends), by_end);
	for (size_t i = 0; i < p->n; i++)
		p->rank[ends[i].op] = (uint32_t)i;
	for (size_t i = 0; i < p->n; i++) {
		while (done < p->n && ends[done].ns <= p->ops[i].start_ns)
			done++;
		p->needs[i] = (uint32_t)done;
	}
	free(ends);
	return 0;
}

int bt_ioplan_make(struct bt_ioplan *p, uint32_t workers, bool global)
{
	int64_t zero;
	int rc;

	if (p->n > 0)
		qsort(p->ops, p->n, sizeof(*p->ops), by_start);
	zero = p->n > 0 ? p->ops[0].start_ns : 0;
	for (size_t i = 0; i < p->n; i++) {
		p->ops[i].start_ns -= zero;
		size_file(&p->files[p->ops[i].file], &p->ops[i]);
	}
	p->length_ns = p->n > 0 ? p->ops[p->n - 1].start_ns : 0;
	rc = share_out(p, workers);
	return rc == 0 && global ? put_in_order(p) : rc;
}

uint64_t bt_ioplan_bytes(const struct bt_ioplan *p)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < p->n_files; i++) {
		const struct bt_io_file *f = &p->files[i];
		uint64_t more = f->high > f->layout ? f->high - f->layout : 0;

		more = f->written < more ? f->written : more;
		if (__builtin_add_overflow(sum, f->layout, &sum) || __builtin_add_overflow(sum, more, &sum))
			return UINT64_MAX;
	}
	return sum;
}

uint64_t bt_ioplan_due(const struct bt_io_op *op, double speed)
{
	double due = (double)op->start_ns / speed;

	return due < 0x1p62 ? (uint64_t)due : (uint64_t)1 << 62;
}

void bt_ioplan_free(struct bt_ioplan *p)
{
	free(p->ops);
	free(p->files);
	free(p->thread_end_ns);
	free(p->order);
	free(p->first);
	free(p->needs);
	free(p->rank);
	*p = (struct bt_ioplan)BT_IOPLAN_INIT;
}
