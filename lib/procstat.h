/* SPDX-License-Identifier: ISC
 *
 * procstat - the fields of /proc/PID/stat.
 */
#ifndef BT_PROCSTAT_H
#define BT_PROCSTAT_H

#include <stdint.h>

#include "src.h"

#define BT_PROCSTAT_PARENT 4 /* numbers as in proc(5) */
#define BT_PROCSTAT_START 22 /* ticks of USER_HZ after boot: with the number it names a process for good */

/* bt_procstat_field - one of the numeric fields from the fourth on, of the text of that file. Returns 0 or -EINVAL. */
int bt_procstat_field(const char *stat, unsigned field, uint64_t *out);

/* bt_procstat_read - the same of a process or thread. Returns 0, -ESRCH when there is none, -EINVAL or another -errno. */
int bt_procstat_read(const struct bt_src *src, uint32_t pid, unsigned field, uint64_t *out);

#endif
