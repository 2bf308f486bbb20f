/* SPDX-License-Identifier: ISC
 *
 * export - a baseline as a file of its own: the measurements of some streams, where they were made, and a seal.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bdiff.h"
#include "err.h"
#include "recdist.h"
#include "seal.h"

#define BLOCK (1u << 20) /* bytes */

/* Memory for lines, which do not move: sorting points to them. */
struct bdiff_lines_block {
	struct bdiff_lines_block *next;
	size_t used, cap;
	char bytes[];
};

static const char *keep_text(struct bdiff_lines *l, const char *text, size_t len)
{
	struct bdiff_lines_block *b = l->blocks;
	size_t cap = len > BLOCK ? len : BLOCK;
	char *at;

	if (!b || b->cap - b->used < len) {
		b = malloc(sizeof(*b) + cap);
		if (!b)
			return NULL;
		b->next = l->blocks;
		b->used = 0;
		b->cap = cap;
		l->blocks = b;
	}
	at = b->bytes + b->used;
	memcpy(at, text, len);
	b->used += len;
	return at;
}

static void free_lines(struct bdiff_lines *l)
{
	while (l->blocks) {
		struct bdiff_lines_block *next = l->blocks->next;

		free(l->blocks);
		l->blocks = next;
	}
	free(l->v);
	memset(l, 0, sizeof(*l));
}

static int add_line(struct bdiff_lines *l, const char *text, size_t len, uint32_t group, const struct bt_rec_in *r)
{
	size_t cap = l->cap ? l->cap * 2 : 64;
	struct bdiff_line *v, line = { .len = (uint32_t)len, .group = group };

	if (l->n == l->cap) {
		v = reallocarray(l->v, cap, sizeof(*v));
		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	line.text = keep_text(l, text, len);
	if (!line.text)
		return -ENOMEM;
	line.rep = r->rep < UINT32_MAX ? (uint32_t)r->rep : UINT32_MAX;
	/* With a run and a time the same bytes are the same record; without, they are an equal measurement. */
	line.unique = r->run.p && !isnan(r->ts);
	if (r->ts > l->newest)
		l->newest = r->ts;
	l->v[l->n++] = line;
	return 0;
}

/* Texts that end with a NUL sort as a reader would sort columns. */
static void key_text(struct bt_buf *key, const char *p, size_t len)
{
	if (p)
		bt_buf_add(key, p, len);
	bt_buf_char(key, '\0');
}

/* What a line is sorted by before rep and its bytes: run, host, tool, test, metric, unit, dimensions. */
static int64_t group_of(struct bdiff *d, const struct bt_rec_in *r)
{
	const struct bt_span spans[] = { r->run, r->host, r->tool, r->test, r->metric, r->unit };
	struct bt_buf *key = &d->id;
	bool added;

	key->len = 0;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		key_text(key, spans[i].p, spans[i].len);
	for (unsigned i = 0; i < r->n_dims; i++) {
		key_text(key, r->dims[i]->key, r->dims[i]->key_len);
		key_text(key, r->dims[i]->val, r->dims[i]->val_len);
	}
	return key->failed ? -ENOMEM : bt_intern(&d->export.groups, key->data, key->len, &added);
}

static int check_hist(struct bdiff *d, const struct bt_rec_in *r, const char **why)
{
	struct bt_hist h;
	double scale;
	int rc;

	if (!r->hist.p)
		return 0;
	bt_hist_init(&h, 3);
	rc = bt_rec_hist(r, &d->codec, &h, &scale);
	bt_hist_free(&h);
	*why = "the histogram cannot be decoded";
	return rc;
}

int bdiff_export_take(struct bdiff *d, const struct bt_rec_in *r, bool measured, const char *line, size_t len,
		      const char **why)
{
	struct bdiff_lines *l = NULL;
	int rc = measured ? check_hist(d, r, why) : 0;
	int64_t group;

	if (measured)
		l = &d->export.measures;
	else if (r->kind == BT_KIND_META)
		l = &d->export.metas;
	else if (r->kind == BT_KIND_END)
		l = &d->export.ends;
	if (rc < 0 || !l)
		return rc;
	group = group_of(d, r);
	return group < 0 ? -ENOMEM : add_line(l, line, len, (uint32_t)group, r);
}

void bdiff_export_drop(struct bdiff_export *e)
{
	free_lines(&e->measures);
}

static int note_streams(struct bdiff *d, struct bt_streams *streams, const struct bdiff_lines *l)
{
	struct bt_rec_in r;
	const char *why;
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0; i++) {
		rc = bt_rec_parse(&r, &d->json, l->v[i].text, l->v[i].len, &why);
		if (rc == 0)
			rc = bt_streams_note(streams, &r);
	}
	return rc;
}

