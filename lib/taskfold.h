/* SPDX-License-Identifier: ISC
 *
 * taskfold - arithmetic with the figures of tasks.
 */
#ifndef BT_TASKFOLD_H
#define BT_TASKFOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "taskfig.h"

/* bt_taskfold_same - whether both are figures of one task: same number, same start in steps of 10 ms (0: not known). */
bool bt_taskfold_same(const struct taskfig *a, const struct taskfig *b);

/* bt_taskfold_add - add what grows, and the number of threads, of f to sum; what is known of both stays known, but of dead threads
 * nobody knows how long they waited. */
void bt_taskfold_add(struct taskfig *sum, const struct taskfig *f);

/* bt_taskfold_split - where RUN is known, make user_ns and sys_ns parts of run_ns in proportion to the ticks that they are, as the
 * kernel does for /proc/PID/stat (cputime_adjust): neither falls below what it was in before, and they add up to run_ns. */
void bt_taskfold_split(struct taskfig *f, const struct taskfig *before);

/* bt_taskfold_grow - raise what grows in now to what it was in before, where it has fallen. Returns whether anything had. */
bool bt_taskfold_grow(struct taskfig *now, const struct taskfig *before);

/* bt_taskfold_cpu - time on a CPU in ns: run_ns, or where that is not known user_ns and sys_ns. */
uint64_t bt_taskfold_cpu(const struct taskfig *f);

#endif
