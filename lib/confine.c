/* SPDX-License-Identifier: ISC
 *
 * confine - paths of others, made to stay below a directory of ours.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "confine.h"

static size_t component(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] != '/')
		n++;
	return n;
}

/* The length without the last component. */
static size_t parent(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}

int bt_confine(const char *path, size_t len, char out[BT_CONFINE_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] < ' ' || path[i] == 0x7f)
			return -EINVAL;
	for (size_t at = 0, n; at < len; at += n + 1) {
		n = component(path + at, len - at);
		if (n == 0 || (n == 1 && path[at] == '.'))
			continue;
		if (n == 2 && path[at] == '.' && path[at + 1] == '.') {
			used = parent(out, used);
			continue;
		}
		if (n > NAME_MAX || used + n + 2 > BT_CONFINE_MAX)
			return -ENAMETOOLONG;
		if (used > 0)
			out[used++] = '/';
		memcpy(out + used, path + at, n);
		used += n;
	}
	out[used] = '\0';
	return (int)used;
}

int bt_confine_map_parse(struct bt_confine_map *m, const char *text)
{
	const char *equals = strchr(text, '=');
	int rc;

	if (!equals)
		return -EINVAL;
	rc = bt_confine(text, (size_t)(equals - text), m->from);
	if (rc >= 0)
		rc = bt_confine(equals + 1, strlen(equals + 1), m->to);
	return rc < 0 ? rc : 0;
}

/* Whether path is prefix or below it. */
static int is_below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	return len == 0 || (strncmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '/'));
}

int bt_confine_mapped(const struct bt_confine_map *maps, size_t n, const char *path, char out[BT_CONFINE_MAX])
{
	const struct bt_confine_map *best = NULL;
	const char *rest = path, *to = "";
	int len;

	for (size_t i = 0; i < n; i++)
		if (is_below(path, maps[i].from) && (!best || strlen(maps[i].from) > strlen(best->from)))
			best = &maps[i];
	if (best) {
		to = best->to;
		rest = path + strlen(best->from);
		rest += *rest == '/';
	}
	len = snprintf(out, BT_CONFINE_MAX, "%s%s%s", to, *to && *rest ? "/" : "", rest);
	return len < BT_CONFINE_MAX ? len : -ENAMETOOLONG;
}
