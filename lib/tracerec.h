/* SPDX-License-Identifier: ISC
 *
 * tracerec - the parts of a record that all tracers have: the key of a group as dimensions, and who the longest one was.
 */
#ifndef BT_TRACEREC_H
#define BT_TRACEREC_H

#include "cgroupname.h"
#include "rec.h"
#include "tracegroups.h"

/* Names of the bits of TRACE_KEY_, in their order, NULL at the end; the first so many may be offered by a tool. */
extern const char *const bt_trace_key_names[];

/* bt_tracerec_key - add the dimensions of key that keys (bits of TRACE_KEY_) names; those beyond prio are the tool's. Borrows key
 * and names until the record is encoded. The numbers are those of the initial PID namespace; ns_pid and ns_tid are those of the
 * task's own, where they differ and are known. cgroup is a path, or a number when the group is gone. */
void bt_tracerec_key(struct bt_rec *r, const struct trace_key *key, uint32_t keys, struct bt_cgroupnames *names);

/* bt_tracerec_max - add max_ts, max_pid, max_tid and max_comm, if they are known. wall_us: Unix time less CLOCK_MONOTONIC. Borrows
 * max. */
void bt_tracerec_max(struct bt_rec *r, const struct bt_trace_max *max, int64_t wall_us);

/* bt_tracerec_comm - add a comm, which may fill its 16 bytes. Borrows it. */
void bt_tracerec_comm(struct bt_rec *r, const char *name, const char comm[TRACE_COMM]);

#endif
