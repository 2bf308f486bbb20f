/* SPDX-License-Identifier: ISC
 *
 * reread - unit tests of files that are read again and again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fixture.h"
#include "reread.h"
#include "unit.h"

static void test_again(void)
{
	struct bt_reread f;
	struct bt_src src;
	char dir[64], *big = malloc(100001);

	src.root = fixture_dir(dir);
	fixture_text(dir, "/proc/stat", "one\n");
	CHECK_EQ(bt_reread_open(&f, &src, "/proc/%s", "stat"), 0);
	CHECK_EQ(bt_reread(&f), 4);
	CHECK_STR(f.data, "one\n");
	CHECK(f.begin_ns > 0 && f.end_ns >= f.begin_ns);
	/* The same file with more in it, then with less. */
	memset(big, 'x', 100000);
	big[100000] = '\0';
	fixture_text(dir, "/proc/stat", big);
	CHECK_EQ(bt_reread(&f), 100000);
	CHECK_STR(f.data, big);
	fixture_text(dir, "/proc/stat", "");
	CHECK_EQ(bt_reread(&f), 0);
	CHECK_STR(f.data, "");
	bt_reread_close(&f);
	bt_reread_close(&f);
	fixture_remove(dir);
	free(big);
}

static void test_other_root(void)
{
	struct bt_reread f;
	struct bt_src src;
	char one[64], two[64];

	src.root = fixture_dir(one);
	fixture_dir(two);
	fixture_text(one, "/proc/stat", "one\n");
	fixture_text(two, "/proc/stat", "two\n");
	CHECK_EQ(bt_reread_open(&f, &src, "/proc/stat"), 0);
	CHECK_EQ(bt_reread(&f), 4);
	src.root = two;
	CHECK_EQ(bt_reread(&f), 4);
	CHECK_STR(f.data, "two\n");
	src.root = "/nonexistent";
	CHECK_EQ(bt_reread(&f), -ENOENT);
	src.root = one;
	CHECK_EQ(bt_reread(&f), 4);
	CHECK_STR(f.data, "one\n");
	bt_reread_close(&f);
	fixture_remove(one);
	fixture_remove(two);
}

static void test_missing(void)
{
	static const struct bt_src live = { "" };
	struct bt_reread f;

	CHECK_EQ(bt_reread_open(&f, &live, "/proc/nothing"), -ENOENT);
	CHECK_EQ(bt_reread(&f), -ENOENT);
	bt_reread_close(&f);
}

/* A file that the kernel makes anew for each look. */
static void test_live(void)
{
	static const struct bt_src live = { "" };
	struct bt_reread f;
	char first[256];

	CHECK_EQ(bt_reread_open(&f, &live, "/proc/self/stat"), 0);
	CHECK(bt_reread(&f) > 0);
	snprintf(first, sizeof(first), "%s", f.data);
	for (int i = 0; i < 100; i++)
		CHECK(bt_reread(&f) > 0);
	CHECK_EQ(strncmp(first, f.data, 5), 0);
	bt_reread_close(&f);
}

static const struct unit_test tests[] = {
	{ "content that grows and shrinks", test_again },
	{ "another root is another file", test_other_root },
	{ "a file that is not there", test_missing },
	{ "a file of the kernel", test_live },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
