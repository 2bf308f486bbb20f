/* SPDX-License-Identifier: ISC
 *
 * child - unit tests of commands that are started in two steps, and of the signals that they find.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "child.h"
#include "fixture.h"
#include "sig.h"
#include "src.h"
#include "unit.h"

#define COMMAND(...) (char *[]){ __VA_ARGS__, NULL }
#define SHELL(script) COMMAND("/bin/sh", "-c", script)

static const struct bt_src live = { "" };
static char dir[64], old_path[4096];

/* The state of a process in /proc/PID/stat, '?' when there is none. */
static char state_of(pid_t pid)
{
	char text[512];
	const char *p = bt_src_read(&live, text, sizeof(text), "/proc/%d/stat", (int)pid) > 0 ? strrchr(text, ')') : NULL;

	return p && strlen(p) > 2 ? p[2] : '?';
}

/* Poll until the process waits for something, or is gone. */
static char settle(pid_t pid)
{
	char state;

	do
		state = state_of(pid);
	while (state == 'R' || state == 'D');
	return state;
}

/* What the command wrote to the file out of the directory, and its name: the command finds it as $OUT. */
static const char *out_path(void)
{
	static char path[80];

	snprintf(path, sizeof(path), "%s/out", dir);
	return path;
}

static const char *out_text(void)
{
	static char text[4096];

	bt_src_read(&live, text, sizeof(text), "%s", out_path());
	return text;
}

/* Run it from beginning to end; its status, or -errno of what failed. */
static int run(char **command)
{
	struct bt_child c;
	int rc;

	unlink(out_path());
	rc = bt_child_start(&c, command, false);
	if (rc == 0)
		rc = bt_child_release(&c);
	if (rc == 0)
		rc = bt_child_wait(&c);
	if (rc >= 0) {
		CHECK(bt_child_ended(&c));
		CHECK_EQ(c.status, rc);
	}
	bt_child_close(&c);
	bt_child_close(&c);
	return rc;
}

static void test_held(void)
{
	char ours[PATH_MAX] = "", its[PATH_MAX] = "", link[64];
	struct bt_child c;

	unlink(out_path());
	CHECK_EQ(bt_child_start(&c, SHELL("echo ran >$OUT"), false), 0);
	CHECK_EQ(settle(c.pid), 'S');
	snprintf(link, sizeof(link), "/proc/%d/exe", (int)c.pid);
	CHECK(readlink("/proc/self/exe", ours, sizeof(ours) - 1) > 0 && readlink(link, its, sizeof(its) - 1) > 0);
	CHECK_STR(its, ours);
	CHECK(!bt_child_ended(&c));
	CHECK_EQ(c.status, -1);
	CHECK_EQ(bt_child_release(&c), 0);
	CHECK_EQ(bt_child_wait(&c), 0);
	CHECK_STR(out_text(), "ran\n");
	bt_child_close(&c);
}

static void test_status(void)
{
	CHECK_EQ(run(SHELL("exit 0")), 0);
	CHECK_EQ(run(SHELL("exit 77")), 77);
	CHECK_EQ(run(SHELL("kill -TERM $$")), 128 + SIGTERM);
	CHECK_EQ(run(SHELL("kill -KILL $$")), 128 + SIGKILL);
	CHECK_EQ(run(COMMAND("false")), 1);
}

static void test_none(void)
{
	struct bt_child c = BT_CHILD_INIT;

	CHECK(!bt_child_ended(&c));
	CHECK_EQ(bt_child_wait(&c), -ECHILD);
	bt_child_kill(&c, SIGKILL); /* kills nobody: 0 would be our process group */
	bt_child_close(&c);
}

