/* SPDX-License-Identifier: ISC
 *
 * unit - the few lines that a unit test program needs. One program per lib/ concept, one const table of tests in it:
 *
 *	static const struct unit_test tests[] = { { "adds one value", test_add }, { NULL, NULL } };
 *	int main(int argc, char **argv) { return unit_main(tests, argc, argv); }
 *
 * Output is TAP; the exit status is 1 when a check failed. With an argument only the tests whose name contains it run.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

static unsigned unit_failures;

/* CHECK - note a failure and go on. CHECK_EQ - the same for two integers, both shown. */
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			unit_failures++; \
		} \
	} while (0)
#define CHECK_EQ(got, want) \
	do { \
		long long unit_got = (long long)(got), unit_want = (long long)(want); \
		if (unit_got != unit_want) { \
			printf("# %s:%d: %s is %lld, want %lld\n", __FILE__, __LINE__, #got, unit_got, unit_want); \
			unit_failures++; \
		} \
	} while (0)
#define CHECK_STR(got, want) \
	do { \
		const char *unit_got = (got), *unit_want = (want); \
		if (strcmp(unit_got, unit_want) != 0) { \
			printf("# %s:%d: %s is \"%s\", want \"%s\"\n", __FILE__, __LINE__, #got, unit_got, unit_want); \
			unit_failures++; \
		} \
	} while (0)

/* unit_forked - run in a process of its own what changes a process for good: its signals, its privileges. */
static inline void unit_forked(void (*run)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		run();
		fflush(stdout);
		_exit(unit_failures > 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		printf("# a process of its own ended with status %#x\n", (unsigned)status);
		unit_failures++;
	}
}

static inline int unit_main(const struct unit_test *tests, int argc, char **argv)
{
	unsigned number = 0, bad = 0;

	for (; tests->name; tests++) {
		if (argc > 1 && !strstr(tests->name, argv[1]))
			continue;
		unit_failures = 0;
		tests->run();
		printf("%sok %u - %s\n", unit_failures ? "not " : "", ++number, tests->name);
		bad += unit_failures > 0;
	}
	printf("1..%u\n", number);
	return bad > 0;
}

#endif
