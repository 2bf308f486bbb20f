/* SPDX-License-Identifier: ISC
 *
 * ioevent - tests of reading I/O calls from records (ioevent), of their paths (confine) and of the plan they make (ioplan).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "confine.h"
#include "ioplan.h"
#include "unit.h"

static void confined(const char *path, size_t len, int want, const char *text)
{
	char out[BT_CONFINE_MAX];
	int rc = bt_confine(path, len, out);

	CHECK_EQ(rc, want);
	if (rc >= 0)
		CHECK_STR(out, text);
}

static void test_confine(void)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{ "/var/lib/db", "var/lib/db" }, { "a", "a" }, { "", "" }, { "/", "" }, { "..", "" }, { "../../etc/passwd", "etc/passwd" },
		{ "/a/../../b", "b" }, { "a/b/../../../c", "c" }, { "//a//./b/", "a/b" }, { "a/...", "a/..." }, { "..a/b..", "..a/b.." },
		{ "a/..", "" }, { "a/b/..", "a" }, { "./.", "" },
	};
	char big[3000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		confined(rows[i].path, strlen(rows[i].path), (int)strlen(rows[i].text), rows[i].text);
	confined("a\0b", 3, -EINVAL, NULL);
	confined("a\nb", 3, -EINVAL, NULL);
	confined("\x7f", 1, -EINVAL, NULL);
	memset(big, 'x', sizeof(big));
	confined(big, 256, -ENAMETOOLONG, NULL);
	for (size_t i = 0; i < sizeof(big); i += 100)
		big[i] = '/';
	confined(big, sizeof(big), -ENAMETOOLONG, NULL);
}

static void mapped(const char *path, const char *want)
{
	static struct bt_confine_map maps[4];
	char out[BT_CONFINE_MAX];

	CHECK_EQ(bt_confine_map_parse(&maps[0], "/var=/v"), 0);
	CHECK_EQ(bt_confine_map_parse(&maps[1], "/var/lib=../deep/lib"), 0);
	CHECK_EQ(bt_confine_map_parse(&maps[2], "srv/=/"), 0);
	CHECK_EQ(bt_confine_map_parse(&maps[3], "/x=y=z"), 0);
	CHECK(bt_confine_mapped(maps, 4, path, out) >= 0);
	CHECK_STR(out, want);
}

static void test_map(void)
{
	struct bt_confine_map m;
	char out[BT_CONFINE_MAX], big[BT_CONFINE_MAX];

	mapped("var/log", "v/log");
	mapped("var", "v");
	mapped("various/log", "various/log");
	mapped("var/lib/db", "deep/lib/db");
	mapped("srv/data", "data");
	mapped("x/1", "y=z/1");
	mapped("other", "other");
	CHECK_EQ(bt_confine_map_parse(&m, "nothing"), -EINVAL);
	CHECK_EQ(bt_confine_map_parse(&m, "a\n=b"), -EINVAL);
	CHECK_EQ(bt_confine_map_parse(&m, "/=all"), 0);
	memset(big, 'b', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	CHECK_EQ(bt_confine_mapped(&m, 1, "a", out), 5);
	CHECK_STR(out, "all/a");
	CHECK_EQ(bt_confine_mapped(&m, 1, big, out), -ENAMETOOLONG);
}

/* The event with these keys behind those that all have. */
static enum bt_io_skip read_event(struct bt_io_event *e, const char *keys)
{
	static struct bt_json json = BT_JSON_INIT;
	static struct bt_rec_in rec;
	static char line[1024];
	const char *why = NULL;

	snprintf(line, sizeof(line), "{\"v\":1,\"kind\":\"event\",%s}", keys);
	CHECK_EQ(bt_rec_parse(&rec, &json, line, strlen(line), &why), 0);
	return bt_io_event(e, &rec);
}

