/* SPDX-License-Identifier: ISC
 *
 * schedstat - unit tests of the scheduler's counters in /proc and of the length of the tick.
 */
#include <errno.h>

#include "clock.h"
#include "fixture.h"
#include "rng.h"
#include "schedstat.h"
#include "tick.h"
#include "unit.h"

static char dir[64];
static struct bt_src src;

static const char status[] = "Name:\ta b\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4711\nNgid:\t0\nPid:\t4712\nCpus_allowed_list:\t0-1\n"
			     "voluntary_ctxt_switches:\t17\nnonvoluntary_ctxt_switches:\t3\n";

static void test_parse(void)
{
	struct bt_schedstat s;

	CHECK_EQ(bt_schedstat_parse(&s, "123456789 987654321 42\n", status), 0);
	CHECK_EQ(s.count.run_ns, 123456789);
	CHECK_EQ(s.count.wait_ns, 987654321);
	CHECK_EQ(s.count.slices, 42);
	CHECK_EQ(s.count.voluntary, 17);
	CHECK_EQ(s.count.involuntary, 3);
	CHECK_EQ(s.pid, 4711);
	CHECK_EQ(s.state, 'S');
	CHECK_STR(s.comm, "a b");
	CHECK_EQ(bt_schedstat_parse(&s, "18446744073709551615 0 0", status), 0);
	CHECK(s.count.run_ns == UINT64_MAX);
}

static void test_names(void)
{
	struct bt_schedstat s;
	char text[400];

	snprintf(text, sizeof(text), "Name:\tx\\ny\\\\n\\q\\\n%s", strchr(status, '\n') + 1);
	CHECK_EQ(bt_schedstat_parse(&s, "1 2 3\n", text), 0);
	CHECK_STR(s.comm, "x\ny\\n\\q\\");
	/* A name that looks like another line is none: the kernel escapes it. Names of kernel workers are long. */
	snprintf(text, sizeof(text), "Name:\tTgid: 1\\nvoluntary_ctxt_switches: 9\n%s", strchr(status, '\n') + 1);
	CHECK_EQ(bt_schedstat_parse(&s, "1 2 3\n", text), 0);
	CHECK_EQ(s.pid, 4711);
	CHECK_EQ(s.count.voluntary, 17);
	snprintf(text, sizeof(text), "Name:\t%0100d\n%s", 0, strchr(status, '\n') + 1);
	CHECK_EQ(bt_schedstat_parse(&s, "1 2 3\n", text), 0);
	CHECK_EQ(strlen(s.comm), BT_SCHEDSTAT_COMM - 1);
	CHECK_EQ(bt_schedstat_parse(&s, "1 2 3\n", "voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t2\n"), 0);
	CHECK_STR(s.comm, "");
	CHECK_EQ(s.pid, 0);
	CHECK_EQ(s.state, '\0');
}

static void test_bad(void)
{
	static const char *const times[] = {
		"", "\n", "1", "1 2", "1 2 ", "1 2 3 4", "1 2 3\n4", "1  2 3", " 1 2 3", "1 2 -3", "1 2 x", "1 2 3x", "0x1 2 3", "1\n\n2 3",
		"18446744073709551616 0 0", "111111111111111111111111111111111111111111 2 3",
	};
	static const char *const statuses[] = {
		"", "voluntary_ctxt_switches:\t1\n", "nonvoluntary_ctxt_switches:\t1\n", "voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\n",
		"voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t-1\n", "voluntary_ctxt_switches:\tx\nnonvoluntary_ctxt_switches:\t1\n",
		"voluntary_ctxt_switches:\t1 1\nnonvoluntary_ctxt_switches:\t1\n",
		"voluntary_ctxt_switches:\t99999999999999999999999999\nnonvoluntary_ctxt_switches:\t1\n",
	};
	struct bt_schedstat s = { .pid = 7 };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		CHECK_EQ(bt_schedstat_parse(&s, times[i], status), -EINVAL);
		CHECK_EQ(s.pid, 7);
	}
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		CHECK_EQ(bt_schedstat_parse(&s, "1 2 3\n", statuses[i]), -EINVAL);
}

