/* SPDX-License-Identifier: ISC
 *
 * geomean - the mean ratio of the rows that both sides have, one for each metric, unit and statistic. Pure.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "geomean.h"

static struct bdiff_geomean *geomean_of(struct bdiff_geomeans *g, const char *id, size_t len)
{
	size_t cap = g->cap ? g->cap * 2 : 8;
	struct bdiff_geomean *v;
	bool added;
	int64_t i;

	if (g->ids.n == g->cap) {
		v = reallocarray(g->v, cap, sizeof(*v));
		if (!v)
			return NULL;
		g->v = v;
		g->cap = cap;
	}
	i = bt_intern(&g->ids, id, len, &added);
	if (i < 0)
		return NULL;
	if (added)
		memset(&g->v[i], 0, sizeof(g->v[i]));
	return &g->v[i];
}

int bdiff_geomeans_add(struct bdiff_geomeans *g, const char *id, const char *end, const struct bdiff_row *row)
{
	struct bdiff_geomean *m;
	struct bdiff_part part;
	const char *p = id;

	if (row->base.n == 0 || row->new.n == 0)
		return 0;
	for (int i = 0; i < BDIFF_HEADS; i++)
		p = bdiff_part_next(p, end, &part);
	m = geomean_of(g, id, (size_t)(p - id));
	if (!m)
		return -ENOMEM;
	if (!(row->base.median > 0 && row->new.median > 0)) {
		m->excluded++;
		return 0;
	}
	m->base += log(row->base.median);
	m->new += log(row->new.median);
	m->rows++;
	return 0;
}

double bdiff_geomean_pct(const struct bdiff_geomean *m)
{
	return expm1((m->new - m->base) / (double)m->rows) * 100;
}

void bdiff_geomeans_free(struct bdiff_geomeans *g)
{
	bt_intern_free(&g->ids);
	free(g->v);
	memset(g, 0, sizeof(*g));
}
