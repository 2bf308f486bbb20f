/* SPDX-License-Identifier: ISC
 *
 * choose - which processes are wanted: by number, descent, name, command line, control group.
 */
#ifndef BSAMPLE_CHOOSE_H
#define BSAMPLE_CHOOSE_H

#include "tasks.h"

/* choose_open - from the options. Returns 0 or -ENOMEM. command: the process that will become the COMMAND, 0: none. */
int choose_open(struct tasks *t, uint32_t command);

/* choose_covers, choose_begun - for the census: whether a task can be wanted at all; a process has begun. arg: struct tasks. */
bool choose_covers(void *arg, const struct taskfig *f);
void choose_begun(void *arg, struct bt_census_process *p);

/* choose_pass - after a pass: t->chosen are those of the census that are to be shown and wanted. */
void choose_pass(struct tasks *t);

/* choose_numbers - whether only processes of known numbers are wanted; then they are in list. Borrowed until choose_close. */
const uint32_t *choose_numbers(const struct tasks *t, size_t *n);

/* choose_rank - how much of what --top ranks by the process, or the thread, has. */
uint64_t choose_rank(struct tasks *t, const struct bt_census_task *task);

void choose_close(struct tasks *t);

#endif
