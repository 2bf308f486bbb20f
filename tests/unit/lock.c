/* SPDX-License-Identifier: ISC
 *
 * lock - unit tests of the advisory locks, among processes and users.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "fixture.h"
#include "unit.h"

/* The code under test is compiled in, with a flock() that can let another holder finish between our open and our lock. */
static char vanish[PATH_MAX]; /* remove this file once */

static int test_flock(int fd, int operation)
{
	if (vanish[0])
		unlink(vanish);
	vanish[0] = '\0';
	return flock(fd, operation);
}

#define flock(fd, operation) test_flock(fd, operation)
#include "../../lib/lock.c"
#undef flock

#define NOBODY 65534

static char top[64];             /* the throw-away directory */
static char dir[80];             /* where the locks are */
static int go[2] = { -1, -1 };   /* closing go[1] tells holders to end */

/* Fork a process that takes resource, as user uid, and holds it until told to end. Returns its id when it has the lock. */
static pid_t start_holder(const char *resource, uid_t uid)
{
	struct bt_locks l = BT_LOCKS_INIT;
	int ready[2];
	pid_t pid;
	char byte = 'x';

	if (pipe(ready) < 0 || pipe(go) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (uid != getuid() && setresuid(uid, uid, uid) < 0)
			_exit(3);
		if (bt_lock_take(&l, resource) != 0)
			_exit(2);
		if (write(ready[1], "r", 1) != 1 || read(go[0], &byte, 1) != 0)
			_exit(1);
		bt_lock_release(&l);
		_exit(0);
	}
	close(ready[1]);
	close(go[0]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_EQ(byte, 'r');
	close(ready[0]);
	return pid;
}

static int end_holder(pid_t pid)
{
	int status = -1;

	close(go[1]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static bool exists(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void test_take(void)
{
	struct bt_locks a = BT_LOCKS_INIT, b = BT_LOCKS_INIT;

	CHECK_EQ(bt_lock_take(&a, "cpu"), 0);
	CHECK_EQ(bt_lock_take(&a, "mem"), 0);
	CHECK_EQ(bt_lock_take(&a, "cpu"), 0); /* has it already */
	CHECK_EQ(a.n, 2);
	CHECK_EQ(bt_lock_take(&b, "cpu"), -EAGAIN);
	CHECK_EQ(bt_lock_take(&b, "net:lo"), 0);
	CHECK_EQ(b.n, 1);
	bt_lock_release(&a);
	CHECK_EQ(a.n, 0);
	CHECK_EQ(bt_lock_take(&b, "cpu"), 0);
	bt_lock_release(&b);
	CHECK(!exists("cpu.lock") && !exists("mem.lock") && !exists("net_lo.lock"));
}

static void test_names(void)
{
	struct bt_locks l = BT_LOCKS_INIT;
	char long_name[PATH_MAX + 1];

	CHECK_EQ(bt_lock_take(&l, "disk:/dev/../sd a"), 0);
	CHECK(exists("disk__dev_.._sd_a.lock"));
	bt_lock_release(&l);
	CHECK_EQ(bt_lock_take(&l, ""), -EINVAL);
	memset(long_name, 'x', sizeof(long_name));
	long_name[PATH_MAX] = '\0';
	CHECK_EQ(bt_lock_take(&l, long_name), -ENAMETOOLONG);
	long_name[300] = '\0';
	CHECK_EQ(bt_lock_take(&l, long_name), -ENAMETOOLONG);
	CHECK_EQ(l.n, 0);
}

static void test_too_many(void)
{
	struct bt_locks l = BT_LOCKS_INIT;
	char name[16];
	unsigned i;

	for (i = 0; i < BT_LOCKS_MAX; i++) {
		snprintf(name, sizeof(name), "disk:%u", i);
		CHECK_EQ(bt_lock_take(&l, name), 0);
	}
	CHECK_EQ(bt_lock_take(&l, "one-more"), -EMFILE);
	bt_lock_release(&l);
}

static void test_mode(void)
{
	struct bt_locks l = BT_LOCKS_INIT;
	mode_t old = umask(077);
	struct stat st;

	CHECK_EQ(bt_lock_take(&l, "cpu"), 0);
	umask(old);
	CHECK_EQ(stat(l.held[0].path, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0666);
	CHECK_EQ(stat(dir, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 01777);
	bt_lock_release(&l);
}

static void test_vanished(void)
{
	struct bt_locks a = BT_LOCKS_INIT, b = BT_LOCKS_INIT;

	snprintf(vanish, sizeof(vanish), "%s/cpu.lock", dir);
	fixture_text(dir, "/cpu.lock", "");
	CHECK_EQ(bt_lock_take(&a, "cpu"), 0);
	CHECK(exists("cpu.lock"));
	CHECK_EQ(bt_lock_take(&b, "cpu"), -EAGAIN); /* not: a new file beside the lock that we hold */
	bt_lock_release(&a);
}

static void test_other_process(void)
{
	struct bt_locks l = BT_LOCKS_INIT;
	pid_t pid = start_holder("cpu", getuid());

	CHECK_EQ(bt_lock_take(&l, "cpu"), -EAGAIN);
	CHECK_EQ(end_holder(pid), 0);
	CHECK_EQ(bt_lock_take(&l, "cpu"), 0);
	bt_lock_release(&l);
}

static void test_killed(void)
{
	struct bt_locks l = BT_LOCKS_INIT;
	pid_t pid = start_holder("cpu", getuid());

	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(end_holder(pid), SIGKILL);
	CHECK(exists("cpu.lock"));
	CHECK_EQ(bt_lock_take(&l, "cpu"), 0);
	bt_lock_release(&l);
	CHECK(!exists("cpu.lock"));
}

/* Lets the holder go when it is first asked, so the wait has begun by then. */
static int stop_never(void)
{
	if (go[1] >= 0)
		close(go[1]);
	go[1] = -1;
	return 0;
}

static int stop_now(void)
{
	return SIGINT;
}

static void test_wait(void)
{
	struct bt_locks l = BT_LOCKS_INIT;
	pid_t pid = start_holder("cpu", getuid());
	int status;

	CHECK_EQ(bt_lock_wait(&l, "cpu", stop_now), -EINTR);
	CHECK_EQ(bt_lock_wait(&l, "cpu", stop_never), 0);
	CHECK_EQ(l.n, 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(bt_lock_wait(&l, "", NULL), -EINVAL);
	bt_lock_release(&l);
}

/* A holder of another user; its file stays, because in a sticky directory only its owner may remove it. */
static void test_other_user(void)
{
	struct bt_locks l = BT_LOCKS_INIT;
	int status;
	pid_t pid;

	if (getuid() != 0) {
		printf("# not root: other users are not tried\n");
		return;
	}
	pid = start_holder("cpu", NOBODY);
	CHECK_EQ(bt_lock_take(&l, "cpu"), -EAGAIN);
	kill(pid, SIGKILL);
	CHECK_EQ(end_holder(pid), SIGKILL);
	CHECK_EQ(bt_lock_take(&l, "cpu"), 0); /* root takes over the file of nobody */
	pid = fork();
	if (pid == 0) {
		struct bt_locks mine = BT_LOCKS_INIT;

		if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(1);
		_exit(bt_lock_take(&mine, "cpu") == -EAGAIN ? 0 : 2);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	bt_lock_release(&l);
	pid = start_holder("cpu", getuid());
	kill(pid, SIGKILL);
	CHECK_EQ(end_holder(pid), SIGKILL);
	pid = start_holder("cpu", NOBODY); /* nobody takes over the file of root */
	CHECK_EQ(end_holder(pid), 0);
	CHECK(exists("cpu.lock"));
	CHECK_EQ(bt_lock_take(&l, "cpu"), 0);
	bt_lock_release(&l);
	CHECK(!exists("cpu.lock"));
}

static void test_hostile(void)
{
	struct bt_locks l = BT_LOCKS_INIT;
	char path[PATH_MAX], victim[PATH_MAX];

	snprintf(victim, sizeof(victim), "%s/victim", top);
	snprintf(path, sizeof(path), "%s/trap.lock", dir);
	CHECK_EQ(symlink(victim, path), 0);
	CHECK_EQ(bt_lock_take(&l, "trap"), -ELOOP);
	CHECK(access(victim, F_OK) < 0);
	unlink(path);
	CHECK_EQ(mkfifo(path, 0666), 0);
	CHECK_EQ(bt_lock_take(&l, "trap"), 0); /* returned at all */
	bt_lock_release(&l);
}

static void test_dir(void)
{
	char path[PATH_MAX], tiny[8];

	CHECK_EQ(bt_lock_dir(path, sizeof(path)), 0);
	CHECK_STR(path, dir);
	CHECK_EQ(bt_lock_dir(tiny, sizeof(tiny)), -ENAMETOOLONG);
	setenv("BTOOLS_LOCK_DIR", "/no/such/dir", 1);
	CHECK_EQ(bt_lock_dir(path, sizeof(path)), -ENOENT);
	setenv("BTOOLS_LOCK_DIR", "/dev/null", 1);
	CHECK_EQ(bt_lock_dir(path, sizeof(path)), -ENOTDIR);
	setenv("BTOOLS_LOCK_DIR", dir, 1);
}

/* Take and let go as fast as possible; count whenever somebody else is inside too. */
static void contend(volatile int *inside, volatile int *clashes, volatile int *taken)
{
	struct bt_locks l = BT_LOCKS_INIT;
	int i;

	for (i = 0; i < 300; i++) {
		while (bt_lock_take(&l, "race") == -EAGAIN)
			continue;
		if (__atomic_add_fetch(inside, 1, __ATOMIC_SEQ_CST) != 1)
			__atomic_add_fetch(clashes, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(taken, 1, __ATOMIC_SEQ_CST);
		__atomic_sub_fetch(inside, 1, __ATOMIC_SEQ_CST);
		bt_lock_release(&l);
	}
}

static void test_race(void)
{
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, status;

	for (i = 0; i < 4; i++)
		if (fork() == 0) {
			contend(&shared[0], &shared[1], &shared[2]);
			_exit(0);
		}
	for (i = 0; i < 4; i++) {
		CHECK(wait(&status) > 0);
		CHECK_EQ(status, 0);
	}
	CHECK_EQ(shared[1], 0);
	CHECK_EQ(shared[2], 4 * 300);
	munmap(shared, 4096);
}

static const struct unit_test tests[] = {
	{ "takes and releases", test_take },
	{ "turns resources into plain file names", test_names },
	{ "holds a limited number", test_too_many },
	{ "is open to all users whatever the umask", test_mode },
	{ "takes no lock on a removed file", test_vanished },
	{ "excludes another process", test_other_process },
	{ "is freed by the kernel when the holder is killed", test_killed },
	{ "waits until it is free or a signal came", test_wait },
	{ "works between users (root)", test_other_user },
	{ "follows no link and waits for no FIFO", test_hostile },
	{ "chooses the directory", test_dir },
	{ "never has two holders", test_race },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	if (!fixture_dir(top) || chmod(top, 0755) < 0)
		return 1;
	snprintf(dir, sizeof(dir), "%s/locks", top);
	setenv("BTOOLS_LOCK_DIR", dir, 1);
	rc = unit_main(tests, argc, argv);
	fixture_remove(top);
	return rc;
}
