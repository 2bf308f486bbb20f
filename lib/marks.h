/* SPDX-License-Identifier: ISC
 *
 * marks - named instants that any process of the same user puts into a run, through a socket that is found by the run's number.
 *
 * Each listener has a datagram socket mark.RUN.NUMBER in the directory of locks (lock.h), which several users share: so nothing is
 * sent to a socket of another user or through a link, and none is taken from one (mode 0600). What SIGKILL leaves behind is a
 * name without a socket, which the next listener or sender of that user removes.
 */
#ifndef BT_MARKS_H
#define BT_MARKS_H

#include <stddef.h>
#include <stdint.h>

#define BT_MARKS_MAX 2048 /* bytes of a message */

struct bt_marks {
	int fd;         /* to wait for; -1: not open */
	int dir_fd;
	char name[64];
};

#define BT_MARKS_INIT { .fd = -1, .dir_fd = -1 }

/* bt_marks_listen - from now on take marks of run, 8 hex digits. Returns 0, or -errno with nothing to close. */
int bt_marks_listen(struct bt_marks *m, const char *run);

/* bt_marks_take - the next message into out, of at most BT_MARKS_MAX bytes, and when it was sent as Unix time in microseconds.
 * Returns its length, or -EAGAIN when there is none, or -errno. Does not wait. Longer messages are passed over. */
int bt_marks_take(struct bt_marks *m, char out[BT_MARKS_MAX], int64_t *ts_us);

/* bt_marks_close - no more marks; the name is removed. Takes BT_MARKS_INIT. */
void bt_marks_close(struct bt_marks *m);

/* bt_marks_send - a message to all listeners of run; NULL: to those of the only run there is. Waits up to a second for each that
 * is behind. Returns how many took it, 0: there is none, -EMLINK when run is NULL and there are several runs, -EMSGSIZE,
 * -EAGAIN when one was too far behind, or -errno. */
int bt_marks_send(const char *run, const char *message, size_t len);

#endif
