/* SPDX-License-Identifier: ISC
 *
 * memlimit - unit tests of how much memory may be taken, on machines made on the spot.
 */
#include <sys/resource.h>

#include "fixture.h"
#include "memlimit.h"
#include "unit.h"

#define MB (1ull << 20)

#define MOUNT_V1 "30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define MOUNT_V2 "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
#define V1 "/sys/fs/cgroup/memory"
#define V2 "/sys/fs/cgroup"

/* What may be taken of so many bytes. */
static uint64_t share(uint64_t bytes)
{
	uint64_t kept = bytes / 16 + 8 * MB;

	return bytes > kept ? bytes - kept : 0;
}

static void machine(char root[64], const char *mounts, const char *groups)
{
	fixture_dir(root);
	fixture_text(root, "/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 2097152 kB\nCommitLimit: 1048576 kB\nCommitted_AS: 524288 kB\n");
	fixture_text(root, "/proc/self/status", "VmSize: 1024 kB\nVmData: 1024 kB\n");
	fixture_text(root, "/proc/self/mountinfo", mounts);
	fixture_text(root, "/proc/self/cgroup", groups);
}

static void check(const char *root, uint64_t bytes, const char *why)
{
	struct bt_src src = { root };
	struct bt_memlimit m;

	bt_memlimit_read(&m, &src);
	CHECK_EQ(m.bytes, share(bytes));
	CHECK(strstr(m.why, why) != NULL);
}

static void test_free(void)
{
	char root[64];

	machine(root, "", "");
	check(root, 2048 * MB, "free memory");
	fixture_text(root, "/proc/sys/vm/overcommit_memory", "1\n");
	check(root, 2048 * MB, "free memory");
	fixture_text(root, "/proc/sys/vm/overcommit_memory", "2\n");
	check(root, 512 * MB, "commit limit");
	fixture_remove(root);
}

static void test_v1(void)
{
	char root[64];

	machine(root, MOUNT_V1, "4:memory:/a/b\n0::/\n");
	fixture_text(root, V1 "/a/b/memory.limit_in_bytes", "9223372036854771712\n");
	fixture_text(root, V1 "/a/b/memory.usage_in_bytes", "104857600\n");
	check(root, 2048 * MB, "free memory");
	fixture_text(root, V1 "/a/b/memory.limit_in_bytes", "268435456\n");
	check(root, 156 * MB, "control group");
	fixture_text(root, V1 "/a/b/memory.stat", "cache 1\ntotal_inactive_file 20971520\ntotal_active_file 41943040\n");
	check(root, 196 * MB, "control group");
	fixture_text(root, V1 "/a/memory.limit_in_bytes", "134217728\n");
	fixture_text(root, V1 "/a/memory.usage_in_bytes", "117440512\n");
	check(root, 16 * MB, "control group");
	fixture_text(root, V1 "/a/memory.usage_in_bytes", "200000000\n");
	check(root, 0, "control group");
	fixture_remove(root);
}

static void test_v2(void)
{
	char root[64];

	machine(root, MOUNT_V2, "0::/a/b\n");
	fixture_text(root, V2 "/a/b/memory.max", "max\n");
	fixture_text(root, V2 "/a/b/memory.high", "max\n");
	fixture_text(root, V2 "/a/b/memory.current", "52428800\n");
	check(root, 2048 * MB, "free memory");
	fixture_text(root, V2 "/a/b/memory.max", "536870912\n");
	check(root, 462 * MB, "control group");
	fixture_text(root, V2 "/a/b/memory.high", "268435456\n");
	fixture_text(root, V2 "/a/b/memory.stat", "inactive_file 10485760\nactive_file 0\n");
	check(root, 216 * MB, "control group");
	fixture_text(root, V2 "/a/memory.max", "0\n");
	fixture_text(root, V2 "/a/memory.current", "0\n");
	check(root, 0, "control group");
	fixture_remove(root);
}

static void test_nothing_known(void)
{
	struct bt_src src = { "/nonexistent" };
	struct bt_memlimit m;

	bt_memlimit_read(&m, &src);
	CHECK(m.bytes == UINT64_MAX);
	CHECK_STR(m.why, "");
}

static void test_odd_files(void)
{
	char root[64];

	machine(root, MOUNT_V1 MOUNT_V2, "4:memory:/a\n0::/b\n");
	fixture_text(root, "/proc/meminfo", "MemTotal: 1 kB\n");
	fixture_text(root, V1 "/a/memory.limit_in_bytes", "-5\n");
	fixture_text(root, V1 "/a/memory.usage_in_bytes", "junk\n");
	{
		struct bt_src src = { root };
		struct bt_memlimit m;

		bt_memlimit_read(&m, &src);
		CHECK(m.bytes == UINT64_MAX);
	}
	fixture_remove(root);
}

static void limited(void)
{
	struct rlimit limit = { 512 * MB, 512 * MB };
	char root[64];

	machine(root, "", "");
	setrlimit(RLIMIT_DATA, &limit);
	check(root, 511 * MB, "ulimit -d");
	limit.rlim_cur = limit.rlim_max = 256 * MB;
	setrlimit(RLIMIT_AS, &limit);
	check(root, 255 * MB, "ulimit -v");
	fixture_remove(root);
}

static void test_process(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	(void)limited; /* needs more address space than that */
#else
	unit_forked(limited);
#endif
}

static const struct unit_test tests[] = {
	{ "takes what is available, or left to commit", test_free },
	{ "keeps to control groups of version 1, page cache left out, up to the top", test_v1 },
	{ "keeps to control groups of version 2, high and max", test_v2 },
	{ "knows no limit where nothing is known", test_nothing_known },
	{ "survives odd files", test_odd_files },
	{ "keeps to the limits of the process", test_process },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
