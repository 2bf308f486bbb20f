/* SPDX-License-Identifier: ISC
 *
 * tick - how often the kernel looks at what runs: the step in which the CPU time of a running thread grows.
 *
 * That is CONFIG_HZ. sysconf(_SC_CLK_TCK) is another thing: USER_HZ, the unit of /proc/PID/stat, 100 everywhere. A CPU without
 * ticks (nohz_full) looks only once a second.
 */
#ifndef BT_TICK_H
#define BT_TICK_H

#include <stdint.h>

#include "src.h"

/* bt_tick_ns - the tick in ns: from the kernel's configuration (/proc/config.gz, /boot/config-RELEASE), else measured, which takes
 * up to 100 ms of CPU time, when src is the live system. 0: unknown. */
uint64_t bt_tick_ns(const struct bt_src *src);

/* bt_tick_config - from the text of a configuration; 0 when it does not say. bt_tick_measure - from our own thread, whose time
 * grows while it computes, for limit_ns at most; 0 when it was disturbed too much. */
uint64_t bt_tick_config(const char *text);
uint64_t bt_tick_measure(uint64_t limit_ns);

#endif