/* What find() refuses, and what only the execve does. */
static void test_not_runnable(void)
{
	char *bad = dir;
	struct bt_child c;
	char long_name[PATH_MAX + 1];

	CHECK_EQ(run(COMMAND("no-such-command")), -ENOENT);
	CHECK_EQ(run(COMMAND("")), -ENOENT);
	memset(long_name, '/', sizeof(long_name));
	long_name[PATH_MAX] = '\0';
	CHECK_EQ(run(COMMAND(long_name)), -ENAMETOOLONG);
	CHECK_EQ(bt_child_start(&c, COMMAND("/no/such/command"), false), 0);
	CHECK_EQ(bt_child_release(&c), -ENOENT);
	CHECK(bt_child_ended(&c));
	CHECK_EQ(c.status, 127);
	bt_child_close(&c);
	CHECK_EQ(bt_child_start(&c, COMMAND(bad), false), 0); /* a directory */
	CHECK_EQ(bt_child_release(&c), -EACCES);
	CHECK_EQ(bt_child_wait(&c), 126);
	bt_child_close(&c);
}

/* dir/NAME, and its mode. */
static void make_file(const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX];

	fixture_text(dir, name, text);
	snprintf(path, sizeof(path), "%s%s", dir, name);
	chmod(path, mode);
}

/* PATH with dir for every @. */
static void set_path(const char *pattern)
{
	char path[4096];
	size_t len = 0;

	for (; *pattern; pattern++)
		len += (size_t)(*pattern == '@' ? snprintf(path + len, sizeof(path) - len, "%s", dir)
						: snprintf(path + len, sizeof(path) - len, "%c", *pattern));
	path[len] = '\0';
	setenv("PATH", path, 1);
}

/* As execvp has it: the first that may be run of a path whose empty parts are the current directory. */
static void test_search(void)
{
	static const struct {
		const char *path;
		int want;
	} cases[] = {
		{ "@/a:@/b", 1 }, { "@/b:@/a", 2 }, { "/no/such:@/b:@/a", 2 }, { "@/bad:@/a", 1 }, { "@/bad", -EACCES },
		{ "@/none", -ENOENT }, { "@/sub:@/b", 2 }, { ":@/a", 3 }, { "@/none::@/a", 3 }, { "@/none:", 3 }, { "", 3 },
	};
	char here[PATH_MAX], cwd[PATH_MAX];

	make_file("/a/prog", "#!/bin/sh\nexit 1\n", 0755);
	make_file("/b/prog", "#!/bin/sh\nexit 2\n", 0755);
	make_file("/here/prog", "#!/bin/sh\nexit 3\n", 0755);
	make_file("/bad/prog", "#!/bin/sh\nexit 4\n", 0644);
	make_file("/sub/prog/file", "a directory of that name\n", 0644);
	snprintf(here, sizeof(here), "%s/here", dir);
	CHECK(getcwd(cwd, sizeof(cwd)) && chdir(here) == 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_path(cases[i].path);
		CHECK_EQ(run(COMMAND("prog")), cases[i].want);
	}
	unsetenv("PATH");
	CHECK_EQ(run(COMMAND("true")), 0);
	setenv("PATH", old_path, 1);
	CHECK_EQ(chdir(cwd), 0);
}

/* A script without its first line is the shell's. */
static void test_script(void)
{
	char path[PATH_MAX];

	make_file("/plain", "exit $(($1 + $#))\n", 0755);
	snprintf(path, sizeof(path), "%s/plain", dir);
	CHECK_EQ(run(COMMAND(path, "40", "x")), 42);
	make_file("/empty-line", "#!/no/such/interpreter\n", 0755);
	snprintf(path, sizeof(path), "%s/empty-line", dir);
	CHECK_EQ(run(COMMAND(path)), -ENOENT);
}

static int open_file(const char *name)
{
	char path[PATH_MAX];

	make_file(name, "", 0644);
	snprintf(path, sizeof(path), "%s%s", dir, name);
	return open(path, O_WRONLY | O_CLOEXEC);
}

/* Start it with our stdout and stderr in files of their own; what is in which. */
static void capture(bool out_to_err, char *out, char *err, size_t cap)
{
	int saved_out, saved_err, file_out, file_err;
	struct bt_child c;

	fflush(stdout);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	file_out = open_file("/stdout");
	file_err = open_file("/stderr");
	dup2(file_out, STDOUT_FILENO);
	dup2(file_err, STDERR_FILENO);
	if (bt_child_start(&c, SHELL("echo out; echo err >&2"), out_to_err) == 0 && bt_child_release(&c) == 0)
		bt_child_wait(&c);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	bt_child_close(&c);
	close(saved_out);
	close(saved_err);
	close(file_out);
	close(file_err);
	bt_src_read(&live, out, cap, "%s/stdout", dir);
	bt_src_read(&live, err, cap, "%s/stderr", dir);
}

