/* SPDX-License-Identifier: ISC
 *
 * err - the one place that prints messages and ends the program.
 *
 * Every message is one line on stderr, "tool: message". Only tools call these functions, but for the two that set how
 * messages look (outopt.c) and the common half of the load tools (loadtool.c, loadrec.c). The rest of lib/ returns 0 or -errno
 * and stays silent; the progress line of term.c and the pictures of picture.c are the exceptions.
 */
#ifndef BT_ERR_H
#define BT_ERR_H

/* Exit statuses, the same in all tools (bdiff: 0 no regression, 1 regression, 2 trouble). */
enum bt_exit {
	BT_EXIT_OK = 0,
	BT_EXIT_TROUBLE = 1, /* trouble while running: bad lines skipped, verification failed */
	BT_EXIT_USAGE = 2,   /* wrong options, or input that cannot be used */
	BT_EXIT_UNABLE = 3,  /* not possible on this machine */
};

/* bt_err_init - name the program, and see to it that no file takes the place of a closed standard stream. tool: shown
 * before each message, kept by reference. Call first in main(). */
void bt_err_init(const char *tool);

/* bt_err_json - from now on write messages as {"level":..,"tool":..,"msg":..} lines (--log json). */
void bt_err_json(void);

/* bt_err_quiet - from now on drop bt_note() messages (-q). Warnings and errors are always shown. */
void bt_err_quiet(void);

/* bt_err_before - from now on call before(arg) before each message, to clear the way for it on the terminal; NULL: no more.
 * */
void bt_err_before(void (*before)(void *arg), void *arg);

/* bt_note, bt_warn - print one message. The trailing newline is added; control bytes are shown as '?'. */
void bt_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void bt_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* bt_die - print one message and exit with status. */
_Noreturn void bt_die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* bt_die_usage - print reason and "try 'tool --help'", two lines, and exit 2. */
_Noreturn void bt_die_usage(const char *reason);

/* bt_die_signal - end as if signal sig had killed us, so that the parent sees 128+sig. */
_Noreturn void bt_die_signal(int sig);

/* bt_check_output - end the program if its output could not be opened or written: rc is 0 or -errno, path NULL is stdout.
 * -EPIPE (the reader has gone) ends it quietly by SIGPIPE, -EINTR after a signal by that signal, anything else with a
 * message and status. */
void bt_check_output(int rc, const char *path, int status);

/* bt_show - print text (stdout) and exit 0, or 1 when it cannot be written. bt_show_help and bt_show_version - the answers
 * to --help and --version. */
struct bt_buf;
struct bt_tool;
_Noreturn void bt_show(struct bt_buf *text);
_Noreturn void bt_show_help(const struct bt_tool *tool);
_Noreturn void bt_show_version(const struct bt_tool *tool);

#endif
