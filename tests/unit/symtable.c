/* SPDX-License-Identifier: ISC
 *
 * symtable - unit tests of names by address, and of those of the kernel.
 */
#include <errno.h>
#include <stdbool.h>

#include "fixture.h"
#include "kallsyms.h"
#include "rng.h"
#include "unit.h"

static const char *find(const struct bt_symtable *t, uint64_t addr)
{
	const char *name = bt_symtable_find(t, addr);

	return name ? name : "-";
}

/* A table of names of one letter, name i being 'a' + i. */
static void letters(struct bt_symtable *t)
{
	size_t i;

	t->strings_len = 2 * 26;
	t->strings = calloc(1, t->strings_len);
	for (i = 0; i < 26; i++)
		t->strings[2 * i] = (char)('a' + i);
}

static void test_find(void)
{
	struct bt_symtable t = BT_SYMTABLE_INIT;

	CHECK_STR(find(&t, 5), "-");
	bt_symtable_sort(&t);
	letters(&t);
	CHECK_EQ(bt_symtable_add(&t, 200, 10, 2), 0);   /* b */
	CHECK_EQ(bt_symtable_add(&t, 100, 50, 0), 0);   /* a */
	CHECK_EQ(bt_symtable_add(&t, 110, 5, 4), 0);    /* c, within a */
	CHECK_EQ(bt_symtable_add(&t, 300, 0, 6), 0);    /* d, of unknown size */
	CHECK_EQ(bt_symtable_add(&t, 400, 0, 8), 0);    /* e */
	CHECK_EQ(bt_symtable_add(&t, UINT64_MAX - 9, UINT64_MAX, 10), 0);
	CHECK_EQ(bt_symtable_add(&t, 500, 1, 1), 0);    /* no name */
	CHECK_EQ(bt_symtable_add(&t, 500, 1, 52), 0);   /* beyond all names */
	CHECK_EQ(bt_symtable_add(&t, 500, 1, UINT64_MAX), 0);
	CHECK_EQ(t.n, 6);
	bt_symtable_sort(&t);
	CHECK_STR(find(&t, 99), "-");
	CHECK_STR(find(&t, 100), "a");
	CHECK_STR(find(&t, 112), "c");
	CHECK_STR(find(&t, 120), "a");
	CHECK_STR(find(&t, 150), "-");
	CHECK_STR(find(&t, 209), "b");
	CHECK_STR(find(&t, 210), "-");
	CHECK_STR(find(&t, 399), "d");
	CHECK_STR(find(&t, 400), "e");
	CHECK_STR(find(&t, 5000), "e");
	CHECK_STR(find(&t, 1 << 20), "-");
	CHECK_STR(find(&t, UINT64_MAX), "f");
	bt_symtable_free(&t);
}

static void test_best(void)
{
	struct bt_symtable t = BT_SYMTABLE_INIT;

	t.strings_len = 30;
	t.strings = calloc(1, t.strings_len);
	memcpy(t.strings, "__write\0write\0_IO_puts\0puts", 28);
	bt_symtable_add(&t, 100, 10, 0);
	bt_symtable_add(&t, 100, 10, 8);
	bt_symtable_add(&t, 200, 10, 14);
	bt_symtable_add(&t, 200, 0, 23);
	bt_symtable_add(&t, 300, 0, 8);
	bt_symtable_add(&t, 300, 7, 23);
	bt_symtable_sort(&t);
	CHECK_EQ(t.n, 3);
	CHECK_STR(find(&t, 100), "write");
	CHECK_STR(find(&t, 200), "puts");
	CHECK_STR(find(&t, 300), "puts");
	bt_symtable_free(&t);
}

/* Against a search from end to end, where nothing overlaps. */
static void test_random(void)
{
	struct bt_symtable t = BT_SYMTABLE_INIT;
	uint64_t addr[200], size[200], at;
	struct bt_rng rng;
	const char *want;
	unsigned i, k;

	bt_rng_seed(&rng, 1);
	letters(&t);
	for (i = 0; i < 200; i++) {
		addr[i] = 1000 + 100 * i;
		size[i] = 1 + bt_rng_below(&rng, 100);
	}
	for (i = 0; i < 200; i++) {
		k = i * 77 % 200;
		bt_symtable_add(&t, addr[k], size[k], 2 * (k % 26));
	}
	bt_symtable_sort(&t);
	for (i = 0; i < 20000; i++) {
		at = bt_rng_below(&rng, 23000);
		for (k = 0, want = "-"; k < 200; k++)
			if (at >= addr[k] && at < addr[k] + size[k])
				want = t.strings + 2 * (k % 26);
		CHECK_STR(find(&t, at), want);
	}
	bt_symtable_free(&t);
}

