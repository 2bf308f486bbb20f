/* SPDX-License-Identifier: ISC
 *
 * idle - how long to spin for work before sleeping. Pure: the caller has the clock and does the waiting.
 *
 * Sleeping costs a wake-up, tens of microseconds for a CPU of a virtual machine that has gone idle; spinning costs the CPU. To spin
 * as long as a wake-up costs at most is never worse than twice the best choice, so that is the bound. It is spent only when work
 * has lately come within the bound, and not after something else was seen to want the CPU, again and again.
 */
#ifndef BT_IDLE_H
#define BT_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#define BT_IDLE_BUSY_NS 50000u       /* a pause this long between two looks at the clock: the CPU was taken from us */
#define BT_IDLE_STRIKES 3            /* so many waits in a row: something there wants it */
#define BT_IDLE_BACKOFF_NS 200000u   /* no spinning after that: at first, and at most */
#define BT_IDLE_BACKOFF_MAX_NS 64000000u

struct bt_idle {
	bool adaptive;
	uint64_t most_ns;    /* to spin at a time; adaptive: the bound */
	uint64_t mean_ns;    /* of the latest waits, each at most 2 * most_ns; starts hopeful at 0 */
	unsigned strikes;    /* waits in a row that were disturbed */
	uint64_t backoff_ns; /* the next one */
	uint64_t rest_ns;    /* instant until which it does not spin */
};

/* bt_idle_init - adaptive, or always most_ns. */
void bt_idle_init(struct bt_idle *i, bool adaptive, uint64_t most_ns);

/* bt_idle_budget - how long to spin now. */
uint64_t bt_idle_budget(const struct bt_idle *i, uint64_t now_ns);

/* bt_idle_learn - work came after waited_ns, spun or slept. */
void bt_idle_learn(struct bt_idle *i, uint64_t waited_ns);

/* bt_idle_disturbed - the CPU was taken from us while we were spinning, as seen at now_ns. bt_idle_undisturbed - a wait was spun in
 * peace until work came. */
void bt_idle_disturbed(struct bt_idle *i, uint64_t now_ns);
void bt_idle_undisturbed(struct bt_idle *i);

#endif
