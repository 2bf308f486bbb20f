/* SPDX-License-Identifier: ISC
 *
 * procmaps - unit tests of the lines of /proc/PID/maps.
 */
#include <stdlib.h>

#include "procmaps.h"
#include "rng.h"
#include "src.h"
#include "unit.h"

static const char sample[] =
	"5612869fe000-561286a03000 r-xp 00002000 fe:00 247134                     /usr/bin/with blank\n"
	"7f7143fa4000-7f7143fb1000 rw-p 00000000 00:00 0 \n"
	"7ffd2f3f0000-7ffd2f3f2000 r-xp 00000000 00:00 0                          [vdso]\n"
	"7f7143df5000-7f7143f4b000 --xs 1ff026000 103:0a 18446744073709551615 /tmp/x (deleted)\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]";

static void test_sample(void)
{
	struct bt_procmap m;
	const char *at = bt_procmaps_next(sample, &m);

	CHECK(at && m.start == 0x5612869fe000 && m.end == 0x561286a03000 && m.offset == 0x2000 && m.exec);
	CHECK(m.dev == 0xfe00000000 && m.inode == 247134 && m.path_len == 19 && !memcmp(m.path, "/usr/bin/with blank", 19));
	at = bt_procmaps_next(at, &m);
	CHECK(at && !m.exec && m.dev == 0 && m.inode == 0 && m.path_len == 0);
	at = bt_procmaps_next(at, &m);
	CHECK(at && m.exec && m.path_len == 6 && !memcmp(m.path, "[vdso]", 6));
	at = bt_procmaps_next(at, &m);
	CHECK(at && m.exec && m.offset == 0x1ff026000 && m.dev == 0x1030000000a && m.inode == UINT64_MAX);
	CHECK(m.path_len == 16 && !memcmp(m.path, "/tmp/x (deleted)", 16));
	at = bt_procmaps_next(at, &m);
	CHECK(at && *at == '\0' && m.start == 0xffffffffff600000 && m.path_len == 10);
	CHECK(bt_procmaps_next(at, &m) == NULL);
}

static void test_bad(void)
{
	static const char *const lines[] = {
		"", "\n", "x", "1000-2000", "1000-2000 r-xp", "1000-2000 r-xp 0 fe:00", "1000 2000 r-xp 0 fe:00 1 /x", "2000-1000 r-xp 0 0:0 1 /x",
		"1000-1000 r-xp 0 0:0 1 /x", "-2000 r-xp 0 0:0 1 /x", "1000-2000 r-x 0 0:0 1 /x", "1000-2000 r-xpp 0 0:0 1 /x",
		"1000-11112222333344445 r-xp 0 0:0 1 /x", "1000-2000 r-xp g 0:0 1 /x", "1000-2000  r-xp 0 0:0 1 /x", "1000-2000 r-\nx 0 0:0 1"
	};
	struct bt_procmap m;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CHECK(bt_procmaps_next(lines[i], &m) == NULL);
		if (bt_procmaps_next(lines[i], &m))
			printf("# %s\n", lines[i]);
	}
	CHECK(bt_procmaps_next("junk\n1000-2000 r-xp 0 0:0 1 /x\n", &m) != NULL);
	CHECK(m.start == 0x1000);
}

/* Cut anywhere, with any byte changed: what is returned lies within the text. */
static void test_hostile(void)
{
	static const char bytes[] = "\n :-x0fr/ ";
	struct bt_procmap m;
	struct bt_rng rng;
	unsigned run;

	bt_rng_seed(&rng, 1);
	for (run = 0; run < 20000; run++) {
		size_t len = 1 + bt_rng_below(&rng, sizeof(sample) - 1);
		char *text = malloc(len + 1);
		const char *at = text;

		memcpy(text, sample, len);
		text[len] = '\0';
		text[bt_rng_below(&rng, len)] = bytes[bt_rng_below(&rng, sizeof(bytes))];
		while ((at = bt_procmaps_next(at, &m)))
			CHECK(at <= text + len && m.path >= text && m.path + m.path_len <= at && m.start < m.end);
		free(text);
	}
}

static void test_live(void)
{
	static const struct bt_src live = { "" };
	char *text = bt_src_text(&live, 1 << 20, "/proc/self/maps");
	const char *at = text;
	struct bt_procmap m;
	unsigned lines = 0, n = 0, own = 0;

	while (at && (at = bt_procmaps_next(at, &m))) {
		n++;
		own += m.exec && (uintptr_t)test_live >= m.start && (uintptr_t)test_live < m.end;
	}
	for (at = text; at && (at = strchr(at, '\n')); at++)
		lines++;
	CHECK_EQ(n, lines);
	CHECK_EQ(own, 1);
	free(text);
}

static const struct unit_test tests[] = {
	{ "reads all kinds of lines", test_sample },
	{ "refuses what is no such line", test_bad },
	{ "survives any text", test_hostile },
	{ "reads its own", test_live },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
