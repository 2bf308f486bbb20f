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

enum state { STARTING, RUNNING, GONE };

/* The affinity was inherited from a worker, which has one CPU. */
static int settle(const struct bsched_task *t)
{
	int rc = t->cpu >= 0 ? bt_cpus_pin((uint32_t)t->cpu) : bt_cpus_set(t->b->cpus, t->b->n_cpus);

	prctl(PR_SET_TIMERSLACK, 1);
	return rc ? rc : bsched_policy_apply(t->b, 0);
}

static void *thread_main(void *arg)
{
	struct bsched_task *t = arg;

	t->error = settle(t);
	atomic_store(&t->state, RUNNING);
	bsched_futex_wake(&t->state, 1, false);
	if (t->error == 0)
		t->body(t->arg);
	atomic_store(&t->state, GONE);
	return NULL;
}

/* Signals stay blocked, as in the thread that forks; so KILL is what ends it when that thread is gone. */
static _Noreturn void process_main(struct bsched_task *t, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && settle(t) == 0)
		t->body(t->arg);
	_exit(0);
}

/* Returns when the thread has settled: nobody may wait for one that could not. */
static int start_thread(struct bsched_task *t)
{
	int rc = pthread_create(&t->thread, NULL, thread_main, t);

	if (rc != 0)
		return -rc;
	t->started = true;
	while (atomic_load(&t->state) == STARTING)
		bsched_futex_wait(&t->state, STARTING, 0, false);
	return t->error;
}

int bsched_task_start(struct bsched_task *t)
{
	pid_t parent = getpid(), pid;

	if (!t->process)
		return start_thread(t);
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
		return atomic_load(&t->state) == GONE;
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
