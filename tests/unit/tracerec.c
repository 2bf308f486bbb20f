/* SPDX-License-Identifier: ISC
 *
 * tracerec - unit tests of the parts that records of tracers share, as they are written.
 */
#include <stdbool.h>

#include "tracerec.h"
#include "unit.h"

static const struct bt_rec_source source = { .run = "00000000", .host = "h", .tool = "t" };

/* The record as JSON from its first dimension on, up to the closing brace. */
static const char *dims(const struct bt_rec *r)
{
	static char line[BT_REC_MAX];
	int len = bt_rec_json(r, &source, NULL, line);
	const char *start;

	CHECK(len > 0);
	line[len > 2 ? len - 2 : 0] = '\0';
	start = strstr(line, "\"tool\":\"t\"");
	return start ? start + strlen("\"tool\":\"t\"") : line;
}

static const struct trace_key full = {
	.pid = 10, .tid = 11, .ns_pid = 1, .ns_tid = 2, .cpu = 3, .prio = -1, .cgroup = 4711, .comm = "name"
};

static const char *key_dims(const struct trace_key *key, uint32_t keys)
{
	struct bt_cgroupnames names = BT_CGROUPNAMES_INIT;
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_EVENT);
	r.ts_us = 1;
	bt_tracerec_key(&r, key, keys, &names);
	return dims(&r);
}

static void test_each_key(void)
{
	CHECK_STR(key_dims(&full, 0), "");
	CHECK_STR(key_dims(&full, TRACE_KEY_PID), ",\"pid\":10,\"ns_pid\":1");
	CHECK_STR(key_dims(&full, TRACE_KEY_TID), ",\"tid\":11,\"ns_tid\":2");
	CHECK_STR(key_dims(&full, TRACE_KEY_COMM), ",\"comm\":\"name\"");
	CHECK_STR(key_dims(&full, TRACE_KEY_CGROUP), ",\"cgroup\":4711");
	CHECK_STR(key_dims(&full, TRACE_KEY_CPU), ",\"cpu\":3");
	CHECK_STR(key_dims(&full, TRACE_KEY_PRIO), ",\"prio\":-1");
	CHECK_STR(key_dims(&full, TRACE_KEY_SYSCALL), ""); /* the tool's own matter */
	CHECK_STR(key_dims(&full, TRACE_KEY_PID | TRACE_KEY_TID | TRACE_KEY_COMM | TRACE_KEY_CGROUP | TRACE_KEY_CPU | TRACE_KEY_PRIO),
		  ",\"pid\":10,\"ns_pid\":1,\"tid\":11,\"ns_tid\":2,\"comm\":\"name\",\"cgroup\":4711,\"cpu\":3,\"prio\":-1");
}

static void test_namespaces(void)
{
	struct trace_key key = full;

	key.ns_pid = 10;
	key.ns_tid = 0; /* not known */
	CHECK_STR(key_dims(&key, TRACE_KEY_PID | TRACE_KEY_TID), ",\"pid\":10,\"tid\":11");
	key.ns_pid = 11;
	CHECK_STR(key_dims(&key, TRACE_KEY_PID), ",\"pid\":10,\"ns_pid\":11");
}

static void test_comm(void)
{
	struct trace_key key = full;

	memcpy(key.comm, "sixteen bytes, y", TRACE_COMM);
	key.prio = 0x41414141; /* what stands behind it must not be taken for it */
	CHECK_STR(key_dims(&key, TRACE_KEY_COMM), ",\"comm\":\"sixteen bytes, y\"");
	memset(key.comm, 0, TRACE_COMM);
	CHECK_STR(key_dims(&key, TRACE_KEY_COMM), ",\"comm\":\"\"");
	memcpy(key.comm, "a\0rest", 6);
	CHECK_STR(key_dims(&key, TRACE_KEY_COMM), ",\"comm\":\"a\"");
	memcpy(key.comm, "\"\n\xff", 4);
	CHECK_STR(key_dims(&key, TRACE_KEY_COMM), ",\"comm\":\"\\\"\\n\xef\xbf\xbd\"");
}

static void test_cgroup(void)
{
	struct bt_cgroupname list[] = { { 4711, "/a/b" }, { 4712, NULL } };
	struct bt_cgroupnames names = { .mount = "", .list = list, .n = 2, .cap = 2 };
	struct trace_key key = full;
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_EVENT);
	bt_tracerec_key(&r, &key, TRACE_KEY_CGROUP, &names);
	CHECK_STR(dims(&r), ",\"cgroup\":\"/a/b\"");
	key.cgroup = 4712;
	bt_rec_init(&r, BT_KIND_EVENT);
	bt_tracerec_key(&r, &key, TRACE_KEY_CGROUP, &names);
	CHECK_STR(dims(&r), ",\"cgroup\":4712");
}

/* The names are in the order of the bits. */
static void test_names(void)
{
	static const uint32_t bits[] = {
		TRACE_KEY_PID, TRACE_KEY_TID, TRACE_KEY_COMM, TRACE_KEY_CGROUP, TRACE_KEY_CPU, TRACE_KEY_PRIO, TRACE_KEY_SYSCALL
	};
	size_t n = sizeof(bits) / sizeof(bits[0]);
	char want[32];

	for (size_t i = 0; i < n; i++)
		CHECK_EQ(bits[i], 1u << i);
	for (size_t i = 0; i + 1 < n; i++) { /* each but the last is the key that is written */
		snprintf(want, sizeof(want), ",\"%s\":", bt_trace_key_names[i]);
		CHECK(strncmp(key_dims(&full, bits[i]), want, strlen(want)) == 0);
	}
	CHECK_STR(bt_trace_key_names[n - 1], "syscall");
}

static void test_max(void)
{
	struct bt_trace_max max = { .ns = 5, .ts_ns = 2123456999, .pid = 10, .tid = 11 };
	struct bt_rec r;

	memcpy(max.comm, "sixteen bytes, y", TRACE_COMM);
	bt_rec_init(&r, BT_KIND_EVENT);
	bt_tracerec_max(&r, &max, 1700000000000000);
	CHECK_STR(dims(&r), ",\"max_ts\":1700000002.123456,\"max_pid\":10,\"max_tid\":11,\"max_comm\":\"sixteen bytes, y\"");
	max.ts_ns = 0;
	bt_rec_init(&r, BT_KIND_EVENT);
	bt_tracerec_max(&r, &max, 1700000000000000);
	CHECK_STR(dims(&r), "");
}

static const struct unit_test tests[] = {
	{ "writes each key that groups are told apart by", test_each_key },
	{ "writes numbers of a namespace only where they differ", test_namespaces },
	{ "takes names of all lengths and bytes", test_comm },
	{ "names control groups, or numbers them", test_cgroup },
	{ "has names in the order of bits", test_names },
	{ "says whose the largest value was, if that is known", test_max },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
