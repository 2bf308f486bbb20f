/* SPDX-License-Identifier: ISC
 *
 * taint - reasons why a number may be doubtful, as bits here and as a comma list of names in records.
 */
#ifndef BT_TAINT_H
#define BT_TAINT_H

#include <stddef.h>

enum bt_taint {
	BT_TAINT_STEAL = 1 << 0,     /* the hypervisor ran something else for over 1 % of the span */
	BT_TAINT_THROTTLED = 1 << 1, /* a cgroup CPU quota stopped us */
	BT_TAINT_MIGRATED = 1 << 2,  /* a worker changed CPU */
	BT_TAINT_FREQ = 1 << 3,      /* the clock frequency moved by over 5 % */
	BT_TAINT_THERMAL = 1 << 4,   /* the CPU throttled itself for heat or power */
	BT_TAINT_SHARED = 1 << 5,    /* another btools run used the same resource (--lock off) */
	BT_TAINT_SHORT = 1 << 6,     /* too few operations to say much: fewer than 30 */
	BT_TAINT_CACHED = 1 << 7,    /* answered from a cache above the thing measured */
	BT_TAINT_SPARSE = 1 << 8,    /* file with holes or unwritten extents */
	BT_TAINT_OVERFLOW = 1 << 9,  /* values clamped or dropped by a histogram */
	BT_TAINT_WRONG = 1 << 10,    /* work was done wrongly in this span */
	BT_TAINT_CONTENDED = 1 << 11, /* more workers than CPUs to run them on */
	BT_TAINT_PREEMPTED = 1 << 12, /* workers that never wait had the CPU for less than 95 % of the span */
	BT_TAINT_PAGES = 1 << 13,     /* memory was not on the pages or the node asked for, or not all in RAM of its own */
	BT_TAINT_COARSE = 1 << 14,    /* the span has fewer than ten of the steps in which the source counts */
	BT_TAINT_BACKWARDS = 1 << 15, /* a counter went backwards: that step was taken for none */
};

#define BT_TAINT_TEXT_MAX 128 /* bytes of all names together, with NUL */

/* bt_taint_text - write the names of the bits of mask, "steal,freq", NUL-terminated; returns the length, 0 when clean. */
size_t bt_taint_text(unsigned mask, char out[BT_TAINT_TEXT_MAX]);

#define BT_TAINT_LIST 256 /* bytes of a list made of the lists of many records, with NUL */

/* bt_taint_join - add the names of a comma list that list does not have yet. list: sorted, so that the order of the records
 * does not matter; names that find no room are left out. */
void bt_taint_join(char list[BT_TAINT_LIST], const char *more);

#endif
