/* SPDX-License-Identifier: ISC
 *
 * proctask - unit tests of reading the files of a task.
 */
#include <errno.h>

#include "fixture.h"
#include "proctask.h"
#include "src.h"
#include "unit.h"

static const char sample[] = "4711 (a) S 1 (b)) R 17 3 2 0 -1 4194560 9 8 7 6 5 4 3 2 20 0 11 0 123456 10000 11 18446744073709551615 1 1 0\n";

static void test_stat(void)
{
	struct taskfig f = { .wait_ns = 99 };

	CHECK_EQ(bt_proctask_stat(sample, 4096, &f), 0);
	CHECK_EQ(f.tid, 4711);
	CHECK(strcmp(f.comm, "a) S 1 (b)") == 0);
	CHECK_EQ(f.zombie, 0);
	CHECK_EQ(f.ppid, 17);
	CHECK_EQ(f.flags, 4194560);
	CHECK_EQ(f.minor, 9);
	CHECK_EQ(f.major, 7);
	CHECK_EQ(f.user_ns, 50000000);
	CHECK_EQ(f.sys_ns, 40000000);
	CHECK_EQ(f.threads, 11);
	CHECK_EQ(f.start_ns, 1234560000000);
	CHECK_EQ(f.rss_bytes, 11 * 4096);
	CHECK_EQ(f.known, TASKFIG_CPU | TASKFIG_FAULTS | TASKFIG_THREADS | TASKFIG_RSS);
	CHECK_EQ(f.wait_ns, 99);
}

/* comm is cut as the kernel cuts it; the /proc of newer kernels adds to a worker's name what it works on. */
static void test_names(void)
{
	static const struct { const char *text, *comm; } names[] = {
		{ "1 (0123456789abcdefgh) Z 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0\n", "0123456789abcde" },
		{ "1 (\n\"\xff\x01) Z 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0\n", "\n\"\xff\x01" },
		{ "1 () Z 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0\n", "" },
		{ "1 (kworker/u8:0-events_unbound) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0\n", "kworker/u8:0" },
		{ "1 (kworker/0:1H+kblockd) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0\n", "kworker/0:1H" },
		{ "1 (kworker/R-rcu_gp) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0\n", "kworker/R-rcu_g" },
		{ "1 (a:b-c) S 2 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0\n", "a:b-c" },
	};
	struct taskfig f;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(&f, 0x55, sizeof(f));
		CHECK_EQ(bt_proctask_stat(names[i].text, 4096, &f), 0);
		CHECK(strcmp(f.comm, names[i].comm) == 0);
	}
	CHECK_EQ(bt_proctask_stat(names[0].text, 4096, &f), 0);
	CHECK_EQ(f.zombie, 1);
}

static void test_bad_stat(void)
{
	static const char *const texts[] = {
		"", "1", "1 (a", "1 a)", ")(", "1 (a)", "1 (a) ", "1 (a) S", "1 (a) S 1 2 3\n", "x (a) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0\n",
		"99999999999 (a) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0\n", "1 (a) S 0 0 0 0 0 0 0 0 x 0 0 0 0 0 0 0 1 0 0 0 0\n",
		"1 (a) S 0 0 0 0 0 0 0 99999999999999999999 0 0 0 0 0 0 0 0 1 0 0 0 0\n",
	};
	struct taskfig f = { .minor = 7 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_EQ(bt_proctask_stat(texts[i], 4096, &f), -EINVAL);
	CHECK_EQ(f.minor, 7);
	CHECK_EQ(f.known, 0);
}

static void test_others(void)
{
	struct taskfig f = { .known = TASKFIG_CPU };
	uint64_t pss = 1;

	CHECK_EQ(bt_proctask_schedstat("123 456 7\n", &f), 0);
	CHECK_EQ(f.run_ns, 123);
	CHECK_EQ(f.wait_ns, 456);
	CHECK_EQ(bt_proctask_io("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n", &f), 0);
	CHECK(f.read_chars == 1 && f.write_chars == 2 && f.read_bytes == 5 && f.write_bytes == 6);
	CHECK_EQ(bt_proctask_status("Name:\tvoluntary_ctxt_switches: 1\nNSpid:\t4711\t17\t3\nvoluntary_ctxt_switches:\t8\nnonvoluntary_ctxt_switches:\t9\n",
				    &f), 0);
	CHECK(f.voluntary == 8 && f.involuntary == 9 && f.ns_tid == 3);
	CHECK_EQ(f.known, TASKFIG_CPU | TASKFIG_RUN | TASKFIG_WAIT | TASKFIG_IO | TASKFIG_SWITCHES);
	CHECK_EQ(bt_proctask_pss("5581-7fff ---p 00000000 00:00 0    [rollup]\nRss:    8 kB\nPss:               5 kB\nPss_Anon: 3 kB\n", &pss), 0);
	CHECK_EQ(pss, 5 * 1024);
	CHECK_EQ(bt_proctask_pss("", &pss), 0);
	CHECK_EQ(pss, 0);
	CHECK_EQ(bt_proctask_schedstat("", &f), -EINVAL);
	CHECK_EQ(bt_proctask_schedstat("1 x", &f), -EINVAL);
	CHECK_EQ(bt_proctask_io("rchar: 1\n", &f), -EINVAL);
	CHECK_EQ(bt_proctask_status("xvoluntary_ctxt_switches:\t8\n", &f), -EINVAL);
	CHECK_EQ(bt_proctask_pss("Pss: 18446744073709551615 kB\n", &pss), -EINVAL);
}

/* Ours, which nobody can have made up. */
static void test_live(void)
{
	static const struct bt_src live = { "" };
	struct taskfig f = { .known = 0 };
	char text[4096];

	CHECK(bt_src_read(&live, text, sizeof(text), "/proc/self/stat") > 0);
	CHECK_EQ(bt_proctask_stat(text, 4096, &f), 0);
	CHECK_EQ(f.tid, getpid());
	CHECK_EQ(f.ppid, getppid());
	CHECK(strcmp(f.comm, "proctask") == 0);
	CHECK(bt_src_read(&live, text, sizeof(text), "/proc/self/status") > 0);
	CHECK_EQ(bt_proctask_status(text, &f), 0);
}

static const struct unit_test tests[] = {
	{ "reads stat behind any name", test_stat },
	{ "takes names as the kernel has them", test_names },
	{ "refuses what is no stat", test_bad_stat },
	{ "reads the other files", test_others },
	{ "reads those of this process", test_live },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