static void test_event(void)
{
	static const char whole[] = "\"ts\":1763661234.123456,\"host\":\"h\",\"tid\":12,\"syscall\":\"pread64\",\"path\":\"/a/b\",\"fd\":3,"
				    "\"size\":8192,\"offset\":4096,\"ret\":100,\"metric\":\"lat\",\"unit\":\"ns\",\"value\":1500";
	struct bt_io_event e;

	CHECK_EQ(read_event(&e, whole), BT_IO_OK);
	CHECK_STR(bt_io_calls[e.call].name, "pread64");
	CHECK_EQ(e.start_ns, 1763661234123456000 - 1500);
	CHECK_EQ(e.lat_ns, 1500);
	CHECK_EQ(e.size, 8192);
	CHECK_EQ(e.offset, 4096);
	CHECK_EQ(e.ret, 100);
	CHECK(e.has_lat && e.has_ret && e.path);
	CHECK_STR(e.file, "/a/b");
	CHECK_STR(e.thread, "h 12");
	CHECK_EQ(bt_io_moved(e.has_ret, e.ret, e.size), 100);
	CHECK_EQ(read_event(&e, "\"ts\":1.000000001,\"syscall\":\"write\",\"ino\":7,\"size\":1,\"offset\":0"), BT_IO_OK);
	CHECK_EQ(e.start_ns, 1000000001);
	CHECK(!e.has_lat && !e.has_ret && !e.path);
	CHECK_STR(e.file, "0-7");
	CHECK_EQ(read_event(&e, "\"ts\":1e3,\"syscall\":\"ftruncate\",\"path\":\"a\",\"len\":5"), BT_IO_OK);
	CHECK_EQ(e.start_ns, 1000000000000);
	CHECK_EQ(e.offset, 5);
	CHECK_EQ(read_event(&e, "\"ts\":1,\"syscall\":\"writev\",\"path\":\"a\",\"ret\":300,\"offset\":1"), BT_IO_OK);
	CHECK_EQ(e.size, 300);
	CHECK_EQ(read_event(&e, "\"ts\":1,\"syscall\":\"read\",\"path\":\"a\",\"ret\":3,\"size\":9223372036854775807,\"offset\":1"), BT_IO_OK);
	CHECK_EQ(e.size, BT_IO_SIZE_MAX);
}

static void test_skips(void)
{
	static const struct {
		const char *keys;
		enum bt_io_skip skip;
	} rows[] = {
		{ "\"ts\":1,\"syscall\":\"openat\",\"path\":\"a\"", BT_IO_SKIP_CALL },
		{ "\"ts\":1,\"path\":\"a\"", BT_IO_SKIP_CALL },
		{ "\"ts\":1,\"syscall\":\"fsync\",\"path\":\"a\",\"metric\":\"waiting\",\"value\":5", BT_IO_SKIP_WAITING },
		{ "\"syscall\":\"fsync\",\"path\":\"a\"", BT_IO_SKIP_TIME },
		{ "\"ts\":-1,\"syscall\":\"fsync\",\"path\":\"a\"", BT_IO_SKIP_TIME },
		{ "\"ts\":1e300,\"syscall\":\"fsync\",\"path\":\"a\"", BT_IO_SKIP_TIME },
		{ "\"ts\":1,\"syscall\":\"fsync\",\"path\":\"a\",\"metric\":\"lat\",\"value\":2e9", BT_IO_SKIP_TIME },
		{ "\"ts\":1,\"syscall\":\"fsync\",\"path\":\"a\",\"metric\":\"lat\",\"value\":-1", BT_IO_SKIP_TIME },
		{ "\"ts\":1,\"syscall\":\"fsync\",\"fd\":3", BT_IO_SKIP_FILE },
		{ "\"ts\":1,\"syscall\":\"write\",\"path\":\"pipe:[1]\",\"size\":1", BT_IO_SKIP_FILE },
		{ "\"ts\":1,\"syscall\":\"write\",\"path\":\"a\",\"size\":1", BT_IO_SKIP_OFFSET },
		{ "\"ts\":1,\"syscall\":\"write\",\"path\":\"a\",\"size\":1,\"offset\":-1", BT_IO_SKIP_OFFSET },
		{ "\"ts\":1,\"syscall\":\"write\",\"path\":\"a\",\"size\":1,\"offset\":9223372036854775807", BT_IO_SKIP_OFFSET },
		{ "\"ts\":1,\"syscall\":\"write\",\"path\":\"a\",\"offset\":1", BT_IO_SKIP_SIZE },
		{ "\"ts\":1,\"syscall\":\"write\",\"path\":\"a\",\"size\":67108865,\"offset\":1", BT_IO_SKIP_SIZE },
		{ "\"ts\":1,\"syscall\":\"write\",\"path\":\"a\",\"size\":9223372036854775808,\"offset\":1", BT_IO_SKIP_SIZE },
		{ "\"ts\":1,\"syscall\":\"write\",\"path\":\"a\",\"size\":1,\"ret\":67108865,\"offset\":1", BT_IO_SKIP_SIZE },
		{ "\"ts\":1,\"syscall\":\"writev\",\"path\":\"a\",\"ret\":-5,\"offset\":1", BT_IO_SKIP_SIZE },
		{ "\"ts\":1,\"syscall\":\"ftruncate\",\"path\":\"a\",\"len\":-1", BT_IO_SKIP_SIZE },
	};
	struct bt_io_event e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		CHECK_EQ(read_event(&e, rows[i].keys), rows[i].skip);
	for (int i = 0; i < BT_IO_SKIPS; i++)
		CHECK(bt_io_skip_name((enum bt_io_skip)i) != NULL);
}

