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
	int release_fd;  /* a byte lets the command run, its end does away with it; -1 once released */
	int error_fd;    /* tells why it could not be run */
	int status;      /* as a shell shows it, once it has ended; else -1 */
};

#define BT_CHILD_INIT { .pidfd = -1, .release_fd = -1, .error_fd = -1, .status = -1 }

/* bt_child_start - make the process that will run command (argv, NULL at the end; borrowed until the release), and hold it just
 * before its execve. Call bt_sig_init first: the command's signals are as they were before that. Its stdout is our stderr when
 * out_to_err; of our descriptors it gets those that are not close-on-exec. When we die while it is held it ends without having
 * run; when the calling thread dies later it is killed, unless it has become another user. Returns 0, or -errno with nothing to
 * close: -ENOENT when there is no such program in PATH, -EACCES when it may not be run. */
int bt_child_start(struct bt_child *c, char **command, bool out_to_err);

/* bt_child_release - let it run; once only. Returns 0, or -errno of its execve: then it has ended, with status 127 (-ENOENT) or 126
 * as in a shell. */
int bt_child_release(struct bt_child *c);

/* bt_child_ended - whether it has; then status is set: its exit status, or 128 and the signal that killed it. Does not wait. */
bool bt_child_ended(struct bt_child *c);

/* bt_child_wait - wait for the end of one that was released. Returns status, -EINTR when a signal was caught first (bt_sig_caught;
 * where there is no pidfd one that comes just before the wait goes unseen), or -errno when there is none. */
int bt_child_wait(struct bt_child *c);

/* bt_child_kill - send it a signal if it has not ended. */
void bt_child_kill(const struct bt_child *c, int sig);

/* bt_child_close - close what is open here. A command that is still held ends without having run, and is waited for; one that
 * runs goes on. Takes one that was never started, and may be called twice. */
void bt_child_close(struct bt_child *c);

#endif
