/* SPDX-License-Identifier: ISC
 *
 * cpuinfo - what /proc/cpuinfo says about the kind of CPU, on the architectures that say it differently.
 */
#ifndef BT_CPUINFO_H
#define BT_CPUINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "src.h"

struct bt_cpuinfo {
	char model[96];     /* "AMD EPYC 7763 64-Core Processor", "Cortex-A55+Cortex-A76", "ARM 0x41/0xd99" */
	char microcode[24];
	char arch[16];      /* guessed from the keys present: "x86_64", "aarch64", or "" */
	bool hypervisor;    /* x86: the CPU says that it is virtual */
};

/* bt_cpuinfo_read - from the first CPUs in the file: showing a CPU may cost the kernel an interrupt to it. */
void bt_cpuinfo_read(struct bt_cpuinfo *c, const struct bt_src *src);

/* bt_cpuinfo_count - CPUs, sockets and cores from the whole file, for where /sys has no topology. 0 where unknown. */
void bt_cpuinfo_count(const struct bt_src *src, uint32_t *cpus, uint32_t *sockets, uint32_t *cores);

#endif
