/* SPDX-License-Identifier: ISC
 *
 * caps - the capabilities of this process: which it has, and giving up those it no longer needs.
 */
#ifndef BT_CAPS_H
#define BT_CAPS_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers of linux/capability.h, the two newest of which old headers lack. */
#define BT_CAP_DAC_OVERRIDE 1
#define BT_CAP_DAC_READ_SEARCH 2
#define BT_CAP_KILL 5
#define BT_CAP_SYS_PTRACE 19
#define BT_CAP_SYS_ADMIN 21
#define BT_CAP_PERFMON 38 /* 5.8 */
#define BT_CAP_BPF 39     /* 5.8 */

/* bt_caps_effective - bit n: capability n is in effect. 0 also when it cannot be found out. */
uint64_t bt_caps_effective(void);

/* bt_caps_have - whether caps has the capability of that number, 0..63. */
static inline bool bt_caps_have(uint64_t caps, unsigned cap)
{
	return caps >> cap & 1;
}

/* bt_caps_keep - give up, for good and for all that it may execute, all capabilities of the calling thread but those of now and
 * later that it has. Those of later alone are out of effect until bt_caps_raise. Threads there are already keep theirs. Returns 0
 * or -errno. */
int bt_caps_keep(uint64_t now, uint64_t later);

/* bt_caps_raise - put all in effect that are left. Returns 0 or -errno. */
int bt_caps_raise(void);

#endif
