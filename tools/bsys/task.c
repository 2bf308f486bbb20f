/* SPDX-License-Identifier: ISC
 *
 * task - calls that make a task, and a signal to oneself.
 *
 * What is made runs on the CPU of the worker that waits for it. Nothing can be left over: a child's only step is to end, and
 * the worker collects it before the call is done. So a child needs no death signal either, which would be part of its cost.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "bsys.h"
#include "tiny.h"

#define STATUS 42 /* with which children end */

/* A parent may have left SIGCHLD ignored; then there would be nothing to wait for. */
static int child_init(struct bsys_work *w)
{
	(void)w;
	return signal(SIGCHLD, SIG_DFL) == SIG_ERR ? -errno : 0;
}

/* The right status is that of a child that ended by itself with STATUS. -EAGAIN and its like when there is no child. */
static int check_child(struct bsys_work *w, long pid)
{
	int status = 0;

	if (pid < 0)
		return 1;
	if (syscall(SYS_wait4, pid, &status, 0, NULL) != pid)
		return 1;
	return bsys_check(w, (uint64_t)(unsigned)status, STATUS << 8);
}

/* fork: without the C library's handlers. The child may do nothing but end: its library believes to be the parent. */
static int fork_call(struct bsys_work *w)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		syscall(SYS_exit_group, STATUS);
	return check_child(w, pid);
}

const struct bsys_test bsys_fork = {
	.name = "fork", .id = "fork.1", .help = "fork, exit of the child, wait", .calls = 1, .waits = true,
	.variants = { { NULL, fork_call } }, .init = child_init,
};

/* exec: the smallest program there is, from memory, so that neither our own size nor a file system counts. */

/* A file that is open for writing cannot be run. */
static int exec_init(struct bsys_work *w)
{
	int fd = memfd_create("bsys", MFD_CLOEXEC), rc = 0;
	char path[64];

	if (fd < 0)
		return -errno;
	if (write(fd, bsys_tiny, sizeof(bsys_tiny)) != (ssize_t)sizeof(bsys_tiny))
		rc = -EIO;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	w->fd[0] = open(path, O_RDONLY | O_CLOEXEC);
	if (rc == 0 && w->fd[0] < 0)
		rc = -errno;
	close(fd);
	return rc < 0 ? rc : child_init(w);
}

static int exec_call(struct bsys_work *w)
{
	static char *const none[] = { NULL }, *const words[] = { "tiny", NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		syscall(SYS_execveat, w->fd[0], "", words, none, AT_EMPTY_PATH);
		_exit(STATUS + 1);
	}
	return check_child(w, pid);
}

const struct bsys_test bsys_exec = {
	.name = "exec", .id = "exec.1", .help = "vfork, execveat of a program of one call, wait", .calls = 1, .waits = true,
	.variants = { { NULL, exec_call } }, .init = exec_init,
};

static void *thread_main(void *arg)
{
	return arg;
}

static int thread_call(struct bsys_work *w)
{
	void *got = NULL;
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, w) != 0 || pthread_join(thread, &got) != 0)
		return 1;
	return bsys_check(w, (uint64_t)(uintptr_t)got, (uint64_t)(uintptr_t)w);
}

const struct bsys_test bsys_thread = {
	.name = "thread", .id = "thread.1", .help = "pthread_create and pthread_join", .calls = 1, .waits = true,
	.variants = { { NULL, thread_call } },
};

/* signal: sent to the sender, so that the handler has run when tgkill returns. */

static _Thread_local volatile sig_atomic_t handled;

static void handle(int sig)
{
	(void)sig;
	handled = handled + 1;
}

static int let_in(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return -pthread_sigmask(how, &set, NULL);
}

static int signal_init(struct bsys_work *w)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGUSR1, &action, NULL) != 0)
		return -errno;
	w->number = (uint64_t)getpid();
	w->expected = (uint64_t)syscall(SYS_gettid);
	return let_in(SIG_UNBLOCK);
}

static int signal_call(struct bsys_work *w)
{
	handled = 0;
	if (syscall(SYS_tgkill, w->number, w->expected, SIGUSR1) != 0)
		return 1;
	return bsys_check(w, (uint64_t)handled, 1);
}

static void signal_fini(struct bsys_work *w)
{
	(void)w;
	let_in(SIG_BLOCK);
}

const struct bsys_test bsys_signal = {
	.name = "signal", .id = "signal.1", .help = "tgkill to oneself, whose handler runs", .calls = 16,
	.variants = { { NULL, signal_call } }, .init = signal_init, .fini = signal_fini,
};
