/* SPDX-License-Identifier: ISC
 *
 * taint - reasons why a number may be doubtful, as bits here and as a comma list of names in records.
 */
#include <string.h>

#include "taint.h"

/* In the order of the bits. */
static const char *const names[] = {
	"steal", "throttled", "migrated", "freq", "thermal", "shared", "short", "cached", "sparse", "overflow", "wrong",
	"contended", "preempted", "pages", "coarse", "backwards",
};

size_t bt_taint_text(unsigned mask, char out[BT_TAINT_TEXT_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (!(mask & 1u << i))
			continue;
		if (len > 0)
			out[len++] = ',';
		memcpy(out + len, names[i], n);
		len += n;
	}
	out[len] = '\0';
	return len;
}

/* Put one name into the sorted list unless it is there or there is no room. */
static void join_name(char list[BT_TAINT_LIST], const char *name, size_t len)
{
	size_t used = strlen(list), at = 0;

	if (len == 0 || used + len + 2 > BT_TAINT_LIST)
		return;
	while (at < used) {
		size_t here = strcspn(list + at, ",");
		int order = strncmp(list + at, name, here < len ? here : len);

		if (order == 0 && here == len)
			return;
		if (order > 0 || (order == 0 && here > len))
			break;
		at += here + (list[at + here] == ',');
	}
	/* Before what stands at `at`, or behind the last one. */
	if (at < used) {
		memmove(list + at + len + 1, list + at, used - at + 1);
		memcpy(list + at, name, len);
		list[at + len] = ',';
		return;
	}
	if (used > 0)
		list[used++] = ',';
	memcpy(list + used, name, len);
	list[used + len] = '\0';
}

void bt_taint_join(char list[BT_TAINT_LIST], const char *more)
{
	for (size_t len; *more; more += len + (more[len] == ',')) {
		len = strcspn(more, ",");
		join_name(list, more, len);
	}
}
