/* SPDX-License-Identifier: ISC
 *
 * cpus - which CPUs this process may use, and pinning threads to them.
 */
#ifndef BT_CPUS_H
#define BT_CPUS_H

#include <stddef.h>
#include <stdint.h>

#define BT_CPUS_MAX 4096 /* highest number of CPUs handled */

/* bt_cpus_allowed - the CPUs of our affinity mask, ascending. Returns the count (at least 1) or -errno; cap entries at most. */
int bt_cpus_allowed(uint32_t *out, size_t cap);

/* bt_cpus_pin - bind the calling thread to one CPU. Returns 0 or -errno (-EINVAL: offline or not allowed). */
int bt_cpus_pin(uint32_t cpu);

/* bt_cpus_set - let the calling thread run on these CPUs and no other. Returns 0 or -errno. */
int bt_cpus_set(const uint32_t *cpus, size_t n);

/* bt_cpus_current - the CPU the caller runs on just now; no system call where the C library offers rseq. */
uint32_t bt_cpus_current(void);

#endif
