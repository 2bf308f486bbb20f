/* SPDX-License-Identifier: ISC
 *
 * src - unit tests of kernel text files below a root.
 */
#include <errno.h>

#include "fixture.h"
#include "src.h"
#include "unit.h"

static char dir[64];
static struct bt_src src;

static void test_read(void)
{
	char buf[8];

	fixture_text(dir, "/a/b", "hello world\n");
	CHECK_EQ(bt_src_read(&src, buf, sizeof(buf), "/a/%s", "b"), 7);
	CHECK_STR(buf, "hello w");
	memset(buf, 'x', sizeof(buf));
	CHECK_EQ(bt_src_read(&src, buf, sizeof(buf), "/a/none"), -ENOENT);
	CHECK_STR(buf, "");
	CHECK_EQ(bt_src_read(&src, buf, sizeof(buf), "/a"), -EISDIR);
	CHECK_STR(buf, "");
}

static void test_line(void)
{
	char buf[64];

	fixture_text(dir, "/line", "tsc hpet \t\r\nsecond\n");
	CHECK_EQ(bt_src_line(&src, buf, sizeof(buf), "/line"), 8);
	CHECK_STR(buf, "tsc hpet");
	fixture_text(dir, "/line", "\n");
	CHECK_EQ(bt_src_line(&src, buf, sizeof(buf), "/line"), 0);
	CHECK_STR(buf, "");
	fixture_file(dir, "/line", "board\0junk", 10);
	CHECK_EQ(bt_src_line(&src, buf, sizeof(buf), "/line"), 5);
}

static void test_u64(void)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} cases[] = {
		{ "0\n", 0, 0 }, { "42", 0, 42 }, { "32K\n", 0, 32768 }, { "8388604 kB\n", 0, 8388604 },
		{ "18446744073709551615\n", 0, UINT64_MAX }, { "18446744073709551616\n", -EINVAL, 7 }, { "-1\n", -EINVAL, 7 },
		{ "max\n", -EINVAL, 7 }, { "", -EINVAL, 7 }, { "K\n", -EINVAL, 7 }, { "1x\n", -EINVAL, 7 },
		{ "18014398509481984K\n", -EINVAL, 7 },
	};
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_text(dir, "/number", cases[i].text);
		v = 7;
		CHECK_EQ(bt_src_u64(&src, &v, "/number"), cases[i].rc);
		CHECK(v == cases[i].value);
	}
	CHECK_EQ(bt_src_u64(&src, &v, "/none"), -ENOENT);
}

static void test_exists(void)
{
	fixture_text(dir, "/there", "");
	CHECK(bt_src_exists(&src, "/%s", "there"));
	CHECK(!bt_src_exists(&src, "/not-there"));
}

static void test_fifo(void)
{
	char path[PATH_MAX], buf[8];

	snprintf(path, sizeof(path), "%s/fifo", dir);
	CHECK_EQ(mkfifo(path, 0600), 0);
	CHECK_EQ(bt_src_read(&src, buf, sizeof(buf), "/fifo"), 0);
}

static void test_long_path(void)
{
	char name[PATH_MAX], buf[8];
	struct bt_src deep = { name };

	memset(name, 'a', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	CHECK_EQ(bt_src_read(&src, buf, sizeof(buf), "%s", name), -ENAMETOOLONG);
	CHECK_EQ(bt_src_read(&deep, buf, sizeof(buf), "/x"), -ENAMETOOLONG);
	CHECK(!bt_src_exists(&src, "%s", name));
}

static void test_text(void)
{
	char big[20000], *text;

	memset(big, 'b', sizeof(big));
	fixture_file(dir, "/big", big, sizeof(big));
	text = bt_src_text(&src, 1000000, "/big");
	CHECK(text && strlen(text) == sizeof(big) && text[sizeof(big) - 1] == 'b');
	free(text);
	text = bt_src_text(&src, 12345, "/big");
	CHECK(text && strlen(text) == 12345);
	free(text);
	CHECK(bt_src_text(&src, 100, "/none") == NULL);
	CHECK(bt_src_text(&src, 100, "/a") == NULL);
}

static void test_list(void)
{
	uint32_t out[8] = { 0 };

	fixture_text(dir, "/list", "0-2,7\n");
	CHECK_EQ(bt_src_list(&src, 4095, out, 8, "/list"), 4);
	CHECK_EQ(out[3], 7);
	CHECK_EQ(bt_src_list(&src, 4095, out, 3, "/list"), 0);
	CHECK_EQ(bt_src_list(&src, 6, out, 8, "/list"), 0);
	fixture_text(dir, "/list", "\n");
	CHECK_EQ(bt_src_list(&src, 4095, out, 8, "/list"), 0);
	CHECK_EQ(bt_src_list(&src, 4095, out, 8, "/none"), 0);
}

static void test_field(void)
{
	static const char text[] = "model\t\t: 1\nmodel name\t: AMD EPYC  \nMemTotal:   263856908 kB\n"
				   "nr_throttled 35\nempty\t:\nlast: x";
	char value[16];

	CHECK_EQ(bt_src_field(text, "model", value, sizeof(value)), 1);
	CHECK_STR(value, "1");
	CHECK_EQ(bt_src_field(text, "model name", value, sizeof(value)), 8);
	CHECK_STR(value, "AMD EPYC");
	CHECK_EQ(bt_src_field(text, "model name", value, 5), 3);
	CHECK_STR(value, "AMD");
	CHECK_EQ(bt_src_field(text, "empty", value, sizeof(value)), 0);
	CHECK_STR(value, "");
	CHECK_EQ(bt_src_field(text, "last", value, sizeof(value)), 1);
	CHECK_EQ(bt_src_field(text, "name", value, sizeof(value)), -ENOENT);
	CHECK_STR(value, "");
	CHECK_EQ(bt_src_field(text, "las", value, sizeof(value)), -ENOENT);
	CHECK_EQ(bt_src_field_u64(text, "MemTotal"), 263856908);
	CHECK_EQ(bt_src_field_u64(text, "nr_throttled"), 35);
	CHECK_EQ(bt_src_field_u64(text, "model name"), 0);
	CHECK_EQ(bt_src_field_u64("", "x"), 0);
}

static void test_live(void)
{
	struct bt_src live = { "" };
	char buf[64];

	CHECK(bt_src_line(&live, buf, sizeof(buf), "/proc/self/comm") > 0);
}

static const struct unit_test tests[] = {
	{ "reads a file, cut to the room", test_read },
	{ "reads a line without trailing blanks", test_line },
	{ "reads a number", test_u64 },
	{ "tells whether a file exists", test_exists },
	{ "does not wait for a FIFO", test_fifo },
	{ "refuses paths that are too long", test_long_path },
	{ "reads long files into fresh memory", test_text },
	{ "reads a list", test_list },
	{ "finds fields in text", test_field },
	{ "reads the live system", test_live },
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
