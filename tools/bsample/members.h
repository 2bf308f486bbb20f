/* SPDX-License-Identifier: ISC
 *
 * members - the processes of control groups, those of the groups below them included.
 */
#ifndef BSAMPLE_MEMBERS_H
#define BSAMPLE_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "idmap.h"
#include "src.h"
#include "taskfig.h"

struct members {
	char *dirs[TASKFIG_CGROUPS];  /* below the source's root */
	uint64_t ids[TASKFIG_CGROUPS]; /* as the kernel has them; 0 in a dump */
	unsigned n;
	char controller[32];         /* of their hierarchy, "": version 2 */
	struct bt_idmap pids;        /* as of the last members_read */
};

#define MEMBERS_ERROR 200

/* members_open - find the groups: directories, or their paths below the mount point of the hierarchy that has the CPUs. All must be
 * of one hierarchy. Returns 0 or -errno with error one sentence. */
int members_open(struct members *m, const char *const *groups, unsigned n, bool live, char error[MEMBERS_ERROR]);

/* members_read - who is in them now, from their cgroup.procs. members_have - whether that process was then. */
void members_read(struct members *m, const struct bt_src *src);
bool members_have(const struct members *m, uint32_t pid);

void members_close(struct members *m);

#endif
