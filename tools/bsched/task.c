/* SPDX-License-Identifier: ISC
 *
 * task - the threads and processes of a test beside the engine's workers.
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bsched.h"

int bsched_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns, bool shared)
{
	struct timespec ts = { .tv_sec = (time_t)(timeout_ns / 1000000000u), .tv_nsec = (long)(timeout_ns % 1000000000u) };
	int op = shared ? FUTEX_WAIT : FUTEX_WAIT_PRIVATE;

	return syscall(SYS_futex, word, op, value, timeout_ns ? &ts : NULL, NULL, 0) < 0 ? -errno : 0;
}

void bsched_futex_wake(_Atomic uint32_t *word, uint32_t count, bool shared)
{
	syscall(SYS_futex, word, shared ? FUTEX_WAKE : FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* The affinity was inherited from a worker, which has one CPU. What cannot be had here was tried before the run. */
static void run(struct bsched_task *t)
{
	const struct bsched *b = t->b;
	int rc = t->cpu >= 0 ? bt_cpus_pin((uint32_t)t->cpu) : bt_cpus_set(b->cpus, b->n_cpus);

	prctl(PR_SET_TIMERSLACK, 1);
	if (rc == 0 && bsched_policy_apply(b, 0) == 0)
		t->body(t->arg);
	atomic_store(&t->gone, true);
}

static void *thread_main(void *arg)
{
	run(arg);
	return NULL;
}

/* Signals stay blocked, as in the thread that forks; so KILL is what ends it when that thread is gone. */
static _Noreturn void process_main(struct bsched_task *t, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		run(t);
	_exit(0);
}

int bsched_task_start(struct bsched_task *t)
{
	pid_t parent = getpid(), pid;
	int rc;

	if (!t->process) {
		rc = pthread_create(&t->thread, NULL, thread_main, t);
		t->started = rc == 0;
		return -rc;
	}
	pid = fork();
	if (pid == 0)
		process_main(t, parent);
	if (pid < 0)
		return -errno;
	t->pid = pid; /* the task may lie in shared memory: the child must not write to it */
	t->started = true;
	return 0;
}

bool bsched_task_lost(struct bsched_task *t)
{
	siginfo_t info = { .si_pid = 0 };

	if (!t->process)
		return atomic_load(&t->gone);
	return waitid(P_PID, (id_t)t->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

void bsched_task_end(struct bsched_task *t)
{
	if (!t->started)
		return;
	t->started = false;
	if (!t->process) {
		pthread_join(t->thread, NULL);
		return;
	}
	if (t->pid <= 0)
		return;
	kill(t->pid, SIGKILL);
	while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
