/* SPDX-License-Identifier: ISC
 *
 * topo - how many CPUs, cores, sockets, NUMA nodes and caches there are.
 */
#ifndef BT_TOPO_H
#define BT_TOPO_H

#include "host.h"

/* bt_topo_read - fill the CPU counts and the caches of h. Opens one file for each core with SMT siblings and one for each
 * package or shared cache, not several for each CPU. */
void bt_topo_read(struct bt_host *h, const struct bt_src *src);

#endif
