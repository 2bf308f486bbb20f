/* SPDX-License-Identifier: ISC
 *
 * child - a command started in two steps.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "sig.h"
#include "src.h"

#define NOT_FOUND 127 /* as in a shell */
#define NOT_RUNNABLE 126

/* The file that execvp would run, so that the traced command does not begin with a search. Returns 0 or -errno. */
static int find(const char *name, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH"), *end;
	int rc = -ENOENT;

	if (strchr(name, '/'))
		return bt_src_copy(path, PATH_MAX, name) < strlen(name) ? -ENAMETOOLONG : 0;
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; dirs; dirs = *end ? end + 1 : NULL) {
		struct stat st;

		end = strchrnul(dirs, ':');
		if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)(end - dirs), dirs, end > dirs ? "/" : "", name) >= PATH_MAX)
			continue;
		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		if (access(path, X_OK) == 0)
			return 0;
		rc = -EACCES;
	}
	return rc;
}

/* Between fork and execve: nothing but system calls. The execve is the first call after the release. Without a release (the
 * end of the pipe, as when we are killed) the command is not run. */
static _Noreturn void become(const char *path, char **command, int wait_fd, int error_fd, bool out_to_err)
{
	char byte;
	int error;
	ssize_t n;

	/* SIGKILL is the one signal that we cannot pass on. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (out_to_err)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	bt_sig_restore();
	do
		n = read(wait_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(NOT_RUNNABLE);
	execv(path, command);
	error = errno;
	if (error == ENOEXEC) { /* a script without its first line */
		execvp(path, command);
		error = errno;
	}
	(void)!write(error_fd, &error, sizeof(error));
	_exit(error == ENOENT ? NOT_FOUND : NOT_RUNNABLE);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int bt_child_start(struct bt_child *c, char **command, bool out_to_err)
{
	int hold[2], error[2], rc;
	char path[PATH_MAX];

	*c = (struct bt_child)BT_CHILD_INIT;
	rc = find(command[0], path);
	if (rc != 0)
		return rc;
	if (pipe2(hold, O_CLOEXEC) != 0)
		return -errno;
	if (pipe2(error, O_CLOEXEC) != 0) {
		rc = -errno;
		close(hold[0]);
		close(hold[1]);
		return rc;
	}
	c->release_fd = hold[1];
	c->error_fd = error[0];
	c->pid = fork();
	if (c->pid == 0) {
		close(hold[1]);
		become(path, command, hold[0], error[1], out_to_err);
	}
	close(hold[0]);
	close(error[1]);
	if (c->pid < 0) {
		rc = -errno;
		c->pid = 0;
		bt_child_close(c);
		return rc;
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

static void take_status(struct bt_child *c, int status)
{
	c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Of one that is about to end whatever happens. */
static void reap(struct bt_child *c)
{
	int status;
	pid_t pid;

	if (c->pid == 0 || c->status >= 0)
		return;
	do
		pid = waitpid(c->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	if (pid == c->pid)
		take_status(c, status);
}

int bt_child_release(struct bt_child *c)
{
	int error = 0;
	ssize_t n;

	(void)!write(c->release_fd, "", 1);
	close_fd(&c->release_fd);
	do
		n = read(c->error_fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR && !bt_sig_caught());
	close_fd(&c->error_fd);
	if (n != sizeof(error))
		return 0;
	reap(c);
	return -error;
}

bool bt_child_ended(struct bt_child *c)
{
	int status;

	if (c->pid > 0 && c->status < 0 && waitpid(c->pid, &status, WNOHANG) == c->pid)
		take_status(c, status);
	return c->status >= 0;
}

int bt_child_wait(struct bt_child *c)
{
	int status, rc = 0;

	if (c->pid == 0)
		return -ECHILD;
	while (c->status < 0) {
		if (c->pidfd >= 0)
			rc = bt_sig_wait(c->pidfd);
		if (rc == -EINTR || bt_sig_caught())
			return bt_child_ended(c) ? c->status : -EINTR;
		if (waitpid(c->pid, &status, 0) == c->pid)
			take_status(c, status);
		else if (errno != EINTR)
			return -errno;
	}
	return c->status;
}

void bt_child_kill(const struct bt_child *c, int sig)
{
	if (c->pid > 0 && c->status < 0)
		kill(c->pid, sig);
}

void bt_child_close(struct bt_child *c)
{
	bool held = c->release_fd >= 0;

	close_fd(&c->release_fd);
	close_fd(&c->error_fd);
	close_fd(&c->pidfd);
	if (held)
		reap(c);
}