/* Cut anywhere, with any byte changed. */
static void test_hostile(void)
{
	static const char bytes[] = "\n\t :-\\n09xZ";
	struct bt_schedstat s;
	struct bt_rng rng;

	bt_rng_seed(&rng, 1);
	for (unsigned run = 0; run < 20000; run++) {
		size_t len = bt_rng_below(&rng, sizeof(status));
		char *text = malloc(len + 1), times[] = "12 34 56\n";

		memcpy(text, status, len);
		text[len] = '\0';
		if (len > 0)
			text[bt_rng_below(&rng, len)] = bytes[bt_rng_below(&rng, sizeof(bytes))];
		times[bt_rng_below(&rng, sizeof(times) - 1)] = bytes[bt_rng_below(&rng, sizeof(bytes))];
		(void)bt_schedstat_parse(&s, times, text);
		(void)bt_schedstat_parse(&s, "1 2 3\n", text);
		free(text);
	}
}

static void test_read(void)
{
	struct bt_schedstat s;
	char *big = malloc(100000);
	size_t len = 0;

	fixture_text(dir, "/proc/4711/task/4712/schedstat", "5 6 7\n");
	CHECK_EQ(bt_schedstat_read(&s, &src, 4711, 4712), -ESRCH);
	fixture_text(dir, "/proc/4711/task/4712/status", status);
	CHECK_EQ(bt_schedstat_read(&s, &src, 4711, 4712), 0);
	CHECK_EQ(s.count.wait_ns, 6);
	CHECK_EQ(bt_schedstat_read(&s, &src, 4711, 4713), -ESRCH);
	CHECK_EQ(bt_schedstat_read(&s, &src, 1, 1), -ESRCH);
	/* Many groups make the file long, and the counters stand at its end. */
	len += (size_t)snprintf(big, 100, "Name:\tbig\nGroups:\t");
	for (unsigned i = 0; i < 9000; i++)
		len += (size_t)snprintf(big + len, 10, "%u ", 100000 + i);
	memcpy(big + len, strchr(status, '\n'), sizeof(status) - (size_t)(strchr(status, '\n') - status));
	fixture_text(dir, "/proc/4711/task/4714/status", big);
	fixture_text(dir, "/proc/4711/task/4714/schedstat", "1 2 3\n");
	CHECK_EQ(bt_schedstat_read(&s, &src, 4711, 4714), 0);
	CHECK_EQ(s.count.involuntary, 3);
	CHECK_STR(s.comm, "big");
	free(big);
}

static void test_since(void)
{
	const struct bt_schedcount a = { 10, 20, 3, 4, 5 }, b = { 15, 20, 4, 4, 6 };
	struct bt_schedcount d, sum = { 1, 1, 1, 1, 1 };

	CHECK_EQ(bt_schedcount_since(&a, &b, &d), 0);
	CHECK_EQ(d.run_ns, 5);
	CHECK_EQ(d.wait_ns, 0);
	CHECK_EQ(d.slices, 1);
	CHECK_EQ(d.voluntary, 0);
	CHECK_EQ(d.involuntary, 1);
	bt_schedcount_add(&sum, &d);
	CHECK_EQ(sum.run_ns, 6);
	CHECK_EQ(sum.involuntary, 2);
	for (unsigned i = 0; i < 5; i++) {
		struct bt_schedcount back = b;
		uint64_t *const fields[] = { &back.run_ns, &back.wait_ns, &back.slices, &back.voluntary, &back.involuntary };

		*fields[i] = 1;
		d.run_ns = 99;
		CHECK_EQ(bt_schedcount_since(&a, &back, &d), -ERANGE);
		CHECK_EQ(d.run_ns, 99);
	}
}

static void test_live(void)
{
	static const struct bt_src live = { "" };
	struct bt_schedstat before, after;
	struct bt_schedcount d;
	uint32_t pid = (uint32_t)getpid();

	if (!bt_src_exists(&live, "/proc/self/schedstat")) {
		printf("# this kernel has no schedstat\n");
		return;
	}
	CHECK_EQ(bt_schedstat_read(&before, &live, pid, pid), 0);
	CHECK_EQ(before.pid, pid);
	CHECK_EQ(before.state, 'R');
	usleep(1000);
	usleep(1000);
	CHECK_EQ(bt_schedstat_read(&after, &live, pid, pid), 0);
	CHECK_EQ(bt_schedcount_since(&before.count, &after.count, &d), 0);
	CHECK(d.voluntary >= 2 && d.slices >= 2);
}