static void test_streams(void)
{
	char out[64], err[64];

	capture(false, out, err, sizeof(out));
	CHECK_STR(out, "out\n");
	CHECK_STR(err, "err\n");
	capture(true, out, err, sizeof(out));
	CHECK_STR(out, "");
	CHECK_STR(err, "out\nerr\n");
}

static void test_descriptors(void)
{
	struct bt_child held;

	CHECK_EQ(bt_child_start(&held, SHELL("exit 9"), false), 0); /* whose pipes must not leak either */
	CHECK_EQ(run(SHELL("ls /proc/self/fd | wc -l >$OUT")), 0);
	CHECK_STR(out_text(), "4\n"); /* 0, 1, 2 and the directory itself */
	bt_child_close(&held);
}

static void test_closed_while_held(void)
{
	struct bt_child c;
	pid_t pid;

	unlink(out_path());
	CHECK_EQ(bt_child_start(&c, SHELL("echo ran >$OUT"), false), 0);
	pid = c.pid;
	bt_child_close(&c);
	CHECK_EQ(state_of(pid), '?'); /* waited for */
	CHECK(bt_child_ended(&c));
	CHECK(c.status > 0);
	CHECK(access(out_path(), F_OK) < 0);
	bt_child_kill(&c, SIGKILL); /* the number may be another's by now */
}

