/* SPDX-License-Identifier: ISC
 *
 * proctask - the figures of a task from the texts of its files in /proc, which anybody may have written: --root reads dumps, and a
 * task gives itself any name.
 *
 * Each function sets what its file tells, and the bits of `known` for it, and leaves the rest of *f. Returns 0, or -EINVAL with *f
 * untouched when the text is not such a file's. text is NUL-terminated.
 */
#ifndef BT_PROCTASK_H
#define BT_PROCTASK_H

#include <stdint.h>

#include "taskfig.h"

/* bt_proctask_stat - /proc/PID/stat and /proc/PID/task/TID/stat: tid, comm, ppid, flags, zombie, start_ns, CPU, FAULTS,
 * THREADS, RSS in pages of page_bytes. pid is not there. Times are in ticks of 10 ms (USER_HZ is 100 on both architectures). */
int bt_proctask_stat(const char *text, uint32_t page_bytes, struct taskfig *f);

/* bt_proctask_schedstat - schedstat: run_ns and wait_ns of that thread alone, with RUN and WAIT known. */
int bt_proctask_schedstat(const char *text, struct taskfig *f);

/* bt_proctask_io - io: IO. */
int bt_proctask_io(const char *text, struct taskfig *f);

/* bt_proctask_status - status: SWITCHES of that thread alone, and ns_tid, 0 before kernel 4.1. */
int bt_proctask_status(const char *text, struct taskfig *f);

/* bt_proctask_pss - smaps_rollup: the proportional share of memory in bytes, 0 when it has none. */
int bt_proctask_pss(const char *text, uint64_t *bytes);

#endif
