/* SPDX-License-Identifier: ISC
 *
 * errnames - unit tests of the names of error numbers.
 */
#include <errno.h>
#include <limits.h>

#include "errnames.h"
#include "unit.h"

static void test_known(void)
{
	static const struct {
		unsigned number;
		const char *name;
	} cases[] = {
		{ EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { EAGAIN, "EAGAIN" }, { ERANGE, "ERANGE" }, { EDEADLK, "EDEADLK" },
		{ ENOMSG, "ENOMSG" }, { EBADSLT, "EBADSLT" }, { EBFONT, "EBFONT" }, { EOPNOTSUPP, "EOPNOTSUPP" },
		{ ETIMEDOUT, "ETIMEDOUT" }, { EINPROGRESS, "EINPROGRESS" }, { EHWPOISON, "EHWPOISON" }, { 512, "ERESTARTSYS" },
		{ 513, "ERESTARTNOINTR" }, { 514, "ERESTARTNOHAND" }, { 515, "ENOIOCTLCMD" }, { 516, "ERESTART_RESTARTBLOCK" },
		{ 524, "ENOTSUPP" }
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(bt_errname(cases[i].number) && strcmp(bt_errname(cases[i].number), cases[i].name) == 0);
}

static void test_unknown(void)
{
	static const unsigned numbers[] = { 0, 41, 58, 134, 511, 517, 523, 525, UINT_MAX, (unsigned)-2 };
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		CHECK(bt_errname(numbers[i]) == NULL);
}

/* glibc before 2.32 and musl have nothing to compare with. */
static void test_libc(void)
{
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 32)
	const char *want;
	int i;

	for (i = 1; i < 200; i++) {
		want = strerrorname_np(i);
		CHECK_STR(bt_errname((unsigned)i) ? bt_errname((unsigned)i) : "", want ? want : "");
	}
#endif
#endif
}

static const struct unit_test tests[] = {
	{ "knows errors of programs and of the kernel", test_known },
	{ "knows no others", test_unknown },
	{ "agrees with the C library", test_libc },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
