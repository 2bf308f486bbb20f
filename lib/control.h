/* SPDX-License-Identifier: ISC
 *
 * control - what a tracer waits for: its next instant, the end of its command, records to read, and the user's signals.
 *
 * SIGUSR1 is a mark, SIGUSR2 pauses and resumes. They are blocked and read through a descriptor, so that none comes at a bad
 * moment. Two of a kind that come before the first is read are one: so the kernel has it for these signals. After a fork the child
 * must open its own.
 */
#ifndef BT_CONTROL_H
#define BT_CONTROL_H

#include <stdint.h>

/* What bt_control_wait returns, as bits. */
enum {
	BT_CONTROL_TIME = 1,  /* the instant has come */
	BT_CONTROL_MARK = 2,
	BT_CONTROL_PAUSE = 4, /* pause, or resume; two of them make none */
	BT_CONTROL_READY = 8, /* one of the descriptors added */
	BT_CONTROL_STOP = 16, /* a signal was caught (bt_sig_caught) */
};

struct bt_control {
	int epoll_fd, signal_fd;
};

#define BT_CONTROL_INIT { -1, -1 }

/* bt_control_open - returns 0, or -errno with nothing to close. From then on SIGUSR1 and SIGUSR2 are blocked in the calling thread,
 * which must be the only one, and in those that it starts. bt_control_close - the signals stay blocked: one that comes late kills
 * nobody. Takes one that failed to open, and BT_CONTROL_INIT. */
int bt_control_open(struct bt_control *c);
void bt_control_close(struct bt_control *c);

/* bt_control_add - wait for fd to become readable as well; it stays the caller's, to close after bt_control_close or when it is
 * not to be waited for any more. Returns 0 or -errno (-EPERM: a file that is always readable). */
int bt_control_add(const struct bt_control *c, int fd);

/* bt_control_wait - until until_ns (bt_clock_monotonic; UINT64_MAX: for ever) or one of the above. BT_CONTROL_TIME comes alone:
 * with any other bit the caller looks at the clock itself. READY and STOP come again as long as they hold. */
unsigned bt_control_wait(const struct bt_control *c, uint64_t until_ns);

#endif
