/* SPDX-License-Identifier: ISC
 *
 * control - what a tracer waits for: its next instant, the end of its command, records to read, and the user's signals.
 *
 * SIGUSR1 is a mark, SIGUSR2 pauses and resumes. They are blocked and read through a descriptor, so that none comes at a bad
 * moment; a child must be started before bt_control_open or restore its mask.
 */
#ifndef BT_CONTROL_H
#define BT_CONTROL_H

#include <stdint.h>

/* What bt_control_wait returns, as bits. */
enum {
	BT_CONTROL_TIME = 1,  /* the instant has come */
	BT_CONTROL_MARK = 2,
	BT_CONTROL_PAUSE = 4, /* pause, or resume */
	BT_CONTROL_READY = 8, /* one of the descriptors added */
	BT_CONTROL_STOP = 16, /* a signal was caught (bt_sig_caught) */
};

struct bt_control {
	int epoll_fd, signal_fd;
};

#define BT_CONTROL_INIT { -1, -1 }

/* bt_control_open - returns 0 or -errno. bt_control_close - takes one that failed to open. */
int bt_control_open(struct bt_control *c);
void bt_control_close(struct bt_control *c);

/* bt_control_add - wait for fd to become readable as well; it stays the caller's. Returns 0 or -errno. */
int bt_control_add(struct bt_control *c, int fd);

/* bt_control_wait - until until_ns (CLOCK_MONOTONIC; UINT64_MAX: for ever) or one of the above. */
unsigned bt_control_wait(struct bt_control *c, uint64_t until_ns);

#endif
