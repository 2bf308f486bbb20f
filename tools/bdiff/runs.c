/* SPDX-License-Identifier: ISC
 *
 * runs - which process each record comes from.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runs.h"

static int grow(struct bdiff_runs *runs)
{
	size_t cap = runs->cap ? runs->cap * 2 : 16;
	struct bdiff_run *v = reallocarray(runs->v, cap, sizeof(*v));

	if (!v)
		return -ENOMEM;
	runs->v = v;
	runs->cap = cap;
	return 0;
}

/* A run has one place: a second file with it is a copy, or the wrong file. */
static int note_process(struct bdiff_runs *runs, const struct bt_buf *key)
{
	bool added;

	if (bt_intern(&runs->processes, key->data + sizeof(uint16_t), key->len - sizeof(uint16_t), &added) < 0)
		return -ENOMEM;
	runs->again += !added;
	return 0;
}

int64_t bdiff_runs_of(struct bdiff_runs *runs, struct bt_buf *key, uint16_t file, const struct bt_rec_in *r)
{
	bool added;
	int64_t i;

	key->len = 0;
	bt_buf_add(key, &file, sizeof(file));
	if (r->host.p)
		bt_buf_add(key, r->host.p, r->host.len);
	bt_buf_char(key, '\0');
	if (r->run.p)
		bt_buf_add(key, r->run.p, r->run.len);
	if (key->failed || (runs->ids.n == runs->cap && grow(runs) < 0))
		return -ENOMEM;
	i = bt_intern(&runs->ids, key->data, key->len, &added);
	if (i < 0)
		return -ENOMEM;
	if (added)
		runs->v[i].file = file;
	if (added && r->host.p && r->run.p && note_process(runs, key) < 0)
		return -ENOMEM;
	return i;
}

void bdiff_runs_free(struct bdiff_runs *runs)
{
	bt_intern_free(&runs->ids);
	bt_intern_free(&runs->processes);
	free(runs->v);
	memset(runs, 0, sizeof(*runs));
}