/* The tracer dies: nobody traces, so the command is not run. */
static void test_died_while_held(void)
{
	int fds[2], status;
	struct bt_child c;
	char byte;
	pid_t pid;

	unlink(out_path());
	CHECK_EQ(pipe(fds), 0); /* not close-on-exec: ends with the last of them */
	pid = fork();
	if (pid == 0) {
		if (bt_child_start(&c, SHELL("echo ran >$OUT"), false) == 0)
			raise(SIGKILL);
		_exit(0);
	}
	close(fds[1]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	CHECK(access(out_path(), F_OK) < 0);
}

static void test_killed_while_held(void)
{
	struct bt_child c;

	CHECK_EQ(bt_child_start(&c, SHELL("exit 9"), false), 0);
	bt_child_kill(&c, SIGTERM);
	CHECK_EQ(settle(c.pid), 'Z');
	CHECK_EQ(bt_child_release(&c), 0);
	CHECK(bt_child_ended(&c));
	CHECK_EQ(c.status, 128 + SIGTERM);
	bt_child_close(&c);
}

static void test_close_leaves_running(void)
{
	struct bt_child c;
	int status;

	CHECK_EQ(bt_child_start(&c, COMMAND("sleep", "1000"), false), 0);
	CHECK_EQ(bt_child_release(&c), 0);
	bt_child_close(&c);
	CHECK(!bt_child_ended(&c));
	bt_child_kill(&c, SIGKILL);
	CHECK_EQ(waitpid(c.pid, &status, 0), c.pid);
	CHECK_EQ(WTERMSIG(status), SIGKILL);
}

/* The Sig lines of /proc/self/status as a program finds them. */
static uint64_t mask_of(const char *text, const char *key)
{
	char value[32];

	return bt_src_field(text, key, value, sizeof(value)) > 0 ? strtoull(value, NULL, 16) : ~0ull;
}

static uint64_t bit(int sig)
{
	return 1ull << (sig - 1);
}

static void find_signals(uint64_t want_ignored, uint64_t want_blocked)
{
	uint64_t ours = bit(SIGHUP) | bit(SIGINT) | bit(SIGTERM) | bit(SIGPIPE) | bit(SIGXFSZ) | bit(SIGCHLD) | bit(SIGUSR1);

	CHECK_EQ(run(COMMAND("cp", "/proc/self/status", (char *)out_path())), 0);
	CHECK_EQ(mask_of(out_text(), "SigIgn") & ours, want_ignored);
	CHECK_EQ(mask_of(out_text(), "SigBlk") & ours, want_blocked);
}

static void set_signals(void (*handler)(int))
{
	static const int some[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXFSZ, SIGCHLD };

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		signal(some[i], handler);
}

static void default_signals(void)
{
	set_signals(SIG_DFL);
	CHECK_EQ(bt_sig_init(), 0);
	find_signals(0, 0);
}

static void inherited_signals(void)
{
	sigset_t users;

	sigemptyset(&users);
	sigaddset(&users, SIGUSR1);
	sigprocmask(SIG_BLOCK, &users, NULL);
	set_signals(SIG_IGN);
	CHECK_EQ(bt_sig_init(), 0);
	CHECK_EQ(bt_sig_init(), 0); /* the second one finds what the first one made */
	sigprocmask(SIG_UNBLOCK, &users, NULL);
	find_signals(bit(SIGHUP) | bit(SIGINT) | bit(SIGTERM) | bit(SIGPIPE) | bit(SIGXFSZ) | bit(SIGCHLD), bit(SIGUSR1));
	CHECK_EQ(run(SHELL("exit 7")), 7); /* although SIGCHLD was ignored */
}

static void test_signals(void)
{
	unit_forked(default_signals);
	unit_forked(inherited_signals);
}

/* The signal comes before the wait: it must not be slept through. */
static void caught_first(void)
{
	struct bt_child c;

	CHECK_EQ(bt_sig_init(), 0);
	CHECK_EQ(bt_child_start(&c, COMMAND("sleep", "1000"), false), 0);
	CHECK_EQ(bt_child_release(&c), 0);
	raise(SIGTERM);
	CHECK_EQ(bt_child_wait(&c), -EINTR);
	CHECK(!bt_child_ended(&c));
	bt_child_kill(&c, SIGKILL);
	CHECK_EQ(settle(c.pid), 'Z');
	CHECK_EQ(bt_child_wait(&c), 128 + SIGKILL); /* its end counts for more */
	bt_child_close(&c);
}

static void test_caught(void)
{
	unit_forked(caught_first);
}

/* No descriptor is left, and nothing is started, when there are too few of them. */
static void without_descriptors(void)
{
	struct rlimit limit;
	struct bt_child c;

	getrlimit(RLIMIT_NOFILE, &limit);
	for (limit.rlim_cur = 3; limit.rlim_cur < 7; limit.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &limit);
		CHECK_EQ(bt_child_start(&c, COMMAND("true"), false), -EMFILE);
		CHECK(c.pid == 0 && c.pidfd < 0 && c.release_fd < 0 && c.error_fd < 0);
	}
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(run(COMMAND("true")), 0);
}

static void test_limits(void)
{
	unit_forked(without_descriptors);
}

static const struct unit_test tests[] = {
	{ "holds a command before its first instruction", test_held },
	{ "passes the status on as a shell does", test_status },
	{ "takes one that was never started", test_none },
	{ "says why a command cannot be run", test_not_runnable },
	{ "searches PATH as execvp does", test_search },
	{ "runs scripts without #!", test_script },
	{ "turns stdout to stderr when asked", test_streams },
	{ "leaks no descriptor into the command", test_descriptors },
	{ "does away with a command that is closed while held", test_closed_while_held },
	{ "does away with a command whose tracer died", test_died_while_held },
	{ "sees that a held command was killed", test_killed_while_held },
	{ "leaves a running command alone", test_close_leaves_running },
	{ "gives the command the signals that we found", test_signals },
	{ "sleeps through no signal", test_caught },
	{ "starts nothing without descriptors", test_limits },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	close_range(3, ~0u, 0); /* what the runner of the tests has left open */
	if (!fixture_dir(dir))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	bt_src_copy(old_path, sizeof(old_path), getenv("PATH") ? getenv("PATH") : "/bin:/usr/bin");
	setenv("OUT", out_path(), 1);
	rc = unit_main(tests, argc, argv);
	fixture_remove(dir);
	return rc;
}