static int kallsyms_of(const char *text, size_t len, struct bt_symtable *t)
{
	struct bt_src src;
	char dir[64];
	int rc;

	src.root = fixture_dir(dir);
	fixture_file(dir, "/proc/kallsyms", text, len);
	*t = (struct bt_symtable)BT_SYMTABLE_INIT;
	rc = bt_kallsyms_read(&src, t);
	fixture_remove(dir);
	return rc;
}

static void test_kallsyms(void)
{
	static const char text[] =
		"ffffffff81000100 T vfs_read\n"
		"ffffffffc0201000 t tun_get_user\t[tun]\n"
		"ffffffff81000000 T _text\n"
		"ffffffff81000000 T startup_64\n"
		"ffffffff81000400 W __weak\n"
		"ffffffff81000200 D some_data\n"
		"\n \nzz\nffffffff81000300 T\nffffffff81000300 T \nffffffff81000300 Tx y\n"
		"ffffffffc0300000 t bpf_prog_6deef7357e7b4530_x\t[bpf]";
	struct bt_symtable t;

	CHECK_EQ(kallsyms_of(text, sizeof(text) - 1, &t), 0);
	CHECK_EQ(t.n, 5);
	CHECK_STR(find(&t, 0xffffffff80ffffff), "-");
	CHECK_STR(find(&t, 0xffffffff81000010), "startup_64");
	CHECK_STR(find(&t, 0xffffffff81000101), "vfs_read");
	CHECK_STR(find(&t, 0xffffffff81000401), "__weak");
	CHECK_STR(find(&t, 0xffffffffc0201001), "tun_get_user");
	CHECK_STR(find(&t, 0xffffffffc0300001), "bpf_prog_6deef7357e7b4530_x");
	CHECK_STR(find(&t, 0xffffffffc0400000), "-");
	bt_symtable_free(&t);
}

static void test_kallsyms_hidden(void)
{
	static const char text[] = "0000000000000000 T _text\n0000000000000000 T vfs_read\n";
	struct bt_src none = { "/nonexistent" };
	struct bt_symtable t;

	CHECK_EQ(kallsyms_of(text, sizeof(text) - 1, &t), -EACCES);
	CHECK(t.n == 0 && !t.syms && !t.strings);
	CHECK_EQ(kallsyms_of("", 0, &t), -EACCES);
	CHECK_EQ(bt_kallsyms_read(&none, &t), -ENOENT);
}

/* Many lines from which a careless reader goes on to the same long name. */
static void test_kallsyms_blank(void)
{
	static const char line[] = "f t a_name_that_is_much_longer_than_an_empty_line\ne t b\n";
	struct bt_symtable t;
	char text[4096];

	memset(text, '\n', sizeof(text));
	memcpy(text + sizeof(text) - sizeof(line), line, sizeof(line));
	CHECK_EQ(kallsyms_of(text, sizeof(text), &t), 0);
	CHECK_EQ(t.n, 2);
	bt_symtable_free(&t);
}

/* Bytes of which lines are made, in any order. */
static void test_kallsyms_hostile(void)
{
	static const char bytes[] = "\n\n\n\t  0f1aTtwW[]x\0";
	struct bt_symtable t;
	struct bt_rng rng;
	char text[300];
	unsigned run, i;

	bt_rng_seed(&rng, 1);
	for (run = 0; run < 300; run++) {
		for (i = 0; i < sizeof(text); i++)
			text[i] = bytes[bt_rng_below(&rng, sizeof(bytes) - (run & 1))];
		if (kallsyms_of(text, sizeof(text), &t) < 0)
			continue;
		for (i = 0; i < t.n; i++)
			CHECK(bt_symtable_find(&t, t.syms[i].addr) != NULL);
		bt_symtable_free(&t);
	}
}

static const struct unit_test tests[] = {
	{ "finds what an address lies in", test_find },
	{ "prefers the plainest name", test_best },
	{ "agrees with a search from end to end", test_random },
	{ "reads the kernel's names", test_kallsyms },
	{ "tells when the kernel hides them", test_kallsyms_hidden },
	{ "passes over empty lines", test_kallsyms_blank },
	{ "survives any text", test_kallsyms_hostile },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
