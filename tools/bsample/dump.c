/* SPDX-License-Identifier: ISC
 *
 * dump - a copy of /proc and /sys of some machine at some time, in place of this one and now.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bsample.h"
#include "num.h"

/* A dump has its own time: since boot in /proc/uptime, and when that was in /proc/stat. */
int bsample_take_dump(struct bsample *s, unsigned which)
{
	char line[64], stat[64];
	uint64_t uptime_ns, boot_s = 0;
	char *text;

	s->src.root = s->roots[which];
	if (bt_src_line(&s->src, line, sizeof(line), "/proc/uptime") <= 0)
		return -ENOENT;
	line[strcspn(line, " ")] = '\0';
	if (bt_num_time(line, 0, UINT64_MAX, &uptime_ns) < 0)
		return -EINVAL;
	text = bt_src_text(&s->src, 16u << 20, "/proc/stat");
	if (text && bt_src_field(text, "btime", stat, sizeof(stat)) > 0)
		bt_num_u64(stat, 0, INT64_MAX / 2000000, &boot_s);
	free(text);
	s->dump_ns = uptime_ns;
	s->wall_us = (int64_t)boot_s * 1000000;
	s->out.now_us = bsample_time(s, s->dump_ns);
	return 0;
}

/* Records of a dump are of its time and of its host, if it tells. */
void bsample_name_dump(struct bsample *s)
{
	struct bt_rec_source *from = &s->out.source;
	char name[sizeof(from->host)];

	s->out.now_us = bsample_time(s, s->dump_ns);
	if (bt_src_line(&s->src, name, sizeof(name), "/proc/sys/kernel/hostname") > 0)
		bt_src_copy(from->host, sizeof(from->host), name);
	bt_rec_source_prepare(from);
}
