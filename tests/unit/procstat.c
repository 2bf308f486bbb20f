/* SPDX-License-Identifier: ISC
 *
 * procstat - unit tests of the fields of /proc/PID/stat.
 */
#include <errno.h>

#include "fixture.h"
#include "procstat.h"
#include "rng.h"
#include "unit.h"

static const char sample[] = "4711 (a) S 1 (b)) R 17 3 2 0 -1 4194560 9 8 7 6 5 4 3 2 20 0 1 0 123456 10 11\n";

static void test_fields(void)
{
	uint64_t v = 0;

	CHECK_EQ(bt_procstat_field(sample, BT_PROCSTAT_PARENT, &v), 0);
	CHECK_EQ(v, 17);
	CHECK_EQ(bt_procstat_field(sample, BT_PROCSTAT_START, &v), 0);
	CHECK_EQ(v, 123456);
	CHECK_EQ(bt_procstat_field(sample, 24, &v), 0);
	CHECK_EQ(v, 11);
	CHECK_EQ(bt_procstat_field(sample, 25, &v), -EINVAL);
	CHECK_EQ(bt_procstat_field(sample, 3, &v), -EINVAL); /* a letter */
	CHECK_EQ(bt_procstat_field(sample, 8, &v), -EINVAL); /* negative */
	CHECK_EQ(v, 11);
}

static void test_bad(void)
{
	static const char *const texts[] = { "", "1", "1 (a", "1 (a)", "1 (a) ", "1 (a) S", "1 (a) S ", "1 (a) S x", "1 (a) S 99999999999999999999999999",
					     "1 (a) S 18446744073709551616", "1 (a) S  1" };
	uint64_t v = 7;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_EQ(bt_procstat_field(texts[i], BT_PROCSTAT_PARENT, &v), -EINVAL);
	CHECK_EQ(v, 7);
}

static void test_files(void)
{
	static const struct bt_src live = { "" };
	struct bt_src src;
	uint64_t v = 0;
	char dir[64];

	src.root = fixture_dir(dir);
	fixture_text(dir, "/proc/4711/stat", sample);
	CHECK_EQ(bt_procstat_read(&src, 4711, BT_PROCSTAT_START, &v), 0);
	CHECK_EQ(v, 123456);
	CHECK_EQ(bt_procstat_read(&src, 4712, BT_PROCSTAT_START, &v), -ESRCH);
	CHECK_EQ(bt_procstat_read(&live, (uint32_t)getpid(), BT_PROCSTAT_PARENT, &v), 0);
	CHECK_EQ(v, getppid());
	fixture_remove(dir);
}

static void test_hostile(void)
{
	static const char bytes[] = ") (\n0x";
	struct bt_rng rng;
	uint64_t v;

	bt_rng_seed(&rng, 1);
	for (unsigned run = 0; run < 20000; run++) {
		size_t len = 1 + bt_rng_below(&rng, sizeof(sample) - 1);
		char *text = malloc(len + 1);

		memcpy(text, sample, len);
		text[len] = '\0';
		text[bt_rng_below(&rng, len)] = bytes[bt_rng_below(&rng, sizeof(bytes))];
		(void)bt_procstat_field(text, (unsigned)bt_rng_below(&rng, 60), &v);
		free(text);
	}
}

static const struct unit_test tests[] = {
	{ "finds fields behind any name", test_fields },
	{ "refuses what has no such field", test_bad },
	{ "reads files", test_files },
	{ "survives any text", test_hostile },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
