/* SPDX-License-Identifier: ISC
 *
 * sig - signals become one flag; nothing is done in a handler.
 */
#ifndef BT_SIG_H
#define BT_SIG_H

#include <stdint.h>

/* bt_sig_init - INT, TERM and HUP set the flag (a second one of the same kind kills at once), PIPE and XFSZ are ignored so
 * that a write fails with EPIPE or EFBIG instead. System calls are interrupted (no SA_RESTART). A HUP that was ignored
 * stays so (nohup); INT is caught even then, because a shell ignores it in "(bcpu & bdisk & wait) | bagg" and Ctrl-C
 * should end that. CHLD is default, since the status of a child is lost where it is ignored. Returns 0 or -errno. */
int bt_sig_init(void);

/* bt_sig_restore - handlers and mask as bt_sig_init found them (nothing when it was not called): for a child that becomes another
 * program, which should find what it would find without us. Async-signal-safe. */
void bt_sig_restore(void);

/* bt_sig_caught - the first signal caught, or 0. Async-signal-safe, any thread. */
int bt_sig_caught(void);

/* bt_sig_wait - wait until fd can be read (or has ended or failed). Returns 0, or -EINTR when a signal was caught, be it
 * before or during the wait: none can slip in between a look at the flag and the read that follows. */
int bt_sig_wait(int fd);

/* bt_sig_wait_until - the same until until_ns (bt_clock_monotonic) at most; UINT64_MAX: for ever. Also returns
 * -ETIMEDOUT. */
int bt_sig_wait_until(int fd, uint64_t until_ns);

#endif
