/* SPDX-License-Identifier: ISC
 *
 * found - what verify finds wrong: collected by the workers, then said block by block and in sum.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "errnames.h"
#include "verify.h"

#define KEPT (1u << 20) /* findings at most; all are counted */

static const char *const names[] = { "torn", "stale", "misplaced", "flipped", "missing", "unreadable", "unwritable" };

static bool grow(struct bdisk_findings *l)
{
	size_t cap = l->cap ? 2 * l->cap : 64;
	struct bdisk_found *more = cap > KEPT ? NULL : realloc(l->found, cap * sizeof(*more));

	if (!more)
		return false;
	l->found = more;
	l->cap = cap;
	return true;
}

void bdisk_found_add(struct bdisk_findings *l, const struct bdisk_found *f)
{
	pthread_mutex_lock(&l->lock);
	l->counts[f->how] += f->blocks;
	if (f->how >= BDISK_UNREADABLE)
		l->errnos[f->how == BDISK_UNWRITABLE][f->error < BDISK_ERRNOS ? f->error : 0] += f->blocks;
	if (l->n < l->cap || grow(l))
		l->found[l->n++] = *f;
	else
		l->dropped++;
	pthread_mutex_unlock(&l->lock);
}

void bdisk_found_clear(struct bdisk_findings *l)
{
	l->n = 0;
	l->dropped = 0;
	memset(l->counts, 0, sizeof(l->counts));
	memset(l->errnos, 0, sizeof(l->errnos));
}

uint64_t bdisk_found_total(const struct bdisk_findings *l)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < BDISK_HOWS; i++)
		sum += l->counts[i];
	return sum;
}

static int by_place(const void *a, const void *b)
{
	const struct bdisk_found *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->how != y->how)
		return x->how - y->how;
	return (x->where > y->where) - (x->where < y->where);
}

/* Whether b goes on where a ends, and is lost in the same way. */
static bool continues(const struct bdisk_found *a, const struct bdisk_found *b, uint32_t block)
{
	return a->how == b->how && (a->how == BDISK_MISSING || a->how == BDISK_UNREADABLE) &&
	       a->acked == b->acked && a->error == b->error &&
	       a->offset + a->blocks * block == b->offset;
}

/* In the order of the file; blocks in a row that are missing or cannot be read become one. */
static void tidy(struct bdisk_findings *l, uint32_t block)
{
	size_t n = 0;

	if (l->n == 0)
		return;
	qsort(l->found, l->n, sizeof(*l->found), by_place);
	for (size_t i = 1; i < l->n; i++)
		if (continues(&l->found[n], &l->found[i], block))
			l->found[n].blocks += l->found[i].blocks;
		else
			l->found[++n] = l->found[i];
	l->n = n + 1;
}

/* "4101,4104": where the wrong bytes of a flipped sector are. */
static void list_places(char *out, size_t cap, const struct bdisk_found *f)
{
	uint64_t sector = f->where - f->places[0];
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < f->wrong && i < BT_STAMP_PLACES && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%llu", i ? "," : "", (unsigned long long)(sector + f->places[i]));
}

/* What is known beside place and generations depends on how it is wrong. */
static void describe(struct bt_rec *r, const struct bdisk_found *f, char *text, size_t cap)
{
	switch ((enum bdisk_how)f->how) {
	case BDISK_TORN:
		bt_rec_u64(r, "oldest", f->oldest);
		bt_rec_u64(r, "sectors", f->wrong);
		break;
	case BDISK_MISPLACED:
		bt_rec_u64(r, "from", f->where);
		bt_rec_u64(r, "sectors", f->wrong);
		break;
	case BDISK_FLIPPED:
		list_places(text, cap, f);
		bt_rec_u64(r, "at", f->where);
		bt_rec_u64(r, "wrong", f->wrong);
		bt_rec_str(r, "places", text);
		bt_rec_u64(r, "bits", f->bits);
		break;
	case BDISK_UNREADABLE:
	case BDISK_UNWRITABLE:
		bt_rec_str(r, "errno", f->error ? bt_errname((unsigned)f->error) : "SHORT");
		break;
	default:
		break;
	}
}

static void emit_event(const struct bt_emit *e, const struct bdisk_found *f)
{
	char text[BT_STAMP_PLACES * 21];
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_EVENT);
	r.test = e->tool->job->test;
	r.rep = e->tool->rep;
	bt_rec_str(&r, "how", names[f->how]);
	bt_rec_u64(&r, "offset", f->offset);
	bt_rec_u64(&r, "generation", f->generation);
	bt_rec_u64(&r, "acked", f->acked);
	describe(&r, f, text, sizeof(text));
	bt_rec_count(&r, "bad", "count", BT_BETTER_LOWER, f->blocks);
	bt_out_rec(&e->tool->out, &r);
}

static void emit_errors(const struct bt_emit *e, const char *how, const char *error, uint64_t n)
{
	struct bt_rec r;

	bt_warn("%s: %llu %s%s%s", e->tool->job->test, (unsigned long long)n, how, error ? ": " : "", error ? error : "");
	if (!bt_load_wants(&e->tool->load, "errors"))
		return;
	bt_emit_start(e, &r);
	bt_rec_str(&r, "how", how);
	if (error)
		bt_rec_str(&r, "errno", error);
	bt_rec_count(&r, "errors", "count", BT_BETTER_LOWER, n);
	bt_out_rec(&e->tool->out, &r);
}

void bdisk_found_emit(const struct bt_emit *e, struct bdisk_findings *l)
{
	const struct verify *v = ((const struct verify_job *)e->tool->job->config)->v;

	tidy(l, v->bytes);
	for (size_t i = 0; i < l->n && bt_load_wants(&e->tool->load, "bad"); i++)
		emit_event(e, &l->found[i]);
	if (l->dropped)
		bt_out_warn(&e->tool->out, "events-dropped", "too much is wrong to tell each: the rest is only counted");
	if (bdisk_found_total(l) == 0)
		bt_emit_count(e, "errors", BT_BETTER_LOWER, 0);
	for (unsigned how = 0; how < BDISK_UNREADABLE; how++)
		if (l->counts[how])
			emit_errors(e, names[how], NULL, l->counts[how]);
	for (unsigned i = 0; i < 2 * BDISK_ERRNOS; i++) {
		unsigned error = i % BDISK_ERRNOS;
		uint64_t n = l->errnos[i / BDISK_ERRNOS][error];

		if (n)
			emit_errors(e, names[BDISK_UNREADABLE + i / BDISK_ERRNOS], error ? bt_errname(error) : "SHORT", n);
	}
}
