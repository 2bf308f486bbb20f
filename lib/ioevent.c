/* SPDX-License-Identifier: ISC
 *
 * ioevent - what an event record says about one I/O call.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ioevent.h"

#define NS 1000000000
#define SECONDS_MAX 9000000000 /* 2255: nanoseconds stay below 2^63 */

const struct bt_io_call bt_io_calls[BT_IO_CALLS] = {
	{ "read", BT_IO_READ }, { "pread64", BT_IO_READ }, { "pread", BT_IO_READ }, { "readv", BT_IO_READ }, { "preadv", BT_IO_READ },
	{ "preadv2", BT_IO_READ }, { "write", BT_IO_WRITE }, { "pwrite64", BT_IO_WRITE }, { "pwrite", BT_IO_WRITE },
	{ "writev", BT_IO_WRITE }, { "pwritev", BT_IO_WRITE }, { "pwritev2", BT_IO_WRITE }, { "fsync", BT_IO_SYNC },
	{ "fdatasync", BT_IO_DATASYNC }, { "ftruncate", BT_IO_TRUNCATE },
};

const char *bt_io_skip_name(enum bt_io_skip skip)
{
	static const char *const names[BT_IO_SKIPS] = {
		[BT_IO_OK] = "none", [BT_IO_SKIP_CALL] = "call", [BT_IO_SKIP_WAITING] = "waiting", [BT_IO_SKIP_TIME] = "time",
		[BT_IO_SKIP_FILE] = "file", [BT_IO_SKIP_PATH] = "path", [BT_IO_SKIP_OFFSET] = "offset", [BT_IO_SKIP_SIZE] = "size",
	};

	return names[skip];
}

uint64_t bt_io_moved(bool has_ret, int64_t ret, uint32_t size)
{
	if (!has_ret)
		return size;
	return ret > 0 ? (uint64_t)ret : 0;
}

/* An integer of that name from min to max. Returns 1, 0 when there is none, -1 when it is something else. */
static int integer(const struct bt_rec_in *r, const char *name, int64_t min, int64_t max, int64_t *out)
{
	const struct bt_json_field *f = bt_json_find(r->json, name);
	struct bt_number v;

	if (!f || f->type == BT_JSON_NULL)
		return 0;
	if (f->type != BT_JSON_NUMBER || bt_json_number(f->val, f->val_len, &v) < 0 || !v.integer || v.i < min || v.i > max)
		return -1;
	*out = (int64_t)v.i;
	return 1;
}

/* A scalar as text. Returns its length; 0: there is none. */
static size_t text(const struct bt_rec_in *r, const char *name, char *out, size_t cap)
{
	const struct bt_json_field *f = bt_json_find(r->json, name);

	if (!f || (f->type != BT_JSON_STRING && f->type != BT_JSON_NUMBER))
		return 0;
	return bt_rec_dim_value(f, out, cap);
}

static bool find_call(struct bt_io_event *e, const struct bt_rec_in *r)
{
	char name[32];

	if (text(r, "syscall", name, sizeof(name)) == 0)
		return false;
	for (e->call = 0; e->call < BT_IO_CALLS; e->call++)
		if (!strcmp(bt_io_calls[e->call].name, name))
			return true;
	return false;
}

/* Seconds with decimals, exact where they are written plainly: a double of today's time has steps of 238 ns. */
static int64_t exact_ns(const struct bt_rec_in *r)
{
	const struct bt_json_field *f = bt_json_find(r->json, "ts");
	int64_t whole = 0, part = 0, unit = NS;
	const char *p = f->val, *end = f->val + f->val_len;

	for (; p < end && *p >= '0' && *p <= '9'; p++)
		whole = whole * 10 + (*p - '0');
	if (p < end && *p == '.')
		for (p++; p < end && *p >= '0' && *p <= '9'; p++)
			if (unit > 1) {
				unit /= 10;
				part += (*p - '0') * unit;
			}
	return p == end ? whole * NS + part : (int64_t)(r->ts * NS);
}

