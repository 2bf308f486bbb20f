/* SPDX-License-Identifier: ISC
 *
 * control - unit tests of the wait of tracers.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "unit.h"

/* The code under test is compiled in, with a read() that lets another signal come while the first ones are taken. */
static int late_signal; /* raised once */

static ssize_t test_read(int fd, void *buf, size_t len)
{
	ssize_t n = read(fd, buf, len);

	if (late_signal)
		raise(late_signal);
	late_signal = 0;
	return n;
}

#define read(fd, buf, len) test_read(fd, buf, len)
#include "../../lib/control.c"
#undef read

#define NEVER UINT64_MAX

static struct bt_control c = BT_CONTROL_INIT;

static void test_time(void)
{
	uint64_t now = bt_clock_monotonic();

	CHECK_EQ(bt_control_wait(&c, 0), BT_CONTROL_TIME);
	CHECK_EQ(bt_control_wait(&c, now), BT_CONTROL_TIME);
	CHECK_EQ(bt_control_wait(&c, now + 3000000), BT_CONTROL_TIME);
	CHECK(bt_clock_monotonic() >= now + 3000000);
}

static void test_users(void)
{
	raise(SIGUSR1);
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_MARK);
	raise(SIGUSR2);
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_PAUSE);
	raise(SIGUSR2);
	raise(SIGUSR1);
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_MARK | BT_CONTROL_PAUSE);
	CHECK_EQ(bt_control_wait(&c, 0), BT_CONTROL_TIME); /* each is seen once */
}

static void test_twice(void)
{
	raise(SIGUSR2);
	raise(SIGUSR2); /* the kernel keeps one */
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_PAUSE);
	late_signal = SIGUSR2;
	raise(SIGUSR2);
	CHECK_EQ(bt_control_wait(&c, NEVER), 0);
	late_signal = SIGUSR1;
	raise(SIGUSR1);
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_MARK);
	CHECK_EQ(bt_control_wait(&c, 0), BT_CONTROL_TIME);
}

static void test_ready(void)
{
	int a[2], b[2];
	char byte;

	CHECK(pipe(a) == 0 && pipe(b) == 0);
	CHECK_EQ(bt_control_add(&c, a[0]), 0);
	CHECK_EQ(bt_control_add(&c, b[0]), 0);
	CHECK_EQ(bt_control_wait(&c, 0), BT_CONTROL_TIME);
	CHECK_EQ(write(a[1], "x", 1), 1);
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_READY);
	CHECK_EQ(bt_control_wait(&c, 0), BT_CONTROL_READY); /* as long as nobody reads, whatever the time */
	raise(SIGUSR1);
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_READY | BT_CONTROL_MARK);
	CHECK_EQ(read(a[0], &byte, 1), 1);
	CHECK_EQ(bt_control_wait(&c, 0), BT_CONTROL_TIME);
	close(b[1]); /* its end is worth a look too */
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_READY);
	close(b[0]);
	CHECK_EQ(bt_control_wait(&c, 0), BT_CONTROL_TIME);
	close(a[0]);
	close(a[1]);
}

static void test_bad_descriptor(void)
{
	FILE *file = tmpfile();

	CHECK_EQ(bt_control_add(&c, -1), -EBADF);
	CHECK_EQ(bt_control_add(&c, fileno(file)), -EPERM);
	fclose(file);
}

/* Of a process that was forked off a signalfd in an epoll set still tells of its parent's signals: it opens its own. */
static void start_over(void)
{
	bt_control_close(&c);
	CHECK_EQ(bt_control_open(&c), 0);
	CHECK_EQ(bt_sig_init(), 0);
}

static void stopped(void)
{
	start_over();
	raise(SIGTERM);
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_STOP);
	raise(SIGUSR1);
	raise(SIGUSR2);
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_STOP | BT_CONTROL_MARK | BT_CONTROL_PAUSE);
	CHECK_EQ(bt_control_wait(&c, 0), BT_CONTROL_STOP);
}

static void test_stop(void)
{
	unit_forked(stopped);
}

/* Another process answers each byte with a signal, which may come before, at or in the wait. A lost one would hang. */
static void test_none_is_lost(void)
{
	pid_t parent = getpid(), pid;
	int turn[2], i;
	char byte;

	CHECK_EQ(pipe(turn), 0);
	pid = fork();
	if (pid == 0) {
		close(turn[1]);
		for (i = 0; read(turn[0], &byte, 1) == 1; i++)
			kill(parent, i % 2 ? SIGUSR2 : SIGUSR1);
		_exit(0);
	}
	for (i = 0; i < 2000; i++) {
		CHECK_EQ(write(turn[1], "x", 1), 1);
		CHECK_EQ(bt_control_wait(&c, NEVER), i % 2 ? BT_CONTROL_PAUSE : BT_CONTROL_MARK);
	}
	close(turn[1]);
	close(turn[0]);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

/* The same for a signal that ends us: its handler may run just before the wait. */
static void stopped_soon(void)
{
	pid_t parent = getpid();
	volatile unsigned spin = 0;

	start_over();
	if (fork() == 0) {
		kill(parent, SIGINT);
		_exit(0);
	}
	while (spin < (unsigned)parent * 7919u % 200000u)
		spin++;
	CHECK_EQ(bt_control_wait(&c, NEVER), BT_CONTROL_STOP);
	CHECK_EQ(bt_sig_caught(), SIGINT);
}

static void test_stop_is_not_missed(void)
{
	for (int i = 0; i < 100; i++)
		unit_forked(stopped_soon);
}

static void without_descriptors(void)
{
	struct bt_control other;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)c.signal_fd + 1;
	for (int i = 0; i < 2; i++, limit.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &limit);
		CHECK_EQ(bt_control_open(&other), -EMFILE);
		CHECK(other.epoll_fd < 0 && other.signal_fd < 0);
		bt_control_close(&other);
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	CHECK_EQ(bt_control_open(&other), 0);
	bt_control_close(&other);
}

static void test_limits(void)
{
	unit_forked(without_descriptors);
}

static const struct unit_test tests[] = {
	{ "waits for an instant", test_time },
	{ "takes marks and pauses", test_users },
	{ "takes two pauses for none, two marks for one", test_twice },
	{ "sees what can be read", test_ready },
	{ "refuses what cannot be waited for", test_bad_descriptor },
	{ "ends with a signal, and loses no other one by it", test_stop },
	{ "loses no signal between two waits", test_none_is_lost },
	{ "does not sleep through the end", test_stop_is_not_missed },
	{ "leaves nothing open when it fails", test_limits },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	close_range(3, ~0u, 0); /* what the runner of the tests has left open */
	if (bt_control_open(&c) != 0)
		return 1;
	rc = unit_main(tests, argc, argv);
	bt_control_close(&c);
	return rc;
}
