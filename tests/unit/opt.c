/* SPDX-License-Identifier: ISC
 *
 * opt - tests of the option table: scanning, sticky errors, help.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "opt.h"
#include "unit.h"

#define ARGS(...) (char *[]){ "tool", __VA_ARGS__, NULL }

static const struct bt_opt table[] = {
	BT_OPTS_LOAD,
	{ 'b', "block-size", "SIZE", "bytes in a block" },
	{ 'f', "format", "FORMAT", "output format" },
	{ BT_OPT_TOOL, "destroy-data", NULL, "overwrite" },
	BT_OPTS_COMMON,
	BT_OPTS_END
};

/* Scan words, parse -b and -c; the last key seen, or -EINVAL with the sentence in error. */
static int scan(char **words, struct bt_opts *o, uint64_t *bytes)
{
	static char *argv[8]; /* outlives the caller's compound literal: o->argv is looked at afterwards */
	uint32_t cpus[4];
	size_t n;
	int argc = 0, key, last = 0;

	while ((argv[argc] = words[argc]))
		argc++;
	bt_opts_init(o, table, argc, argv);
	while ((key = bt_opts_next(o)) > 0) {
		last = key;
		if (key == 'b')
			bt_opts_size(o, 512, 1 << 20, bytes);
		if (key == 'c')
			bt_opts_list(o, 9, cpus, 4, &n);
	}
	return key < 0 ? key : last;
}

static void test_scan(void)
{
	struct bt_opts o;
	uint64_t bytes = 0;

	CHECK_EQ(scan(ARGS("hash", "-b4k", "--destroy-data", "int"), &o, &bytes), BT_OPT_TOOL);
	CHECK_EQ(bytes, 4096);
	CHECK_EQ(o.first, 3);
	CHECK_STR(o.argv[o.first], "hash");
	CHECK_EQ(scan(ARGS("-q", "--", "-b", "x"), &o, &bytes), 'q');
	CHECK_EQ(o.first, 3);
	CHECK_EQ(scan(ARGS("--block-size=1k"), &o, &bytes), 'b');
	CHECK_EQ(bytes, 1024);
}

/* Operands and the COMMAND behind "--", wherever options stand and whoever permutes. */
static void test_command(void)
{
	struct bt_opts o;
	uint64_t bytes;

	CHECK_EQ(scan(ARGS("trace", "-q", "x", "--", "ls", "-l"), &o, &bytes), 'q');
	CHECK_EQ(o.last - o.first, 2);
	CHECK_STR(o.argv[o.first], "trace");
	CHECK_STR(o.argv[o.last - 1], "x");
	CHECK_STR(o.command[0], "ls");
	CHECK_STR(o.command[1], "-l");
	CHECK(!o.command[2]);
	CHECK_EQ(scan(ARGS("-qv", "--", "ls", "--"), &o, &bytes), 'v');
	CHECK_EQ(o.last, o.first);
	CHECK_STR(o.command[0], "ls");
	CHECK_STR(o.command[1], "--");
	CHECK_EQ(scan(ARGS("-f", "--", "trace"), &o, &bytes), 'f'); /* an argument, not the end */
	CHECK(!o.command);
	CHECK_EQ(o.last - o.first, 1);
	CHECK_EQ(scan(ARGS("trace", "--"), &o, &bytes), 0);
	CHECK_EQ(o.last - o.first, 1);
	CHECK(o.command && !o.command[0]);
	setenv("POSIXLY_CORRECT", "1", 1);
	CHECK_EQ(scan(ARGS("-q", "trace", "--", "ls"), &o, &bytes), 'q');
	CHECK_EQ(o.last - o.first, 1);
	CHECK_STR(o.argv[o.first], "trace");
	CHECK_STR(o.command[0], "ls");
	unsetenv("POSIXLY_CORRECT");
}

static void test_errors(void)
{
	struct bt_opts o;
	uint64_t bytes = 77;

	CHECK_EQ(scan(ARGS("-b", "4x"), &o, &bytes), -EINVAL);
	CHECK_STR(o.error, "-b, --block-size: '4x' is no such value; a size such as 4k or 1M from 512 to 1M is accepted");
	CHECK_EQ(scan(ARGS("-b", "2M", "-Z"), &o, &bytes), -EINVAL);
	CHECK(strstr(o.error, "-b, --block-size: '2M' is out of range"));
	CHECK_EQ(bytes, 77);
	CHECK_EQ(bt_opts_next(&o), -EINVAL); /* sticky */
	CHECK_EQ(scan(ARGS("-Z"), &o, &bytes), -EINVAL);
	CHECK_STR(o.error, "unknown option -Z");
	CHECK_EQ(scan(ARGS("-qZ"), &o, &bytes), -EINVAL);
	CHECK_STR(o.error, "unknown option -Z");
	CHECK_EQ(scan(ARGS("--nonsense"), &o, &bytes), -EINVAL);
	CHECK(strstr(o.error, "--nonsense"));
	CHECK_EQ(scan(ARGS("-b"), &o, &bytes), -EINVAL);
	CHECK_STR(o.error, "option -b needs an argument");
	CHECK_EQ(scan(ARGS("-c", "0-9"), &o, &bytes), -EINVAL);
	CHECK_STR(o.error, "-c, --cpus: more than 4 entries in '0-9'");
}

static void test_choice(void)
{
	static const char *const names[] = { "wait", "fail", "off", NULL };
	char *argv[] = { "tool", "--lock", "of", NULL };
	struct bt_opts o;
	int choice = -1;

	bt_opts_init(&o, table, 3, argv);
	CHECK_EQ(bt_opts_next(&o), BT_OPT_LOCK);
	bt_opts_choice(&o, names, &choice);
	CHECK_STR(o.error, "--lock: 'of' is none of wait, fail or off");
	argv[2] = "off";
	bt_opts_init(&o, table, 3, argv);
	CHECK_EQ(bt_opts_next(&o), BT_OPT_LOCK);
	bt_opts_choice(&o, names, &choice);
	CHECK_EQ(choice, 2);
	CHECK_STR(o.error, "");
}

static void test_help(void)
{
	static const struct bt_tool tool = { "tool", "[options] [TEST ...]", "Measures things.", table, "  tool | bagg\n" };
	struct bt_buf b = BT_BUF_INIT;

	bt_opts_help(&b, &tool);
	CHECK(strstr(bt_buf_cstr(&b), "usage: tool [options] [TEST ...]\nMeasures things.\n"));
	CHECK(strstr(bt_buf_cstr(&b), "  -b, --block-size SIZE    bytes in a block\n"));
	CHECK(strstr(bt_buf_cstr(&b), "      --destroy-data       overwrite\n"));
	CHECK(strstr(bt_buf_cstr(&b), "-r, --rate") < strstr(bt_buf_cstr(&b), "-R, --repeat"));
	CHECK(strstr(bt_buf_cstr(&b), "-w, --warmup") < strstr(bt_buf_cstr(&b), "--destroy-data"));
	bt_buf_free(&b);
}

static const struct unit_test tests[] = {
	{ "scan", test_scan },
	{ "operands and the command behind --", test_command },
	{ "errors name the option and what it accepts", test_errors },
	{ "choice", test_choice },
	{ "help", test_help },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
