/* SPDX-License-Identifier: ISC
 *
 * cgroupname - the paths of control groups by the numbers that the kernel has for them.
 */
#ifndef BT_CGROUPNAME_H
#define BT_CGROUPNAME_H

#include <stddef.h>
#include <stdint.h>

struct bt_cgroupname {
	uint64_t id;
	char *path; /* below the mount; "/" for the root; NULL: it was gone */
};

struct bt_cgroupnames {
	const char *mount; /* borrowed; "": there is no hierarchy */
	struct bt_cgroupname *list; /* by id */
	size_t n, cap;
	unsigned walks; /* through the tree so far */
};

#define BT_CGROUPNAMES_INIT { .mount = "" }

/* bt_cgroupname - the path of the group, valid until bt_cgroupnames_free; NULL when it is gone, or beyond what was looked at. Walks
 * through the tree when a number is new. A stream of groups that are gone at once would cost: after 64 walks no new numbers are
 * looked for. What was found once keeps its name when it is gone. */
const char *bt_cgroupname(struct bt_cgroupnames *names, uint64_t id);

void bt_cgroupnames_free(struct bt_cgroupnames *names);

#endif