static bool find_time(struct bt_io_event *e, const struct bt_rec_in *r)
{
	const struct bt_json_field *f = bt_json_find(r->json, "ts");

	if (isnan(r->ts) || r->ts < 0 || r->ts > SECONDS_MAX || f->val_len > 32)
		return false;
	e->start_ns = exact_ns(r);
	e->has_lat = r->has_value && r->value.f >= 0 && r->value.f <= (double)e->start_ns;
	if (r->has_value && !e->has_lat)
		return false;
	e->lat_ns = e->has_lat ? (uint64_t)r->value.f : 0;
	e->start_ns -= (int64_t)e->lat_ns;
	return true;
}

/* As the kernel shows what is no file in a directory. */
static bool is_nameless(const char *path)
{
	static const char *const words[] = { "pipe:[", "socket:[", "anon_inode:", "/memfd:" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strncmp(path, words[i], strlen(words[i])))
			return true;
	return false;
}

static bool find_file(struct bt_io_event *e, const struct bt_rec_in *r)
{
	char dev[32], ino[32];

	e->file_len = text(r, "path", e->file, sizeof(e->file));
	e->path = e->file_len > 0;
	if (e->path)
		return !is_nameless(e->file);
	e->file_len = text(r, "file", e->file, sizeof(e->file));
	if (e->file_len > 0)
		return true;
	if (text(r, "ino", ino, sizeof(ino)) == 0)
		return false;
	if (text(r, "dev", dev, sizeof(dev)) == 0)
		snprintf(dev, sizeof(dev), "0");
	e->file_len = (size_t)snprintf(e->file, sizeof(e->file), "%s-%s", dev, ino);
	return true;
}

static void find_thread(struct bt_io_event *e, const struct bt_rec_in *r)
{
	char tid[32], host[256];

	bt_span_text(r->host, host, sizeof(host));
	if (text(r, "tid", tid, sizeof(tid)) == 0 && text(r, "pid", tid, sizeof(tid)) == 0)
		tid[0] = '\0';
	e->thread_len = (size_t)snprintf(e->thread, sizeof(e->thread), "%s %s", host, tid);
}

/* How many bytes; a read that ended early may have asked for more than we have room for. */
static enum bt_io_skip find_size(struct bt_io_event *e, const struct bt_rec_in *r)
{
	int64_t size = 0;
	int known = integer(r, "size", 0, INT64_MAX, &size);

	if (known == 0 && e->has_ret && e->ret >= 0) {
		size = e->ret; /* of vectors */
		known = 1;
	}
	if (known != 1 || e->ret > BT_IO_SIZE_MAX || (size > BT_IO_SIZE_MAX && !e->has_ret))
		return BT_IO_SKIP_SIZE;
	e->size = size > BT_IO_SIZE_MAX ? BT_IO_SIZE_MAX : (uint32_t)size;
	return BT_IO_OK;
}

static enum bt_io_skip find_place(struct bt_io_event *e, const struct bt_rec_in *r)
{
	int64_t offset = 0;
	enum bt_io_skip skip;

	switch (bt_io_calls[e->call].what) {
	case BT_IO_READ:
	case BT_IO_WRITE:
		skip = find_size(e, r);
		if (skip)
			return skip;
		if (integer(r, "offset", 0, INT64_MAX - BT_IO_SIZE_MAX, &offset) != 1)
			return BT_IO_SKIP_OFFSET;
		break;
	case BT_IO_TRUNCATE:
		if (integer(r, "len", 0, INT64_MAX, &offset) != 1 && integer(r, "size", 0, INT64_MAX, &offset) != 1)
			return BT_IO_SKIP_SIZE;
		break;
	default:
		break;
	}
	e->offset = (uint64_t)offset;
	return BT_IO_OK;
}

enum bt_io_skip bt_io_event(struct bt_io_event *e, const struct bt_rec_in *r)
{
	int known;

	*e = (struct bt_io_event){ .call = 0 };
	if (!find_call(e, r))
		return BT_IO_SKIP_CALL;
	if (r->metric.p && !bt_span_is(r->metric, "lat"))
		return BT_IO_SKIP_WAITING;
	if (!find_time(e, r))
		return BT_IO_SKIP_TIME;
	if (!find_file(e, r))
		return BT_IO_SKIP_FILE;
	known = integer(r, "ret", -4095, INT64_MAX, &e->ret);
	if (known < 0)
		return BT_IO_SKIP_SIZE;
	e->has_ret = known > 0;
	find_thread(e, r);
	return find_place(e, r);
}
