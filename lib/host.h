/* SPDX-License-Identifier: ISC
 *
 * host - facts about the machine that decide whether two measurements may be compared.
 *
 * Everything is read through a struct bt_src. A fact that cannot be read is "" or 0, never an error: containers and odd
 * kernels hide many.
 */
#ifndef BT_HOST_H
#define BT_HOST_H

#include <stdint.h>

#include "buf.h"
#include "rec.h"
#include "src.h"

#define BT_HOST_CACHES 8

struct bt_cache {
	uint32_t level;
	char type[12]; /* "Data", "Instruction", "Unified" */
	uint64_t size_bytes;
	uint32_t line_bytes;
	uint32_t instances; /* how many of them the machine has */
};

struct bt_host {
	char kernel[96], arch[16], cpu_model[96], microcode[24];
	char virt[48];        /* "", "kvm", "vmware", "xen", "microsoft", "container:docker", "kvm,container:docker", ... */
	char governor[24], thp[12], clocksource[24], smt[16], isolated[64];
	char mitigations[640]; /* "meltdown=..;spectre_v1=..", sorted */
	uint32_t cpus_online, cpus_allowed, sockets, cores, numa_nodes;
	uint64_t freq_max_khz;
	uint64_t mem_bytes, swap_bytes;
	uint64_t hugepages; /* reserved ones of the default size */
	struct bt_cache caches[BT_HOST_CACHES];
	unsigned n_caches;
	char cgroup_mode[8];        /* "v1", "v2", "hybrid", "" */
	double cgroup_cpus;         /* quota / period in CPUs; 0: unlimited */
	uint64_t cgroup_mem_bytes;  /* 0: unlimited */
	char fp[17];                /* fingerprint, see bt_host_read */
};

/* bt_host_read - fill h. The fingerprint is 16 hex digits of FNV-1a 64 over "name=value\n" of the facts that change what a
 * benchmark shows: kernel, arch, CPU model, microcode, virt, governor, thp, smt, mitigations, CPUs (online, allowed,
 * sockets, cores), memory rounded to 1/16 of its power of two, cgroup limits. Not the host's name: equal machines are equal. */
void bt_host_read(struct bt_host *h, const struct bt_src *src);

/* bt_host_record - add the facts to a meta record. Borrows h until it is encoded; empty facts are left out. */
void bt_host_record(const struct bt_host *h, struct bt_rec *r);

/* bt_host_argv - append the words of a command line with one blank between. */
void bt_host_argv(struct bt_buf *b, int argc, char **argv);

/* bt_host_llc_bytes - size of the last-level cache, all instances together, 0 if unknown. */
uint64_t bt_host_llc_bytes(const struct bt_host *h);

#endif
