/* SPDX-License-Identifier: ISC
 *
 * genidle - so many processes that do nothing, until stdin ends: genidle N. Says "ready" when all are there.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void idle(pid_t parent)
{
	/* So that none of them survives, whatever happens. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
	pid_t self = getpid();
	char byte;

	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			idle(self);
		if (pid < 0) {
			perror("genidle: fork");
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
