/* SPDX-License-Identifier: ISC
 *
 * crew - folds one input with several threads (-t).
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bagg.h"
#include "crew.h"
#include "err.h"

/* Blocks on the way at a time, for each thread: one that is folded, one that waits, one that is being read. */
#define BLOCKS_PER_THREAD 3

enum note_kind { NOTE_BAD, NOTE_BLIND, NOTE_OTHER };

struct note {
	enum note_kind kind;
	uint64_t number; /* line within the block, from 1 in the first of a file, else from 2 */
	int got;         /* BAD: as bt_lines_next returned it */
	const char *why; /* BAD */
	size_t at, len;  /* OTHER: the line, in the text of the notes */
};

struct bagg_notes {
	struct note *list;
	size_t n, cap;
	struct bt_buf text;
};

struct block {
	bool done;       /* by its thread */
	bool first;      /* of its file: it may start with a byte order mark */
	uint64_t number; /* from 1, over all files */
	char *bytes;
	size_t len, cap;
	uint64_t lines;  /* in it, once it is done */
	int error;       /* 0 or -ENOMEM */
	struct bagg_notes notes;
};

struct worker {
	struct bagg_crew *crew;
	struct bagg b; /* its own groups, and a copy of the options */
	pthread_t thread;
};

struct bagg_crew {
	struct bagg *b;
	unsigned n_workers, n_blocks;
	struct worker *workers;
	struct block *blocks;   /* a ring, in the order of the input */
	uint64_t filled, taken, retired; /* blocks so far; the ring holds those in between */
	bool first; /* the next block is the first of its file */
	bool over;
	pthread_mutex_t mutex;
	pthread_cond_t full, done;
};

