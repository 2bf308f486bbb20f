/* SPDX-License-Identifier: ISC
 *
 * streams - whether what a reader was given is whole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "streams.h"

#define NAME_BYTES 80 /* of tool, host and run each, with NUL */

const char *bt_stream_name(const struct bt_rec_in *r, char out[BT_STREAM_NAME])
{
	char tool[NAME_BYTES], host[NAME_BYTES], run[NAME_BYTES];

	bt_span_text(r->tool, tool, sizeof(tool));
	bt_span_text(r->host, host, sizeof(host));
	bt_span_text(r->run, run, sizeof(run));
	snprintf(out, BT_STREAM_NAME, "%s on %s, run %s", tool[0] ? tool : "-", host[0] ? host : "-", run[0] ? run : "-");
	return out;
}

static int grow(struct bt_streams *s)
{
	uint32_t cap = s->cap ? s->cap * 2 : 16;
	uint64_t *open = reallocarray(s->open, cap, sizeof(*open));

	if (!open)
		return -ENOMEM;
	memset(open + s->cap, 0, (cap - s->cap) * sizeof(*open));
	s->open = open;
	s->cap = cap;
	return 0;
}

int bt_streams_note(struct bt_streams *s, const struct bt_rec_in *r)
{
	char name[BT_STREAM_NAME];
	bool added;
	int64_t i;

	if (r->kind != BT_KIND_META && r->kind != BT_KIND_END)
		return 0;
	bt_stream_name(r, name);
	i = bt_intern(&s->names, name, strlen(name) + 1, &added);
	if (i < 0 || ((uint64_t)i >= s->cap && grow(s) < 0))
		return -ENOMEM;
	if (r->kind == BT_KIND_META)
		s->open[i]++;
	else if (s->open[i] > 0) /* an end alone is what a file cut at the front leaves; it balances nothing later */
		s->open[i]--;
	s->not_ok += r->kind == BT_KIND_END && !bt_span_is(r->status, "ok");
	return 0;
}

uint64_t bt_streams_truncated(const struct bt_streams *s, const char **names, size_t cap)
{
	uint64_t truncated = 0;
	size_t named = 0;

	for (uint32_t i = 0; i < s->names.n; i++) {
		if (s->open[i] > 0 && named < cap)
			names[named++] = s->names.keys[i].bytes;
		truncated += s->open[i];
	}
	while (named < cap)
		names[named++] = NULL;
	return truncated;
}

void bt_streams_free(struct bt_streams *s)
{
	bt_intern_free(&s->names);
	free(s->open);
	*s = (struct bt_streams)BT_STREAMS_INIT;
}
