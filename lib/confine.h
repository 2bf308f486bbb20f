/* SPDX-License-Identifier: ISC
 *
 * confine - paths of others, made to stay below a directory of ours.
 */
#ifndef BT_CONFINE_H
#define BT_CONFINE_H

#include <stddef.h>

#define BT_CONFINE_MAX 2048 /* bytes of a path, with NUL */

/* One prefix in place of another, both as bt_confine leaves them; "" is all paths. */
struct bt_confine_map {
	char from[BT_CONFINE_MAX], to[BT_CONFINE_MAX];
};

/* bt_confine - the path of len bytes as one below a directory: without a leading slash, empty components, "." and "..", where
 * ".." at the top stays there. Returns the length of out, which may be 0, or -EINVAL when a control byte is in it, or
 * -ENAMETOOLONG. Looks at no file. */
int bt_confine(const char *path, size_t len, char out[BT_CONFINE_MAX]);

/* bt_confine_map_parse - "OLD=NEW", split at the first '='. 0, or as above; -EINVAL also without '='. */
int bt_confine_map_parse(struct bt_confine_map *m, const char *text);

/* bt_confine_mapped - put NEW for OLD of the map with the longest OLD that path (as bt_confine leaves it) is or is below; the
 * first of equals. Returns the length of out, or -ENAMETOOLONG. */
int bt_confine_mapped(const struct bt_confine_map *maps, size_t n, const char *path, char out[BT_CONFINE_MAX]);

#endif
