/* SPDX-License-Identifier: ISC
 *
 * tracefs - where the fields of the kernel's trace events are: their layout differs between kernels.
 */
#ifndef BT_TRACEFS_H
#define BT_TRACEFS_H

#include "src.h"

/* bt_tracefs_field - the offset in bytes of a field of an event, "sched/sched_switch", "next_pid". Returns it, or -ENOENT when
 * tracefs is not mounted or has no such field. */
int bt_tracefs_field(const struct bt_src *src, const char *event, const char *field);

#endif
