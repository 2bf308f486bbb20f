/* SPDX-License-Identifier: ISC
 *
 * cgroupfiles - the figures of a control group, and the files that have them.
 */
#ifndef BSAMPLE_CGROUPFILES_H
#define BSAMPLE_CGROUPFILES_H

#include "bsample.h"

/* The hierarchies: that of version 2, and those of version 1 by their controller. */
enum { CGROUP_V2, CGROUP_CPU, CGROUP_CPUACCT, CGROUP_MEMORY, CGROUP_BLKIO, CGROUP_PIDS, CGROUP_TREES };

#define CGROUP_FILES 17

struct cgroup_file {
	unsigned tree;
	const char *name;
	void (*take)(const char *text, uint64_t *now); /* its numbers into those of a row with cgroup_fields */
};

extern const struct bsample_field cgroup_fields[];
extern const char *const cgroup_controllers[CGROUP_TREES]; /* "": version 2 */
extern const struct cgroup_file cgroup_files[CGROUP_FILES]; /* those that a group has vary with kernels and controllers */

#endif
