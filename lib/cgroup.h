/* SPDX-License-Identifier: ISC
 *
 * cgroup - where control groups are, our own one and that of a directory: version 1, version 2, or both mounted side by side.
 */
#ifndef BT_CGROUP_H
#define BT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src.h"

/* A directory of one controller; path is "" when there is none. */
struct bt_cgroup_dir {
	bool v2;
	size_t mount_len; /* length of the part of path that is the mount point */
	char path[1024];  /* below the source's root */
};

struct bt_cgroup {
	char mode[8]; /* "v1", "v2", "hybrid", or "" when none is mounted */
	struct bt_cgroup_dir cpu, memory;
};

/* A hierarchy of control groups, and a group in it. */
struct bt_cgroup_at {
	bool v2;
	char controller[32]; /* version 1: one that lives there; "" in version 2 */
	uint64_t id;         /* of the group, as the kernel has it: the inode of its directory */
	char mount[512];     /* where the hierarchy is mounted */
};

/* bt_cgroup_at - what the directory is, below the real root. Returns 0, -ENOENT when it is none or no control group's, -ENOTSUP
 * for a hierarchy of version 1 without a controller that we know, or -errno. */
int bt_cgroup_at(const char *dir, struct bt_cgroup_at *at);

/* bt_cgroup_find - fill c for this process, from its /proc/self/cgroup and /proc/self/mountinfo. */
void bt_cgroup_find(struct bt_cgroup *c, const struct bt_src *src);

/* bt_cgroup_of - the same for any one controller; "": our directory in the hierarchy of version 2. */
void bt_cgroup_of(struct bt_cgroup_dir *d, const struct bt_src *src, const char *controller);

/* bt_cgroup_up - make d its parent group. Returns false, with d unchanged, at the top of what is mounted. */
bool bt_cgroup_up(struct bt_cgroup_dir *d);

#endif
