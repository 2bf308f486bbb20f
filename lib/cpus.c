/* SPDX-License-Identifier: ISC
 *
 * cpus - which CPUs this process may use, and pinning threads to them.
 */
#include <errno.h>
#include <sched.h>

#include "cpus.h"

#define SETS (BT_CPUS_MAX / CPU_SETSIZE) /* cpu_set_t ends at 1024 CPUs; the system calls take any number of them */

int bt_cpus_allowed(uint32_t *out, size_t cap)
{
	cpu_set_t mask[SETS] = { 0 };
	size_t n = 0;
	uint32_t cpu;

	if (sched_getaffinity(0, sizeof(mask), mask) < 0)
		return -errno;
	for (cpu = 0; cpu < BT_CPUS_MAX && n < cap; cpu++)
		if (CPU_ISSET_S(cpu, sizeof(mask), mask))
			out[n++] = cpu;
	return (int)n;
}

int bt_cpus_set(const uint32_t *cpus, size_t n)
{
	cpu_set_t mask[SETS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (cpus[i] >= BT_CPUS_MAX)
			return -EINVAL;
		CPU_SET_S(cpus[i], sizeof(mask), mask);
	}
	return sched_setaffinity(0, sizeof(mask), mask) < 0 ? -errno : 0;
}

int bt_cpus_pin(uint32_t cpu)
{
	return bt_cpus_set(&cpu, 1);
}

uint32_t bt_cpus_current(void)
{
	int cpu = sched_getcpu();

	return cpu < 0 ? 0 : (uint32_t)cpu;
}
