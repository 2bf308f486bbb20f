/* SPDX-License-Identifier: ISC
 *
 * smaps - unit tests of how the kernel keeps a mapping.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "smaps.h"
#include "src.h"
#include "unit.h"

static const char two[] =
	"7f0000000000-7f0000400000 rw-p 00000000 00:00 0 \n"
	"Size:               4096 kB\nRss:                4096 kB\nPss:                4096 kB\nKSM:                   0 kB\n"
	"AnonHugePages:      4096 kB\nSwap:                  0 kB\nVmFlags: rd wr hg \n"
	"7f0000400000-7f0000500000 rw-p 00000000 00:00 0                          [anon: abc def]\n"
	"Size:               1024 kB\nRss:                 600 kB\nKSM:                   8 kB\nAnonHugePages:         0 kB\n"
	"Swap:                424 kB\nSwapPss:             424 kB\nVmFlags: rd wr nh \n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\nRss: 0 kB\nVmFlags: ex \n";

static int find(struct bt_smaps *s, const char *text, uintptr_t address)
{
	char copy[2048];

	snprintf(copy, sizeof(copy), "%s", text);
	return bt_smaps_find(s, copy, address);
}

static void test_find(void)
{
	struct bt_smaps s;

	CHECK_EQ(find(&s, two, 0x7f0000000000), 0);
	CHECK_EQ(s.rss_bytes, 4 << 20);
	CHECK_EQ(s.huge_bytes, 4 << 20);
	CHECK_EQ(s.swap_bytes, 0);
	CHECK_EQ(s.ksm_bytes, 0);
	CHECK_EQ(find(&s, two, 0x7f00003fffff), 0);
	CHECK_EQ(s.huge_bytes, 4 << 20);
	CHECK_EQ(find(&s, two, 0x7f0000400000), 0);
	CHECK_EQ(s.rss_bytes, 600 << 10);
	CHECK_EQ(s.huge_bytes, 0);
	CHECK_EQ(s.swap_bytes, 424 << 10);
	CHECK_EQ(s.ksm_bytes, 8 << 10);
	CHECK_EQ(find(&s, two, 0x7f0000500000), -ENOENT);
	CHECK_EQ(find(&s, two, 0), -ENOENT);
}

static void test_odd(void)
{
	struct bt_smaps s;

	CHECK_EQ(find(&s, "", 1), -ENOENT);
	CHECK_EQ(find(&s, "abc", 0xabc), -ENOENT);
	CHECK_EQ(find(&s, "abc-", 0xabc), -ENOENT);
	CHECK_EQ(find(&s, "10-5 x\n", 0x10), -ENOENT);
	CHECK_EQ(find(&s, "10-20", 0x1f), 0);
	CHECK_EQ(s.rss_bytes, 0);
	CHECK_EQ(find(&s, "10-20 rw\nRss: x kB\nSwap: -1 kB\n", 0x1f), 0);
	CHECK_EQ(s.rss_bytes, 0);
	CHECK_EQ(s.swap_bytes, 0);
}

static void test_live(void)
{
	const struct bt_src live = { "" };
	size_t bytes = 64 * (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *text;
	struct bt_smaps s;

	madvise(map, bytes, MADV_NOHUGEPAGE);
	memset(map, 1, bytes);
	text = bt_src_text(&live, 4 << 20, "/proc/self/smaps");
	CHECK(text != NULL);
	CHECK_EQ(text ? bt_smaps_find(&s, text, (uintptr_t)map) : 0, 0);
	CHECK(s.rss_bytes + s.swap_bytes >= bytes);
	CHECK_EQ(s.huge_bytes, 0);
	free(text);
	munmap(map, bytes);
}

static const struct unit_test tests[] = {
	{ "finds the mapping of an address", test_find },
	{ "survives odd text", test_odd },
	{ "finds one of this process", test_live },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
