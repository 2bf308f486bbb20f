/* SPDX-License-Identifier: ISC
 *
 * cgroupname - unit tests of the names of control groups, in plain directories (which have numbers as well) and in a real hierarchy.
 */
#include <errno.h>
#include <stdbool.h>

#include "cgroupname.h"
#include "fixture.h"
#include "rng.h"
#include "unit.h"

static char dir[64];

/* mkdir dir/NAME; its number. */
static uint64_t make(const char *base, const char *name)
{
	char path[PATH_MAX];
	struct stat st = { 0 };

	snprintf(path, sizeof(path), "%s%s", base, name);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		printf("# cannot make %s: %s\n", path, strerror(errno));
	stat(path, &st);
	return st.st_ino;
}

static void unmake(const char *base, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", base, name);
	CHECK_EQ(rmdir(path), 0);
}

static const char *name_of(struct bt_cgroupnames *names, uint64_t id)
{
	const char *path = bt_cgroupname(names, id);

	return path ? path : "(none)";
}

static void test_names(void)
{
	struct bt_cgroupnames names = BT_CGROUPNAMES_INIT;
	uint64_t root = make(dir, ""), a = make(dir, "/a"), b = make(dir, "/a/b"), hidden = make(dir, "/.hidden");

	fixture_text(dir, "/a/file", "no group");
	names.mount = dir;
	CHECK_STR(name_of(&names, b), "/a/b");
	CHECK_STR(name_of(&names, a), "/a");
	CHECK_STR(name_of(&names, hidden), "/.hidden");
	CHECK_STR(name_of(&names, root), "/");
	CHECK_EQ(names.n, 4);
	CHECK_EQ(names.walks, 1);
	bt_cgroupnames_free(&names);
	CHECK(names.n == 0 && names.walks == 0 && !names.list);
}

static void test_no_hierarchy(void)
{
	struct bt_cgroupnames names = BT_CGROUPNAMES_INIT;

	CHECK(!bt_cgroupname(&names, 1));
	CHECK_EQ(names.walks, 0);
	names.mount = "/no/such/dir";
	CHECK(!bt_cgroupname(&names, 1));
	bt_cgroupnames_free(&names);
}

/* A number that is not there costs one walk, however often it is asked for; a new group another one. */
static void test_gone(void)
{
	struct bt_cgroupnames names = BT_CGROUPNAMES_INIT;
	uint64_t soon = make(dir, "/soon"), late;
	const char *kept;

	names.mount = dir;
	for (int i = 0; i < 200; i++)
		CHECK(!bt_cgroupname(&names, 1ull << 60));
	CHECK_EQ(names.walks, 1);
	kept = bt_cgroupname(&names, soon);
	CHECK_STR(kept, "/soon");
	unmake(dir, "/soon");
	CHECK_STR(name_of(&names, soon), "/soon");
	late = make(dir, "/late");
	if (late != soon) { /* plain directories may take a number over */
		CHECK_STR(name_of(&names, late), "/late");
		CHECK_EQ(names.walks, 2);
	}
	CHECK_STR(kept, "/soon"); /* still there to be read */
	bt_cgroupnames_free(&names);
}

static void test_bounded(void)
{
	struct bt_cgroupnames names = BT_CGROUPNAMES_INIT;
	uint64_t late;

	names.mount = dir;
	for (uint64_t i = 0; i < 1000; i++)
		CHECK(!bt_cgroupname(&names, (1ull << 60) + i));
	CHECK_EQ(names.walks, 64);
	CHECK(names.n < 200);
	late = make(dir, "/too-late");
	CHECK(!bt_cgroupname(&names, late));
	CHECK_STR(name_of(&names, make(dir, "")), "/"); /* what is known stays so */
	bt_cgroupnames_free(&names);
}

/* As deep as it goes, and beyond. */
static void test_deep(void)
{
	struct bt_cgroupnames names = BT_CGROUPNAMES_INIT;
	char path[256] = "";
	uint64_t id[40];

	for (size_t i = 0; i < 40; i++) {
		snprintf(path + 2 * i, sizeof(path) - 2 * i, "/d");
		id[i] = make(dir, path);
	}
	names.mount = dir;
	path[2 * 32] = '\0';
	CHECK_STR(name_of(&names, id[31]), path);
	CHECK(!bt_cgroupname(&names, id[32]));
	CHECK(!bt_cgroupname(&names, id[39]));
	CHECK_EQ(names.walks, 3);
	bt_cgroupnames_free(&names);
}

/* The list stays in order however numbers come. */
static void test_order(void)
{
	struct bt_cgroupnames names = BT_CGROUPNAMES_INIT;
	uint64_t id[300];
	struct bt_rng rng;
	char name[32];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "/n%u", i);
		id[i] = make(dir, name);
	}
	names.mount = dir;
	bt_rng_seed(&rng, 9);
	for (unsigned i = 0; i < 60; i++)
		bt_cgroupname(&names, bt_rng_next(&rng));
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "/n%u", i);
		CHECK_STR(name_of(&names, id[i]), name);
	}
	for (size_t i = 1; i < names.n; i++)
		CHECK(names.list[i - 1].id < names.list[i].id);
	bt_cgroupnames_free(&names);
}

/* A group below the first hierarchy that lets us make one. */
static void test_real(void)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	struct bt_cgroupnames names = BT_CGROUPNAMES_INIT;
	char group[64], inner[80];
	uint64_t id, inner_id;

	snprintf(group, sizeof(group), "/btools-unit-%d", (int)getpid());
	snprintf(inner, sizeof(inner), "%s/inner", group);
	for (size_t i = 0; i < 3 && !names.mount[0]; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s", mounts[i], group);
		if (mkdir(path, 0755) == 0)
			names.mount = mounts[i];
	}
	if (!names.mount[0]) {
		printf("# no hierarchy in which a group can be made (root)\n");
		return;
	}
	id = make(names.mount, group);
	inner_id = make(names.mount, inner);
	CHECK_STR(name_of(&names, inner_id), inner);
	CHECK_STR(name_of(&names, id), group);
	unmake(names.mount, inner);
	unmake(names.mount, group);
	CHECK_STR(name_of(&names, inner_id), inner);
	inner_id = make(names.mount, group); /* of the same name, with a number of its own */
	CHECK(inner_id != id);
	CHECK_STR(name_of(&names, inner_id), group);
	unmake(names.mount, group);
	bt_cgroupnames_free(&names);
}

static const struct unit_test tests[] = {
	{ "names groups by their numbers", test_names },
	{ "does without a hierarchy", test_no_hierarchy },
	{ "remembers what is gone", test_gone },
	{ "walks so often, no more", test_bounded },
	{ "goes so deep, no deeper", test_deep },
	{ "finds each of many", test_order },
	{ "agrees with a real hierarchy (root)", test_real },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	if (!fixture_dir(dir))
		return 1;
	rc = unit_main(tests, argc, argv);
	fixture_remove(dir);
	return rc;
}
