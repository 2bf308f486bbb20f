/* SPDX-License-Identifier: ISC
 *
 * err - the one place that prints messages and ends the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "opt.h"
#include "rec.h"
#include "sig.h"
#include "utf8.h"

#ifndef BT_VERSION
#define BT_VERSION "unknown"
#endif

#define MESSAGE_MAX 1024 /* bytes; longer messages are cut */

static const char *tool_name = "btools";
static bool as_json, quiet;
static void (*before_message)(void *arg);
static void *before_arg;

/* The next file opened would take the place of a closed stream and receive what is meant for it. The stand-in fails as that
 * did, with EBADF, being open in the wrong direction. */
static void fill_closed_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
}

void bt_err_init(const char *tool)
{
	tool_name = tool;
	fill_closed_streams();
}

void bt_err_json(void)
{
	as_json = true;
}

void bt_err_quiet(void)
{
	quiet = true;
}

void bt_err_before(void (*before)(void *arg), void *arg)
{
	before_message = before;
	before_arg = arg;
}

static void print(const char *level, const char *msg)
{
	char line[MESSAGE_MAX * 2 + 128], text[MESSAGE_MAX * 2];
	int len;

	if (before_message)
		before_message(before_arg);
	if (as_json) {
		text[bt_rec_string(text, sizeof(text) - 3, msg, strlen(msg))] = '\0';
		len = snprintf(line, sizeof(line), "{\"level\":\"%s\",\"tool\":\"%s\",\"msg\":%s}\n", level, tool_name, text);
	} else {
		len = snprintf(line, sizeof(line), "%s: %s\n", tool_name, msg);
	}
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return; /* nowhere left to say it */
}

static void vprint(const char *level, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void vprint(const char *level, const char *fmt, va_list ap)
{
	char msg[MESSAGE_MAX];

	vsnprintf(msg, sizeof(msg), fmt, ap);
	bt_utf8_clean(msg, sizeof(msg), msg, strlen(msg)); /* a file name never moves the cursor or fakes a second line */
	print(level, msg);
}

void bt_note(const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	vprint("note", fmt, ap);
	va_end(ap);
}

void bt_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint("warn", fmt, ap);
	va_end(ap);
}

void bt_die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint("error", fmt, ap);
	va_end(ap);
	exit(status);
}

void bt_die_usage(const char *reason)
{
	char hint[128];

	bt_warn("%s", reason);
	snprintf(hint, sizeof(hint), "try '%s --help'", tool_name);
	print("error", hint);
	exit(BT_EXIT_USAGE);
}

void bt_die_signal(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	exit(128 + sig); /* a signal whose default is not to kill */
}

void bt_check_output(int rc, const char *path, int status)
{
	if (rc == -EPIPE)
		bt_die_signal(SIGPIPE);
	if (rc == -EINTR && bt_sig_caught())
		bt_die_signal(bt_sig_caught());
	if (rc < 0)
		bt_die(status, "%s: %s", path ? path : "stdout", strerror(-rc));
}

void bt_show(struct bt_buf *text)
{
	int rc = bt_buf_write(text, STDOUT_FILENO);

	bt_buf_free(text);
	if (rc < 0)
		bt_die(BT_EXIT_TROUBLE, "stdout: %s", strerror(-rc));
	exit(BT_EXIT_OK);
}

void bt_show_help(const struct bt_tool *tool)
{
	struct bt_buf b = BT_BUF_INIT;

	bt_opts_help(&b, tool);
	bt_show(&b);
}

void bt_show_version(const struct bt_tool *tool)
{
	struct bt_buf b = BT_BUF_INIT;

	bt_buf_printf(&b, "%s (btools) %s\n", tool->name, BT_VERSION);
	bt_show(&b);
}
