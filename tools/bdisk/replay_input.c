/* SPDX-License-Identifier: ISC
 *
 * replay_input - reads a recording: events become the plan, the rest is counted.
 */
#include <errno.h>
#include <string.h>

#include "err.h"
#include "recread.h"
#include "replay.h"
#include "streams.h"

static void bad_line(struct replay *r, const struct bt_lines *l, const char *why)
{
	if (bt_badlines_add(&r->bad, why))
		bt_warn("%s:%llu: %s", l->name, (unsigned long long)l->number, why);
}

static void say_bad_lines(const struct bt_badlines *b, const char *name)
{
	for (unsigned i = 0; i < b->n; i++)
		if (bt_badlines_hidden(b, i) > 0)
			bt_warn("%s: %llu lines in all: %s", name, (unsigned long long)b->reasons[i].lines, b->reasons[i].why);
	if (b->lines > 0)
		bt_warn("%s: %llu bad line%s skipped", name, (unsigned long long)b->lines, b->lines == 1 ? "" : "s");
}

/* The number of the file, by its path as mapped or by what else names it. -EINVAL: no such path can be. */
static int64_t number_file(struct replay *r, const struct bt_io_event *e)
{
	char plain[BT_CONFINE_MAX], name[BT_CONFINE_MAX + 1];
	bool added;
	int len = bt_confine(e->file, e->file_len, plain);

	if (len >= 0 && e->path)
		len = bt_confine_mapped(replay_opts.maps, replay_opts.n_maps, plain, name + 1);
	else if (len >= 0)
		memcpy(name + 1, plain, (size_t)len + 1);
	if (len <= 0)
		return -EINVAL;
	name[0] = e->path ? 'p' : 'i';
	return bt_intern(&r->files, name, (size_t)len + 2, &added);
}

static _Noreturn void too_much(const struct replay *r, int64_t rc)
{
	if (rc == -E2BIG)
		bt_die(BT_EXIT_USAGE, "too large a recording: at most %u calls of %u threads are held in memory; -n takes the first N calls",
		       BT_IO_OPS_MAX, BT_IO_THREADS_MAX);
	bt_die(BT_EXIT_UNABLE, "no memory for more than %u calls: %s; -n takes the first N calls", r->plan.n, strerror((int)-rc));
}

static void take_event(struct replay *r, const struct bt_rec_in *rec)
{
	static struct bt_io_event e;
	enum bt_io_skip skip = bt_io_event(&e, rec);
	int64_t file, thread;
	bool added;
	int rc;

	file = skip ? 0 : number_file(r, &e);
	if (file == -EINVAL) {
		skip = BT_IO_SKIP_PATH;
		file = 0;
	}
	r->skipped[skip]++;
	if (skip)
		return;
	thread = bt_intern(&r->threads, e.thread, e.thread_len, &added);
	if (file < 0 || thread < 0)
		too_much(r, file < 0 ? file : thread);
	rc = bt_ioplan_add(&r->plan, &e, (uint32_t)file, (uint32_t)thread);
	if (rc < 0)
		too_much(r, rc);
}

static void take_record(struct replay *r, struct bt_streams *streams, const struct bt_rec_in *rec)
{
	if (rec->kind == BT_KIND_EVENT) {
		take_event(r, rec);
		return;
	}
	r->others++;
	r->lost += rec->lost;
	if (rec->kind == BT_KIND_RESULT && rec->has_value && rec->value.f > 0 && rec->value.integer && rec->value.i < INT64_MAX &&
	    (bt_span_is(rec->metric, "lost") || bt_span_is(rec->metric, "left_out")))
		r->lost += (uint64_t)rec->value.i;
	if (bt_streams_note(streams, rec) < 0)
		too_much(r, -ENOMEM);
}

/* Returns false at the end. */
static bool take_line(struct replay *r, struct bt_lines *l, struct bt_streams *streams)
{
	static struct bt_json json = BT_JSON_INIT;
	static struct bt_rec_in rec;
	const char *line, *why = NULL;
	size_t len;
	int got = bt_lines_next(l, &line, &len);

	switch (got) {
	case BT_LINE_EOF:
		return false;
	case BT_LINE_TOO_LONG:
		bad_line(r, l, "the line is too long");
		return true;
	case BT_LINE_OK:
	case BT_LINE_PARTIAL:
		got = bt_rec_parse(&rec, &json, line, len, &why);
		if (got == -ENOMEM)
			too_much(r, got);
		if (got < 0)
			bad_line(r, l, why);
		else
			take_record(r, streams, &rec);
		return true;
	default:
		bt_die(BT_EXIT_USAGE, "%s: %s", l->name, l->error ? l->error : strerror(-got));
	}
}

static _Noreturn void nothing(const struct replay *r, const char *name)
{
	uint64_t events = 0;

	for (unsigned i = 1; i < BT_IO_SKIPS; i++)
		events += r->skipped[i];
	bt_die(BT_EXIT_USAGE, "%s: no call that can be replayed, among %llu events and %llu other records", name,
	       (unsigned long long)events, (unsigned long long)r->others);
}

void replay_read(struct replay *r)
{
	struct bt_streams streams = BT_STREAMS_INIT;
	uint64_t most = r->b->tool.load.count ? r->b->tool.load.count : UINT64_MAX;
	struct bt_lines l;
	int rc = bt_lines_open(&l, r->b->input);

	if (rc < 0)
		bt_die(BT_EXIT_USAGE, "%s: %s", r->b->input, strerror(-rc));
	while (r->plan.n < most && take_line(r, &l, &streams))
		;
	say_bad_lines(&r->bad, l.name);
	if (r->plan.n == 0)
		nothing(r, l.name);
	if (r->plan.n < most)
		r->truncated = bt_streams_truncated(&streams, NULL, 0);
	bt_streams_free(&streams);
	bt_lines_close(&l);
}
