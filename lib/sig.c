/* SPDX-License-Identifier: ISC
 *
 * sig - signals become one flag; nothing is done in a handler.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "clock.h"
#include "sig.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "the handler needs a lock-free int");

static atomic_int caught;

/* What bt_sig_init found, for bt_sig_restore. */
static const int changed[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXFSZ, SIGCHLD };
#define CHANGED (sizeof(changed) / sizeof(changed[0]))
static struct sigaction found[CHANGED];
static sigset_t found_mask;
static bool initialised;

static void note(int sig)
{
	int none = 0;

	atomic_compare_exchange_strong(&caught, &none, sig);
}

static int catch(int sig, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	return sigaction(sig, &action, NULL) == 0 ? 0 : -errno;
}

static int look(void)
{
	for (size_t i = 0; i < CHANGED; i++)
		if (sigaction(changed[i], NULL, &found[i]) != 0)
			return -errno;
	return sigprocmask(SIG_SETMASK, NULL, &found_mask) == 0 ? 0 : -errno;
}

int bt_sig_init(void)
{
	int rc = initialised ? 0 : look();

	initialised = rc == 0;
	if (rc == 0 && found[0].sa_handler != SIG_IGN)
		rc = catch(SIGHUP, note);
	if (rc != 0 || (rc = catch(SIGINT, note)) != 0 || (rc = catch(SIGTERM, note)) != 0)
		return rc;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return -errno;
	return 0;
}

void bt_sig_restore(void)
{
	for (size_t i = 0; initialised && i < CHANGED; i++)
		sigaction(changed[i], &found[i], NULL);
	if (initialised)
		sigprocmask(SIG_SETMASK, &found_mask, NULL);
}

int bt_sig_caught(void)
{
	return atomic_load_explicit(&caught, memory_order_relaxed);
}

int bt_sig_wait_until(int fd, uint64_t until_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec left = { 0 };
	sigset_t ours, before;
	int ready = 0;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ours, &before);
	/* Only ppoll lets them in, in one step with its wait. */
	do {
		uint64_t now = until_ns == UINT64_MAX ? 0 : bt_clock_monotonic(), ns = until_ns > now ? until_ns - now : 0;

		left.tv_sec = (time_t)(ns / 1000000000u);
		left.tv_nsec = (long)(ns % 1000000000u);
	} while (!bt_sig_caught() && (ready = ppoll(&p, 1, until_ns == UINT64_MAX ? NULL : &left, &before)) < 0 && errno == EINTR);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return bt_sig_caught() ? -EINTR : ready == 0 ? -ETIMEDOUT : 0;
}

int bt_sig_wait(int fd)
{
	return bt_sig_wait_until(fd, UINT64_MAX);
}
