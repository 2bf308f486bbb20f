/* SPDX-License-Identifier: ISC
 *
 * census_private - what the two halves of census share.
 */
#ifndef BT_CENSUS_PRIVATE_H
#define BT_CENSUS_PRIVATE_H

#include "census.h"

/* bt_census_renew - new figures of a task, read at that time. bt_census_keep - it is there, with the figures that it had. */
void bt_census_renew(const struct bt_census *c, struct bt_census_task *t, const struct taskfig *f, uint64_t read_ns);
void bt_census_keep(const struct bt_census *c, struct bt_census_task *t, uint64_t read_ns);

/* bt_census_free_thread, bt_census_free_process - forget it; its place in the array is the caller's to fill. A process has no
 * threads any more. */
void bt_census_free_thread(struct bt_census *c, struct bt_census_thread *t);
void bt_census_free_process(struct bt_census *c, struct bt_census_process *p);

#endif
