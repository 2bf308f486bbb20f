/* SPDX-License-Identifier: ISC
 *
 * child - a command that is started in two steps, so that a tracer can be ready before its first instruction, and whose exit
 * status is passed on.
 */
#ifndef BT_CHILD_H
#define BT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct bt_child {
	pid_t pid;       /* 0: none */
	int pidfd;       /* readable once the command has ended; -1 where the kernel has none (before 5.3) */
	int release_fd;  /* closing it lets the command run */
	int error_fd;    /* tells why it could not be run */
	int status;      /* as a shell shows it, once it has ended; else -1 */
};

#define BT_CHILD_INIT { .pidfd = -1, .release_fd = -1, .error_fd = -1, .status = -1 }

/* bt_child_start - make the process that will run command (argv, NULL at the end), and hold it just before its execve. Its
 * signals are as ours were before bt_sig_init, its stdout is our stderr when out_to_err. Returns 0, or -errno: -ENOENT when there
 * is no such program in PATH. */
int bt_child_start(struct bt_child *c, char **command, bool out_to_err);

/* bt_child_release - let it run. Returns 0, or -errno of its execve: then it has ended, with status 127 or 126 as in a shell. */
int bt_child_release(struct bt_child *c);

/* bt_child_ended - whether it has; then status is set. Does not wait. */
bool bt_child_ended(struct bt_child *c);

/* bt_child_wait - wait for its end. Returns status, or -EINTR when a signal was caught first. */
int bt_child_wait(struct bt_child *c);

/* bt_child_kill - send it a signal if it still runs. */
void bt_child_kill(const struct bt_child *c, int sig);

/* bt_child_close - close what is open here. A command that still waits to run ends; one that runs goes on. */
void bt_child_close(struct bt_child *c);

#endif
