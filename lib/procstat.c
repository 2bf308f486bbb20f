/* SPDX-License-Identifier: ISC
 *
 * procstat - the fields of /proc/PID/stat.
 */
#include <errno.h>
#include <string.h>

#include "num.h"
#include "procstat.h"

/* The second field, the name in parentheses, may hold anything, so counting begins behind the last of these. */
int bt_procstat_field(const char *stat, unsigned field, uint64_t *out)
{
	const char *p = strrchr(stat, ')');
	char word[24];
	size_t len;

	for (unsigned i = 2; p && i < field; i++) {
		p = strchr(p, ' ');
		p += p ? 1 : 0;
	}
	len = p ? strcspn(p, " \n") : 0;
	if (len == 0 || len >= sizeof(word))
		return -EINVAL;
	memcpy(word, p, len);
	word[len] = '\0';
	return bt_num_u64(word, 0, UINT64_MAX, out) < 0 ? -EINVAL : 0;
}

int bt_procstat_read(const struct bt_src *src, uint32_t pid, unsigned field, uint64_t *out)
{
	char text[2048];
	int rc = bt_src_read(src, text, sizeof(text), "/proc/%u/stat", pid);

	if (rc < 0)
		return rc == -ENOENT ? -ESRCH : rc;
	return bt_procstat_field(text, field, out);
}