static unsigned call_of(const char *name)
{
	unsigned i = 0;

	while (strcmp(bt_io_calls[i].name, name) != 0)
		i++;
	return i;
}

static void add(struct bt_ioplan *p, const char *name, uint32_t thread, int64_t start, uint64_t lat, uint64_t offset, uint32_t size)
{
	struct bt_io_event e = {
		.call = call_of(name), .start_ns = start, .lat_ns = lat, .has_lat = true, .offset = offset, .size = size, .ret = size,
		.has_ret = true,
	};

	CHECK_EQ(bt_ioplan_add(p, &e, 0, thread), 0);
}

/* Three threads on two workers; the second is recorded late. */
static void test_plan(void)
{
	struct bt_ioplan p = BT_IOPLAN_INIT;

	add(&p, "write", 0, 1000000, 10, 0, 1);
	add(&p, "write", 1, 5000000, 10, 0, 2);
	add(&p, "write", 1, 3000000, 10, 0, 3);
	add(&p, "write", 2, 2000000, 10, 0, 4);
	add(&p, "write", 0, 1000001, 10, 0, 5); /* stamps that overlap by rounding */
	CHECK_EQ(bt_ioplan_make(&p, 2, false), 0);
	CHECK_EQ(p.workers, 2);
	CHECK_EQ(p.n_threads, 3);
	CHECK_EQ(p.length_ns, 4000000);
	CHECK_EQ(p.size_most, 5);
	CHECK_EQ(p.ops[0].size, 1);
	CHECK_EQ(p.ops[1].size, 5);
	CHECK_EQ(p.ops[1].start_ns, 10);
	CHECK_EQ(p.first[1], 3);
	CHECK_EQ(p.first[2], 5);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(p.ops[p.order[i]].thread != 1 && (i == 0 || p.order[i] > p.order[i - 1]));
	CHECK_EQ(p.ops[p.order[3]].size, 3);
	CHECK_EQ(p.ops[p.order[4]].size, 2);
	CHECK_EQ(bt_ioplan_due(&p.ops[4], 2), 2000000);
	CHECK_EQ(bt_ioplan_due(&p.ops[4], 0.5), 8000000);
	CHECK_EQ(bt_ioplan_due(&p.ops[0], 1), 0);
	bt_ioplan_free(&p);
}

