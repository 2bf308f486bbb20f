/* SPDX-License-Identifier: ISC
 *
 * smaps - how the kernel keeps a mapping of memory.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "smaps.h"
#include "src.h"

/* Whether the line begins a mapping, "FROM-TO ..." in hexadecimal digits, that address lies in. */
static bool begins_with(const char *line, uintptr_t address)
{
	uintptr_t from, to;
	char *end;

	from = strtoull(line, &end, 16);
	to = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
	return from <= address && address < to;
}

int bt_smaps_find(struct bt_smaps *s, char *text, uintptr_t address)
{
	char *line = text, *end;

	memset(s, 0, sizeof(*s));
	while (line && !begins_with(line, address)) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return -ENOENT;
	end = strstr(line, "\nVmFlags:"); /* the last line about it */
	if (end)
		*end = '\0';
	s->rss_bytes = bt_src_field_u64(line, "Rss") * 1024;
	s->huge_bytes = bt_src_field_u64(line, "AnonHugePages") * 1024;
	s->swap_bytes = bt_src_field_u64(line, "Swap") * 1024;
	s->ksm_bytes = bt_src_field_u64(line, "KSM") * 1024;
	return 0;
}
