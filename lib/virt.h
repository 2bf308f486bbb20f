/* SPDX-License-Identifier: ISC
 *
 * virt - which hypervisor and which container manager we run under.
 */
#ifndef BT_VIRT_H
#define BT_VIRT_H

#include <stddef.h>

#include "cpuinfo.h"
#include "src.h"

/* bt_virt_read - "", "kvm", "xen", "vm" for an unknown one, "container:docker", or both: "kvm,container:docker". */
void bt_virt_read(char *out, size_t cap, const struct bt_src *src, const struct bt_cpuinfo *cpu);

#endif