static void test_config(void)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{ "CONFIG_HZ=250\n", 4000000 }, { "# CONFIG_HZ_100 is not set\nCONFIG_HZ_1000=y\nCONFIG_HZ=1000\nCONFIG_X=y\n", 1000000 },
		{ "CONFIG_HZ=300", 3333333 }, { "CONFIG_HZ=100\r\n", 10000000 }, { "", 0 }, { "\n\n", 0 }, { "CONFIG_HZ_250=y\n", 0 },
		{ "XCONFIG_HZ=250\n", 0 }, { " CONFIG_HZ=250\n", 0 }, { "CONFIG_HZ=\n", 0 }, { "CONFIG_HZ=0\n", 0 }, { "CONFIG_HZ=9\n", 0 },
		{ "CONFIG_HZ=10001\n", 0 }, { "CONFIG_HZ=-250\n", 0 }, { "CONFIG_HZ=250 \n", 0 }, { "CONFIG_HZ=2500000000000000000000\n", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_EQ(bt_tick_config(cases[i].text), cases[i].ns);
}

static void test_tick_files(void)
{
	char command[300];

	CHECK_EQ(bt_tick_ns(&src), 0); /* of another machine nothing can be measured */
	fixture_text(dir, "/proc/sys/kernel/osrelease", "6.1.0-x\n");
	CHECK_EQ(bt_tick_ns(&src), 0);
	fixture_text(dir, "/boot/config-6.1.0-x", "CONFIG_A=y\nCONFIG_HZ=1000\n");
	CHECK_EQ(bt_tick_ns(&src), 1000000);
	fixture_text(dir, "/proc/config.gz", "CONFIG_HZ=100\n"); /* not compressed */
	CHECK_EQ(bt_tick_ns(&src), 1000000);
	fixture_text(dir, "/proc/config.gz", "\x1f\x8b" "junk");
	CHECK_EQ(bt_tick_ns(&src), 1000000);
	snprintf(command, sizeof(command), "(seq 100000; echo CONFIG_HZ=300; seq 10) | gzip >%s/proc/config.gz", dir);
	CHECK_EQ(system(command), 0);
	CHECK_EQ(bt_tick_ns(&src), 3333333);
	snprintf(command, sizeof(command), "truncate -s -8 %s/proc/config.gz", dir);
	CHECK_EQ(system(command), 0);
	CHECK_EQ(bt_tick_ns(&src), 3333333);
	fixture_text(dir, "/proc/sys/kernel/osrelease", "../../etc/passwd\n");
	fixture_text(dir, "/proc/config.gz", "");
	CHECK_EQ(bt_tick_ns(&src), 0);
}

/* A machine that is busy may allow no answer, but a wrong one is wrong. */
static void test_tick_measured(void)
{
	static const struct bt_src live = { "" };
	uint64_t start = bt_clock_monotonic(), known = bt_tick_ns(&live), measured = 0, took;

	for (unsigned i = 0; i < 20 && measured == 0; i++)
		measured = bt_tick_measure(100000000);
	took = bt_clock_monotonic() - start;
	printf("# tick %llu ns, measured %llu, in %llu us\n", (unsigned long long)known, (unsigned long long)measured,
	       (unsigned long long)took / 1000);
	CHECK(measured == 0 || known == 0 || (measured > known / 2 && measured < known * 2));
	CHECK(bt_tick_measure(0) == 0);
}

static const struct unit_test tests[] = {
	{ "reads the counters of a thread", test_parse },
	{ "reads names as they are", test_names },
	{ "refuses what is no counter", test_bad },
	{ "survives any text", test_hostile },
	{ "reads files below a root", test_read },
	{ "subtracts, and notices another thread of the same number", test_since },
	{ "reads its own", test_live },
	{ "finds the tick in a configuration", test_config },
	{ "finds the configuration", test_tick_files },
	{ "measures the tick", test_tick_measured },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	src.root = fixture_dir(dir);
	rc = unit_main(tests, argc, argv);
	fixture_remove(dir);
	return rc;
}
