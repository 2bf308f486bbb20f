/* SPDX-License-Identifier: ISC
 *
 * calls - load for the benchmarks of tracers, on one CPU: system calls that do nothing, or two processes that wake each other.
 *
 * usage: calls null|pipe CPU SLICES COUNT
 *
 * null: getppid(2), which takes nothing but the way into the kernel and back. pipe: a round is a byte to the other process and
 * one back: four calls, two switches, and one or two wakeups, for who is switched away from before it could wait for the
 * answer needs none. Prints the median and the least of SLICES slices of COUNT
 * calls or rounds each, in nanoseconds for one; one more slice comes first and is not counted.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "num.h"
#include "stat.h"

#define SLICES_MAX 10000

struct pair {
	int there[2], back[2];
};

static void bounce(int from, int to, uint64_t count)
{
	char byte = 0;

	for (uint64_t i = 0; i < count; i++)
		if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
			bt_die(BT_EXIT_TROUBLE, "the other process has gone");
}

static double null_slice(uint64_t count, void *arg)
{
	uint64_t start = bt_clock_monotonic();

	(void)arg;
	for (uint64_t i = 0; i < count; i++)
		syscall(SYS_getppid);
	return (double)(bt_clock_monotonic() - start) / (double)count;
}

static double pipe_slice(uint64_t count, void *arg)
{
	struct pair *pair = arg;
	uint64_t start = bt_clock_monotonic();

	bounce(pair->back[0], pair->there[1], count);
	return (double)(bt_clock_monotonic() - start) / (double)count;
}

/* The other side answers until the pipe ends. */
static void start_echo(struct pair *pair)
{
	char byte;
	pid_t pid;

	if (pipe(pair->there) < 0 || pipe(pair->back) < 0 || (pid = fork()) < 0)
		bt_die(BT_EXIT_TROUBLE, "no second process: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair->there[1]);
		close(pair->back[0]);
		while (read(pair->there[0], &byte, 1) == 1 && write(pair->back[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	close(pair->there[0]);
	close(pair->back[1]);
}

static void pin(uint64_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		bt_die(BT_EXIT_USAGE, "CPU %llu: %s", (unsigned long long)cpu, strerror(errno));
}

int main(int argc, char **argv)
{
	static double slices[SLICES_MAX];
	uint64_t cpu, n, count;
	struct pair pair;
	bool pipes;

	bt_err_init("calls");
	if (argc != 5 || (strcmp(argv[1], "null") != 0 && strcmp(argv[1], "pipe") != 0) ||
	    bt_num_u64(argv[2], 0, CPU_SETSIZE - 1, &cpu) < 0 || bt_num_u64(argv[3], 1, SLICES_MAX, &n) < 0 ||
	    bt_num_u64(argv[4], 1, 1000000000, &count) < 0)
		bt_die_usage("usage: calls null|pipe CPU SLICES COUNT");
	pipes = argv[1][0] == 'p';
	pin(cpu);
	if (pipes)
		start_echo(&pair);
	(pipes ? pipe_slice : null_slice)(count, &pair);
	for (uint64_t i = 0; i < n; i++)
		slices[i] = (pipes ? pipe_slice : null_slice)(count, &pair);
	bt_stat_sort(slices, n);
	printf("%.3f %.3f\n", bt_stat_median(slices, n), slices[0]);
	return fflush(stdout) != 0;
}
