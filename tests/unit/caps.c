/* SPDX-License-Identifier: ISC
 *
 * caps - unit tests of giving up privilege.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "caps.h"
#include "src.h"
#include "unit.h"

static const struct bt_src live = { "" };

/* A Cap line of /proc/self/status. */
static uint64_t caps_of(const char *key)
{
	char text[4096], value[32];

	bt_src_read(&live, text, sizeof(text), "/proc/thread-self/status");
	return bt_src_field(text, key, value, sizeof(value)) > 0 ? strtoull(value, NULL, 16) : ~0ull;
}

static void test_effective(void)
{
	CHECK(bt_caps_effective() == caps_of("CapEff"));
	CHECK(bt_caps_have(1ull << 63 | 1, 63) && bt_caps_have(1, 0) && !bt_caps_have(1ull << 39, 38));
}

static void keep_none(void)
{
	CHECK_EQ(bt_caps_keep(0, 0), 0);
	CHECK_EQ(bt_caps_effective(), 0);
	CHECK(caps_of("CapPrm") == 0 && caps_of("CapInh") == 0 && caps_of("CapAmb") == 0);
	CHECK_EQ(bt_caps_keep(~0ull, 0), 0); /* gives nothing back */
	CHECK_EQ(bt_caps_effective(), 0);
	CHECK(mount("none", "/tmp", "tmpfs", 0, "") < 0 && errno == EPERM);
}

/* Also of those above 31. */
static void keep_some(void)
{
	uint64_t before = bt_caps_effective(), mask = 1ull << BT_CAP_KILL | 1ull << BT_CAP_PERFMON | 1ull << BT_CAP_BPF;

	CHECK_EQ(bt_caps_keep(mask, 0), 0);
	CHECK(bt_caps_effective() == (before & mask));
	CHECK(caps_of("CapPrm") == (before & mask));
	CHECK_EQ(bt_caps_keep(1ull << BT_CAP_BPF, 0), 0);
	CHECK(bt_caps_effective() == (before & 1ull << BT_CAP_BPF));
}

/* What is put off is out of effect until it is raised, and what was given up is not raised with it. */
static void keep_for_later(void)
{
	uint64_t before = bt_caps_effective(), now = 1ull << BT_CAP_BPF, later = 1ull << BT_CAP_KILL;

	CHECK_EQ(bt_caps_keep(now, later), 0);
	CHECK(bt_caps_effective() == (before & now));
	CHECK(caps_of("CapPrm") == (before & (now | later)));
	CHECK_EQ(bt_caps_raise(), 0);
	CHECK(bt_caps_effective() == (before & (now | later)));
}

/* Root that becomes another program is given all capabilities, unless it has promised not to take any. */
static void keep_across_execve(void)
{
	CHECK_EQ(bt_caps_keep(1ull << BT_CAP_KILL, 0), 0);
	execl("/bin/sh", "sh", "-c", "while read -r key value; do case $key in CapEff:|CapPrm:)"
	      " [ $((0x$value & ~(1 << 5))) -eq 0 ] || exit 1;; esac; done </proc/self/status", NULL);
	CHECK(!"executed");
}

static void test_keep(void)
{
	if (bt_caps_effective() == 0)
		printf("# no privilege: there is little to give up\n");
	unit_forked(keep_none);
	unit_forked(keep_some);
	unit_forked(keep_for_later);
	unit_forked(keep_across_execve);
	CHECK(bt_caps_effective() == caps_of("CapEff"));
}

static const struct unit_test tests[] = {
	{ "knows what is in effect", test_effective },
	{ "keeps the mask, and nothing else, for good", test_keep },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
