/* SPDX-License-Identifier: ISC
 *
 * input - what is wrong with the input, counted and said.
 */

#include "err.h"
#include "input.h"

#define SHOWN 3 /* truncated streams shown in full */

void bagg_input_bad(struct bagg_input *in, const struct bt_lines *l, const char *why)
{
	in->bad++;
	if (bt_badlines_add(&in->lines, why))
		bt_warn("%s:%llu: %s", l->name, (unsigned long long)l->number, why);
}

void bagg_input_file_end(struct bagg_input *in, const struct bt_lines *l)
{
	const struct bt_badlines *b = &in->lines;

	for (unsigned i = 0; i < b->n; i++)
		if (bt_badlines_hidden(b, i) > 0)
			bt_warn("%s: %llu lines in all: %s", l->name, (unsigned long long)b->reasons[i].lines, b->reasons[i].why);
	if (b->lines > 0)
		bt_warn("%s: %llu bad line%s skipped", l->name, (unsigned long long)b->lines, b->lines == 1 ? "" : "s");
	in->lines = (struct bt_badlines)BT_BADLINES_INIT;
}

static void show_warning(const struct bt_rec_in *r)
{
	const struct bt_json_field *f = bt_json_find(r->json, "msg");
	char name[BT_STREAM_NAME], msg[256] = "";

	if (f && f->type == BT_JSON_STRING)
		bt_rec_dim_value(f, msg, sizeof(msg));
	bt_note("%s warns: %s", bt_stream_name(r, name), msg);
}

int bagg_input_other(struct bagg_input *in, const struct bt_rec_in *r)
{
	char name[BT_STREAM_NAME];

	if (r->kind == BT_KIND_WARN) {
		in->warnings++;
		if (in->verbose)
			show_warning(r);
		return 0;
	}
	if (r->kind == BT_KIND_END && r->status.p && !bt_span_is(r->status, "ok")) {
		char status[32];

		bt_span_text(r->status, status, sizeof(status));
		bt_note("%s: ended as %s", bt_stream_name(r, name), status);
	}
	return bt_streams_note(&in->streams, r);
}

void bagg_input_blind(struct bagg_input *in, const struct bt_lines *l)
{
	if (in->blind_said)
		return;
	in->blind_said = true;
	bt_warn("%s:%llu: no histogram that agrees with n: percentiles of its group are unknown (said once)", l->name,
		(unsigned long long)l->number);
}

uint64_t bagg_input_truncated(const struct bagg_input *in)
{
	const char *names[SHOWN];
	uint64_t truncated = bt_streams_truncated(&in->streams, names, SHOWN);

	for (int i = 0; i < SHOWN && names[i]; i++)
		bt_warn("truncated: no end record of %s", names[i]);
	if (truncated > SHOWN)
		bt_warn("truncated: %llu streams in all", (unsigned long long)truncated);
	return truncated;
}

void bagg_input_free(struct bagg_input *in)
{
	bt_streams_free(&in->streams);
}