/* Parts of a stream may come in any order here, so that the ends are counted when all the beginnings are known. */
int bdiff_export_streams(struct bdiff *d, struct bt_streams *streams)
{
	int rc = note_streams(d, streams, &d->export.metas);

	return rc == 0 ? note_streams(d, streams, &d->export.ends) : rc;
}

struct group_place {
	const struct bt_intern_key *key;
	uint32_t group;
};

static int compare_groups(const void *a, const void *b)
{
	const struct bt_intern_key *x = ((const struct group_place *)a)->key, *y = ((const struct group_place *)b)->key;
	int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int compare_lines(const void *a, const void *b)
{
	const struct bdiff_line *x = a, *y = b;
	int order;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->rep != y->rep)
		return x->rep < y->rep ? -1 : 1;
	order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void sort_lines(struct bdiff_lines *l, const uint32_t *places)
{
	for (size_t i = 0; i < l->n; i++)
		l->v[i].group = places[l->v[i].group];
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), compare_lines);
}

static int sort_all(struct bdiff_export *e)
{
	struct group_place *sorted = calloc(e->groups.n + 1, sizeof(*sorted));
	uint32_t *places = calloc(e->groups.n + 1, sizeof(*places));

	for (uint32_t i = 0; sorted && i < e->groups.n; i++)
		sorted[i] = (struct group_place){ &e->groups.keys[i], i };
	if (sorted && places) {
		qsort(sorted, e->groups.n, sizeof(*sorted), compare_groups);
		for (uint32_t i = 0; i < e->groups.n; i++)
			places[sorted[i].group] = i;
		sort_lines(&e->metas, places);
		sort_lines(&e->measures, places);
		sort_lines(&e->ends, places);
	}
	free(sorted);
	free(places);
	return sorted && places ? 0 : -ENOMEM;
}

/* Of the same record only the first. */
static size_t without_doubles(struct bdiff_lines *l)
{
	size_t kept = 0, n = l->n;

	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !l->v[i].unique || compare_lines(&l->v[kept - 1], &l->v[i]) != 0)
			l->v[kept++] = l->v[i];
	l->n = kept;
	return n - kept;
}

/* Whose name the first and the last line bear: that of the first record. */
static void name_source(struct bdiff *d, struct bt_rec_source *src)
{
	const struct bdiff_lines *l = d->export.metas.n > 0 ? &d->export.metas : &d->export.measures;
	struct bt_rec_in r;
	const char *why;

	memset(src, 0, sizeof(*src));
	memcpy(src->run, "00000000", sizeof("00000000"));
	memcpy(src->host, "localhost", sizeof("localhost"));
	src->tool = "bdiff";
	if (bt_rec_parse(&r, &d->json, l->v[0].text, l->v[0].len, &why) < 0)
		return;
	if (r.run.len == sizeof(src->run) - 1 && !r.run.escaped)
		bt_span_text(r.run, src->run, sizeof(src->run));
	if (r.host.len > 0)
		bt_span_text(r.host, src->host, sizeof(src->host));
}

static bool is_gzip(const char *path)
{
	size_t len = path ? strlen(path) : 0;

	return len > 3 && strcmp(path + len - 3, ".gz") == 0;
}

int bdiff_export_write(struct bdiff *d)
{
	struct bdiff_export *e = &d->export;
	const struct bdiff_lines *const order[] = { &e->metas, &e->measures, &e->ends };
	double newest = fmax(fmax(e->metas.newest, e->measures.newest), e->ends.newest);
	struct bt_rec_source src;
	struct bdiff_sealer s;
	size_t doubles;

	if (sort_all(e) < 0)
		return -ENOMEM;
	doubles = without_doubles(&e->metas) + without_doubles(&e->measures) + without_doubles(&e->ends);
	if (doubles > 0)
		bt_note("%zu records were read twice and are written once", doubles);
	name_source(d, &src);
	bdiff_sealer_begin(&s, &d->out.file, is_gzip(d->opts.out.path), &src,
			   newest < 1e12 ? (int64_t)(newest * 1e6 + 0.5) : 0);
	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < order[k]->n && s.error == 0; i++)
			bdiff_sealer_line(&s, order[k]->v[i].text, order[k]->v[i].len);
	return bdiff_sealer_end(&s);
}

void bdiff_export_free(struct bdiff_export *e)
{
	free_lines(&e->metas);
	free_lines(&e->measures);
	free_lines(&e->ends);
	bt_intern_free(&e->groups);
}
