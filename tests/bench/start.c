/* SPDX-License-Identifier: ISC
 *
 * start - how long from the start of a process to the first byte of its output, next to the smallest program there is; prints
 * records.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "hist.h"
#include "out.h"

#define RUNS 101

struct peer {
	const char *name;
	char *argv[9];
};

static struct peer peers[] = {
	{ "echo", { "/bin/echo", "x" } },
	{ "bcpu", { "bcpu", "-d", "10s", "-w", "0", "--lock", "off", "int" } },
	{ "bsys", { "bsys", "-d", "10s", "-w", "0", "--lock", "off", "null" } },
	{ "bagg", { "bagg", "/dev/null" } },
	{ "bdiff", { "bdiff", "--help" } },
};

/* Returns nanoseconds, or 0 when there was no first byte. */
static uint64_t first_byte(char **argv)
{
	uint64_t start = bt_clock_monotonic(), end;
	int fds[2];
	char byte;
	pid_t pid;
	bool got;

	if (pipe(fds) < 0 || (pid = fork()) < 0)
		return 0;
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	got = read(fds[0], &byte, 1) == 1;
	end = bt_clock_monotonic();
	close(fds[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return got ? end - start : 0;
}

static void measure(struct bt_out *out, struct peer *peer)
{
	struct bt_hist h;
	struct bt_rec r;

	bt_hist_init(&h, 3);
	for (int i = 0; i < RUNS; i++) {
		uint64_t ns = first_byte(peer->argv);

		if (ns == 0)
			bt_die(BT_EXIT_TROUBLE, "%s: no output", peer->name);
		bt_hist_add(&h, ns);
	}
	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = "start";
	r.rep = 1;
	bt_rec_str(&r, "peer", peer->name);
	bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, &h);
	bt_out_rec(out, &r);
	bt_hist_free(&h);
}

int main(void)
{
	const struct bt_out_opts opts = { .format = BT_FORMAT_JSON };
	uint64_t start_ns = bt_clock_monotonic();
	struct bt_out out;
	struct bt_rec r;

	bt_err_init("bench");
	bt_check_output(bt_out_open(&out, &opts, "bench"), NULL, BT_EXIT_USAGE);
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_out_rec(&out, &r);
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		measure(&out, &peers[i]);
	bt_out_end(&out, "ok", bt_clock_monotonic() - start_ns, 0);
	bt_check_output(bt_out_close(&out), NULL, BT_EXIT_TROUBLE);
	return BT_EXIT_OK;
}
