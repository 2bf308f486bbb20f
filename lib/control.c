/* SPDX-License-Identifier: ISC
 *
 * control - one wait for time, signals and descriptors.
 */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "control.h"
#include "sig.h"

int bt_control_add(const struct bt_control *c, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

int bt_control_open(struct bt_control *c)
{
	sigset_t users;
	int rc = 0;

	sigemptyset(&users);
	sigaddset(&users, SIGUSR1);
	sigaddset(&users, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &users, NULL);
	*c = (struct bt_control)BT_CONTROL_INIT;
	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll_fd < 0)
		rc = -errno;
	if (rc == 0 && (c->signal_fd = signalfd(-1, &users, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		rc = -errno;
	if (rc == 0)
		rc = bt_control_add(c, c->signal_fd);
	if (rc != 0)
		bt_control_close(c);
	return rc;
}

void bt_control_close(struct bt_control *c)
{
	if (c->epoll_fd >= 0)
		close(c->epoll_fd);
	if (c->signal_fd >= 0)
		close(c->signal_fd);
	*c = (struct bt_control)BT_CONTROL_INIT;
}

static unsigned read_signals(const struct bt_control *c)
{
	struct signalfd_siginfo info;
	unsigned what = 0;

	while (read(c->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			what |= BT_CONTROL_MARK;
		else
			what ^= BT_CONTROL_PAUSE; /* a second one resumes */
	}
	return what;
}

unsigned bt_control_wait(const struct bt_control *c, uint64_t until_ns)
{
	int rc = bt_sig_wait_until(c->epoll_fd, until_ns), n;
	struct epoll_event events[8];
	unsigned what = 0;

	if (rc == -ETIMEDOUT)
		return BT_CONTROL_TIME;
	if (rc == -EINTR)
		what = BT_CONTROL_STOP;
	n = epoll_wait(c->epoll_fd, events, 8, 0);
	for (int i = 0; i < n; i++)
		what |= events[i].data.fd == c->signal_fd ? read_signals(c) : BT_CONTROL_READY;
	return what;
}
