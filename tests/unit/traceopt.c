/* SPDX-License-Identifier: ISC
 *
 * traceopt - unit tests of the options of tracers.
 */
#include <errno.h>
#include <stdlib.h>

#include "traceopt.h"
#include "unit.h"

static const struct bt_opt table[] = { BT_OPTS_TRACE, BT_OPTS_COMMON, BT_OPTS_END };
static struct bt_trace_opts t;
static struct bt_opts o;

/* Scan words (at most 24) into t; 0, or -EINVAL with o.error set. */
static int scan(const char *const *words)
{
	static char *argv[26];
	int argc = 1, key;

	argv[0] = "tool";
	for (; *words; words++)
		argv[argc++] = (char *)*words;
	argv[argc] = NULL;
	memset(&t, 0, sizeof(t));
	bt_opts_init(&o, table, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		if (!bt_trace_option(&t, &o, key))
			CHECK(key == 'q' || key == 'v');
	return key;
}

#define SCAN(...) scan((const char *const[]){ __VA_ARGS__, NULL })

static void test_none(void)
{
	CHECK_EQ(SCAN("-q", "-v"), 0);
	CHECK(!t.given && !t.keys && !t.cgroup && !t.tree);
	CHECK(t.n_pids == 0 && t.n_allow == 0 && t.n_deny == 0 && t.n_cpus == 0);
	CHECK(t.attach == BT_ATTACH_AUTO && t.max_groups == 0 && t.max_tasks == 0 && t.digits == 0);
}

static void test_all(void)
{
	CHECK_EQ(SCAN("-q", "--tree", "-p", "7,9-11", "-C", "a*", "-C", "!ab", "-C", "b?", "-k", "pid,comm", "--cgroup", "/tmp",
		      "--on-cpus", "0-1,1023", "--attach", "raw", "--max-groups", "5"), 0);
	CHECK_STR(t.given, "tree");
	CHECK(t.tree);
	CHECK_EQ(t.n_pids, 4);
	CHECK(t.pids[0] == 7 && t.pids[1] == 9 && t.pids[3] == 11);
	CHECK(t.n_allow == 2 && t.n_deny == 1);
	CHECK_STR(t.allow[0], "a*");
	CHECK_STR(t.allow[1], "b?");
	CHECK_STR(t.deny[0], "ab");
	CHECK_STR(t.keys, "pid,comm");
	CHECK_STR(t.cgroup, "/tmp");
	CHECK(t.n_cpus == 3 && t.cpus[1] == 1 && t.cpus[2] == 1023);
	CHECK_EQ(t.attach, BT_ATTACH_RAW);
	CHECK_EQ(t.max_groups, 5);
	CHECK_EQ(SCAN("-p1-3", "-p4"), 0); /* the last one counts */
	CHECK(t.n_pids == 1 && t.pids[0] == 4);
	CHECK_STR(t.given, "pid");
}

static void test_attach(void)
{
	static const char *const names[] = { "auto", "btf", "raw", "classic" };

	for (unsigned i = 0; i < 4; i++) {
		CHECK_EQ(SCAN("--attach", names[i]), 0);
		CHECK_EQ(t.attach, i);
	}
}

/* Each end of each range, and what lies beyond it. */
static void test_ranges(void)
{
	static const struct {
		const char *option, *low, *high, *below, *above;
	} rows[] = {
		{ "--pid", "1", "4194304", "0", "4194305" },
		{ "--on-cpus", "0", "1023", "-1", "1024" },
		{ "--max-groups", "1", "1048576", "0", "1048577" },
		{ "--max-tasks", "1", "4194304", "0", "4194305" },
		{ "--digits", "1", "2", "0", "3" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_EQ(SCAN(rows[i].option, rows[i].low), 0);
		CHECK_EQ(SCAN(rows[i].option, rows[i].high), 0);
		CHECK_EQ(SCAN(rows[i].option, rows[i].below), -EINVAL);
		CHECK(strstr(o.error, rows[i].option) && strstr(o.error, rows[i].below));
		CHECK_EQ(SCAN(rows[i].option, rows[i].above), -EINVAL);
		CHECK(strstr(o.error, rows[i].option) && strstr(o.error, rows[i].above));
	}
	CHECK_EQ(SCAN("-p", "1-1024"), 0);
	CHECK_EQ(t.n_pids, BT_TRACE_PIDS);
}

static void test_errors(void)
{
	static const struct {
		const char *option, *arg, *error;
	} rows[] = {
		{ "-p", "1-1025", "-p, --pid: more than 1024 entries in '1-1025'" },
		{ "-p", "0", "-p, --pid: '0': there is no process 0" },
		{ "-p", "5,0-3", "-p, --pid: '5,0-3': there is no process 0" },
		{ "-p", "x", "-p, --pid: 'x' is no list such as 0,2-5 of numbers up to 4194304" },
		{ "-p", "1,", "-p, --pid: '1,' is no list such as 0,2-5 of numbers up to 4194304" },
		{ "-C", "", "-C, --comm: '': a pattern of 1 to 16 bytes is accepted, with * and ?" },
		{ "-C", "!", "-C, --comm: '!': a pattern of 1 to 16 bytes is accepted, with * and ?" },
		{ "-C", "12345678901234567", "-C, --comm: '12345678901234567': a pattern of 1 to 16 bytes is accepted, with * and ?" },
		{ "--attach", "kprobe", "--attach: 'kprobe' is none of auto, btf, raw or classic" },
		{ "--cgroup", "/no/such/dir", "--cgroup: /no/such/dir: No such file or directory" },
		{ "--cgroup", "/dev/null", "--cgroup: /dev/null: Not a directory" },
		{ "--digits", "two", "--digits: 'two' is no such value; a whole number from 1 to 2 is accepted" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_EQ(SCAN(rows[i].option, rows[i].arg), -EINVAL);
		CHECK_STR(o.error, rows[i].error);
	}
	CHECK_EQ(SCAN("-C", "1234567890123456", "-C", "!1234567890123456"), 0);
}

static void test_many_patterns(void)
{
	CHECK_EQ(SCAN("-Ca", "-Cb", "-Cc", "-Cd", "-Ce", "-Cf", "-Cg", "-Ch", "-C!a", "-C!b", "-C!c", "-C!d", "-C!e", "-C!f", "-C!g",
		      "-C!h"), 0);
	CHECK(t.n_allow == BT_TRACE_GLOBS && t.n_deny == BT_TRACE_GLOBS);
	CHECK_STR(t.allow[7], "h");
	CHECK_STR(t.deny[7], "h");
	CHECK_EQ(SCAN("-Ca", "-Cb", "-Cc", "-Cd", "-Ce", "-Cf", "-Cg", "-Ch", "-Ci"), -EINVAL);
	CHECK_STR(o.error, "-C, --comm: at most 8 patterns to take are accepted");
	CHECK_EQ(SCAN("-C!a", "-C!b", "-C!c", "-C!d", "-C!e", "-C!f", "-C!g", "-C!h", "-C!i"), -EINVAL);
	CHECK_STR(o.error, "-C, --comm: at most 8 patterns to leave out are accepted");
}

static void test_conflict(void)
{
	CHECK_EQ(SCAN("-k", "pid"), 0);
	CHECK(!bt_trace_conflict(&t, false) && !bt_trace_conflict(&t, true));
	CHECK_EQ(SCAN("-p", "1", "--tree"), 0);
	CHECK(!bt_trace_conflict(&t, false));
	CHECK_STR(bt_trace_conflict(&t, true), "-p and a COMMAND exclude each other");
	CHECK_EQ(SCAN("--tree"), 0);
	CHECK(strncmp(bt_trace_conflict(&t, false), "--tree: ", 8) == 0);
	CHECK(strncmp(bt_trace_conflict(&t, true), "--tree: ", 8) == 0);
}

static void test_keys(void)
{
	static const char *const known[] = { "pid", "tid", "comm", NULL };
	static const struct {
		const char *list, *bad; /* bad NULL: none */
		uint32_t bits;
	} rows[] = {
		{ "pid", NULL, 1 }, { "tid", NULL, 2 }, { "comm,pid", NULL, 5 }, { "pid,tid,comm", NULL, 7 }, { "tid,tid", NULL, 2 },
		{ "", "", 0 }, { "pid,", "", 0 }, { ",pid", "", 0 }, { "pid,,tid", "", 0 }, { "pi", "pi", 0 }, { "pids", "pids", 0 },
		{ "none", NULL, 0 }, { "none,pid", "none", 0 }, { "pid,none", "none", 0 }, { "non", "non", 0 },
		{ "pid,CPU,x", "CPU", 0 }, { "pid tid", "pid tid", 0 },
		{ "a-name-of-31-bytes-is-not-cut:),x", "a-name-of-31-bytes-is-not-cut:)", 0 },
		{ "a-name-of-more-than-31-bytes-is-cut,x", "a-name-of-more-than-31-bytes-is", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char bad[32] = "untouched";
		uint32_t bits = 99;

		CHECK_EQ(bt_trace_keys(rows[i].list, known, &bits, bad), rows[i].bad ? -EINVAL : 0);
		CHECK_EQ(bits, rows[i].bad ? 99 : rows[i].bits);
		CHECK_STR(bad, rows[i].bad ? rows[i].bad : "untouched");
	}
}

static const struct unit_test tests[] = {
	{ "takes no option for any", test_none },
	{ "takes all options", test_all },
	{ "knows how to attach", test_attach },
	{ "accepts each range to its ends", test_ranges },
	{ "names what is wrong", test_errors },
	{ "takes so many patterns", test_many_patterns },
	{ "says what excludes each other", test_conflict },
	{ "turns a list of keys to bits", test_keys },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
