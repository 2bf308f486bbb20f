/* SPDX-License-Identifier: ISC
 *
 * tracefs - lines like "	field:pid_t next_pid;	offset:56;	size:4;	signed:1;" of events/EVENT/format.
 */
#include <errno.h>
#include <string.h>

#include "num.h"
#include "tracefs.h"

static const char *const mounts[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

/* Whether the declaration, up to its semicolon, ends with that name, or with an array of it. */
static bool declares(const char *line, const char *field)
{
	const char *end = strchr(line, ';'), *name;
	size_t len = strlen(field);

	if (!end)
		return false;
	for (name = end; name > line && name[-1] != ' '; name--)
		;
	return strncmp(name, field, len) == 0 && (name[len] == ';' || name[len] == '[');
}

static int offset_of(char *text, const char *field)
{
	char *save, *line;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *at = strstr(line, "offset:"), *end = at ? strchr(at, ';') : NULL;
		uint64_t offset;

		if (!end || !strstr(line, "field:") || !declares(line, field))
			continue;
		*end = '\0';
		if (bt_num_u64(at + strlen("offset:"), 0, 65535, &offset) == 0)
			return (int)offset;
	}
	return -ENOENT;
}

int bt_tracefs_field(const struct bt_src *src, const char *event, const char *field)
{
	char text[8192];

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		if (bt_src_read(src, text, sizeof(text), "%s/events/%s/format", mounts[i], event) > 0)
			return offset_of(text, field);
	return -ENOENT;
}