/* What overlapped may overlap again; what was over must be over. */
static void test_global(void)
{
	struct bt_ioplan p = BT_IOPLAN_INIT;

	add(&p, "write", 0, 0, 100, 0, 0);
	add(&p, "write", 1, 50, 10, 0, 1);
	add(&p, "write", 2, 60, 0, 0, 2);
	add(&p, "write", 3, 60, 0, 0, 3);
	add(&p, "write", 1, 100, 10, 0, 4);
	CHECK_EQ(bt_ioplan_make(&p, 8, true), 0);
	CHECK_EQ(p.needs[0], 0);
	CHECK_EQ(p.needs[1], 0);
	CHECK_EQ(p.needs[2], 1); /* that which ended at 60 */
	CHECK_EQ(p.needs[3], 1);
	CHECK_EQ(p.needs[4], 4);
	CHECK_EQ(p.rank[1], 0);
	CHECK_EQ(p.rank[0], 3);
	CHECK_EQ(p.rank[4], 4);
	bt_ioplan_free(&p);
}

static uint64_t layout_of(struct bt_ioplan *p, uint64_t bytes)
{
	uint64_t layout;

	CHECK_EQ(bt_ioplan_make(p, 1, false), 0);
	CHECK_EQ(bt_ioplan_bytes(p), bytes);
	layout = p->files[0].layout;
	bt_ioplan_free(p);
	return layout;
}

static void test_layout(void)
{
	struct bt_ioplan p = BT_IOPLAN_INIT;

	add(&p, "read", 0, 0, 1, 8192, 4096);
	add(&p, "read", 0, 10, 1, 1 << 20, 0); /* at the end of the file */
	CHECK_EQ(layout_of(&p, 12288), 12288);
	/* Its own data, read back. */
	add(&p, "write", 0, 0, 1, 0, 4096);
	add(&p, "write", 0, 10, 1, 4096, 4096);
	add(&p, "read", 0, 20, 1, 0, 8192);
	CHECK_EQ(layout_of(&p, 8192), 0);
	/* Appends to what was there. */
	add(&p, "read", 0, 0, 1, 0, 4096);
	add(&p, "write", 0, 10, 1, 4096, 4096);
	add(&p, "read", 0, 20, 1, 0, 8192);
	CHECK_EQ(layout_of(&p, 8192), 4096);
	/* A hole in between would be read. */
	add(&p, "write", 0, 10, 1, 1 << 20, 4096);
	add(&p, "read", 0, 20, 1, 0, 4096);
	CHECK_EQ(layout_of(&p, 8192), 4096);
	/* Read before it was written. */
	add(&p, "write", 0, 100000, 1, 0, 4096);
	add(&p, "read", 0, 5, 1, 0, 4096);
	CHECK_EQ(layout_of(&p, 4096), 4096);
	/* Cut off and read again. */
	add(&p, "write", 0, 0, 1, 0, 4096);
	add(&p, "ftruncate", 0, 10, 1, 1024, 0);
	add(&p, "read", 0, 20, 1, 0, 4096);
	CHECK_EQ(layout_of(&p, 4096), 4096);
	/* Far away. */
	add(&p, "write", 0, 0, 1, 1ull << 62, 4096);
	CHECK_EQ(layout_of(&p, 4096), 0);
}

static void test_limits(void)
{
	struct bt_ioplan p = BT_IOPLAN_INIT;
	struct bt_io_event e = { .call = 0 };

	CHECK_EQ(bt_ioplan_add(&p, &e, 0, BT_IO_THREADS_MAX), -E2BIG);
	CHECK_EQ(bt_ioplan_make(&p, 4, true), 0); /* empty */
	bt_ioplan_free(&p);
}

static const struct unit_test tests[] = {
	{ "paths stay below a directory", test_confine },
	{ "prefixes of paths are mapped", test_map },
	{ "an event is understood", test_event },
	{ "what cannot be replayed is told apart", test_skips },
	{ "calls by start, threads on workers", test_plan },
	{ "one order for all", test_global },
	{ "what is read is there before", test_layout },
	{ "limits", test_limits },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