static int add_note(struct bagg_notes *n, struct note note)
{
	if (n->n == n->cap) {
		size_t cap = n->cap ? n->cap * 2 : 16;
		struct note *list = reallocarray(n->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		n->list = list;
		n->cap = cap;
	}
	n->list[n->n++] = note;
	return 0;
}

int bagg_notes_bad(struct bagg_notes *n, uint64_t number, int got, const char *why)
{
	return add_note(n, (struct note){ .kind = NOTE_BAD, .number = number, .got = got, .why = why });
}

int bagg_notes_blind(struct bagg_notes *n, uint64_t number)
{
	return add_note(n, (struct note){ .kind = NOTE_BLIND, .number = number });
}

int bagg_notes_other(struct bagg_notes *n, const char *line, size_t len)
{
	size_t at = n->text.len;

	bt_buf_add(&n->text, line, len);
	return n->text.failed ? -ENOMEM : add_note(n, (struct note){ .kind = NOTE_OTHER, .at = at, .len = len });
}

static int fold_block(struct worker *w, struct block *block)
{
	struct bt_lines l;
	int rc;

	bt_lines_memory(&l, "", block->bytes, block->len, !block->first);
	l.line_max = w->b.opts.line_max_bytes;
	w->b.notes = &block->notes;
	w->b.groups.block = block->number;
	rc = bagg_read_lines(&w->b, &l);
	block->lines = l.number - !block->first;
	return rc;
}

static struct block *take_block(struct bagg_crew *c)
{
	struct block *block = NULL;

	pthread_mutex_lock(&c->mutex);
	while (c->taken == c->filled && !c->over)
		pthread_cond_wait(&c->full, &c->mutex);
	if (c->taken < c->filled)
		block = &c->blocks[c->taken++ % c->n_blocks];
	pthread_mutex_unlock(&c->mutex);
	return block;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct bagg_crew *c = w->crew;
	struct block *block;

	int error = 0;

	/* Without memory groups may be half made: no other block may touch them. The reader gives up at this one. */
	while (error == 0 && (block = take_block(c))) {
		error = fold_block(w, block);
		pthread_mutex_lock(&c->mutex);
		block->error = error;
		block->done = true;
		pthread_cond_signal(&c->done);
		pthread_mutex_unlock(&c->mutex);
	}
	return NULL;
}

/* What a thread left to the reader. */
static int deal_with(struct bagg *b, const struct bt_lines *l, const struct block *block, const struct note *note)
{
	struct bt_lines at = { .name = l->name, .number = l->number + note->number - !block->first };

	switch (note->kind) {
	case NOTE_BAD:
		bagg_skip_line(b, &at, note->got, note->why);
		return 0;
	case NOTE_BLIND:
		bagg_input_blind(&b->input, &at);
		return 0;
	default:
		return bagg_take_noted(b, block->notes.text.data + note->at, note->len);
	}
}

/* The oldest block of the ring, once it is done. */
static int retire(struct bagg_crew *c, struct bt_lines *l)
{
	struct block *block = &c->blocks[c->retired % c->n_blocks];
	int rc;

	pthread_mutex_lock(&c->mutex);
	while (!block->done)
		pthread_cond_wait(&c->done, &c->mutex);
	pthread_mutex_unlock(&c->mutex);
	rc = block->error;
	for (size_t i = 0; i < block->notes.n && rc == 0; i++)
		rc = deal_with(c->b, l, block, &block->notes.list[i]);
	l->number += block->lines;
	block->notes.n = block->notes.text.len = 0;
	c->retired++;
	return rc;
}

static int retire_all(struct bagg_crew *c, struct bt_lines *l)
{
	int rc = 0;

	while (rc == 0 && c->retired < c->filled)
		rc = retire(c, l);
	return rc;
}

/* A copy of these lines into the ring. */
static int hand_out(struct bagg_crew *c, struct bt_lines *l, const char *bytes, size_t len)
{
	struct block *block = &c->blocks[c->filled % c->n_blocks];
	int rc = c->filled - c->retired == c->n_blocks ? retire(c, l) : 0;

	if (rc < 0)
		return rc;
	if (len > block->cap) {
		char *grown = realloc(block->bytes, len + BT_LINES_SLACK);

		if (!grown)
			return -ENOMEM;
		block->bytes = grown;
		block->cap = len;
	}
	memcpy(block->bytes, bytes, len);
	block->len = len;
	block->first = c->first;
	c->first = false;
	block->number = c->filled + 1;
	block->done = false;
	pthread_mutex_lock(&c->mutex);
	c->filled++;
	pthread_cond_signal(&c->full);
	pthread_mutex_unlock(&c->mutex);
	return 0;
}

/* All blocks before that line are retired, so that l counts to it. */
static void skip_too_long(struct bagg_crew *c, struct bt_lines *l)
{
	l->number++;
	c->first = false;
	bagg_skip_line(c->b, l, BT_LINE_TOO_LONG, BAGG_TOO_LONG);
}

int bagg_crew_read(struct bagg_crew *c, struct bt_lines *l)
{
	c->first = true;
	for (;;) {
		const char *bytes;
		size_t len;
		int got = bt_lines_block(l, &bytes, &len), rc = 0;

		if (got == BT_LINE_AGAIN && !bagg_stopped(c->b))
			continue;
		if (got == BT_LINE_OK || got == BT_LINE_PARTIAL)
			rc = hand_out(c, l, bytes, len);
		else
			rc = retire_all(c, l);
		if (rc < 0)
			return rc;
		if (got == BT_LINE_TOO_LONG)
			skip_too_long(c, l);
		else if (got <= BT_LINE_EOF || got == BT_LINE_AGAIN)
			return got;
	}
}

static int start_worker(struct bagg_crew *c, struct worker *w)
{
	struct bagg *b = &w->b;
	char why[128];

	w->crew = c;
	b->opts = c->b->opts;
	if (bagg_keys_parse(&b->groups.keys, b->opts.keys, why) < 0)
		return -ENOMEM;
	bagg_groups_init(&b->groups);
	bagg_take_init(b);
	b->fast = bagg_fast_new(b->opts.line_max_bytes);
	return pthread_create(&w->thread, NULL, work, w) ? -EAGAIN : 0;
}

struct bagg_crew *bagg_crew_new(struct bagg *b, unsigned threads)
{
	struct bagg_crew *c = calloc(1, sizeof(*c));
	sigset_t all, before;

	if (!c)
		return NULL;
	c->b = b;
	c->n_blocks = threads * BLOCKS_PER_THREAD;
	c->workers = calloc(threads, sizeof(*c->workers));
	c->blocks = calloc(c->n_blocks, sizeof(*c->blocks));
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->full, NULL);
	pthread_cond_init(&c->done, NULL);
	/* Signals are the reader's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (c->workers && c->blocks && c->n_workers < threads && start_worker(c, &c->workers[c->n_workers]) == 0)
		c->n_workers++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (c->n_workers == threads)
		return c;
	bagg_crew_end(c);
	return NULL;
}

static void stop_workers(struct bagg_crew *c)
{
	pthread_mutex_lock(&c->mutex);
	c->over = true;
	pthread_cond_broadcast(&c->full);
	pthread_mutex_unlock(&c->mutex);
	for (unsigned i = 0; i < c->n_workers; i++)
		pthread_join(c->workers[i].thread, NULL);
}

static void free_worker(struct bagg *b)
{
	bagg_take_free(b);
	bagg_groups_free(&b->groups);
	bagg_fast_free(b->fast);
	bt_json_free(&b->json);
}

static void free_crew(struct bagg_crew *c)
{
	for (unsigned i = 0; c->workers && i < c->n_blocks / BLOCKS_PER_THREAD; i++)
		free_worker(&c->workers[i].b);
	for (unsigned i = 0; c->blocks && i < c->n_blocks; i++) {
		free(c->blocks[i].bytes);
		free(c->blocks[i].notes.list);
		bt_buf_free(&c->blocks[i].notes.text);
	}
	pthread_cond_destroy(&c->full);
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->mutex);
	free(c->workers);
	free(c->blocks);
	free(c);
}

int bagg_crew_end(struct bagg_crew *c)
{
	struct bagg_groups **all = calloc(c->n_workers + 1, sizeof(struct bagg_groups *));
	int rc = -ENOMEM;

	stop_workers(c);
	for (unsigned i = 0; all && i < c->n_workers; i++) {
		struct bagg *w = &c->workers[i].b;

		all[i] = &w->groups;
		c->b->lines += w->lines;
		c->b->predicted += w->predicted;
		c->b->input.unfolded += w->input.unfolded;
		c->b->foreign.unmeasured += w->foreign.unmeasured;
		c->b->foreign.no_time += w->foreign.no_time;
	}
	if (all)
		rc = bagg_groups_join(&c->b->groups, all, c->n_workers);
	free(all);
	free_crew(c);
	return rc;
}
