/* SPDX-License-Identifier: ISC
 *
 * blockdev - the block device behind a file: what it is, what it has done, how the file system on it is mounted.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blockdev.h"

#define SECTOR 512 /* of stat files, whatever the device's own is */

int bt_blockstat_parse(struct bt_blockstat *s, const char *text)
{
	unsigned long long v[7];

	if (sscanf(text, "%llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6]) != 7)
		return -EINVAL;
	*s = (struct bt_blockstat){ .reads = v[0], .read_bytes = v[2] * SECTOR, .writes = v[4], .written_bytes = v[6] * SECTOR };
	return 0;
}

struct bt_blockstat bt_blockstat_delta(const struct bt_blockstat *from, const struct bt_blockstat *to)
{
	return (struct bt_blockstat){ to->reads - from->reads, to->writes - from->writes, to->read_bytes - from->read_bytes,
				      to->written_bytes - from->written_bytes };
}

int bt_blockdev_stat(struct bt_blockstat *s, const struct bt_src *src, unsigned major, unsigned minor)
{
	char text[512];
	int rc = bt_src_line(src, text, sizeof(text), "/sys/dev/block/%u:%u/stat", major, minor);

	return rc < 0 ? rc : bt_blockstat_parse(s, text);
}

/* "mq-deadline kyber [none]": the one in brackets; a file with one name alone is that name. */
static void take_chosen(char *out, size_t cap, const char *text)
{
	const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
	size_t len = close ? (size_t)(close - open - 1) : 0;

	if (!close) {
		bt_src_copy(out, cap, text);
		return;
	}
	len = len < cap ? len : cap - 1;
	memcpy(out, open + 1, len);
	out[len] = '\0';
}

static bool any_holder(const struct bt_src *src, unsigned major, unsigned minor)
{
	char path[PATH_MAX];
	const struct dirent *e;
	bool any = false;
	DIR *dir;

	if (snprintf(path, sizeof(path), "%s/sys/dev/block/%u:%u/holders", src->root, major, minor) >= (int)sizeof(path))
		return false;
	dir = opendir(path);
	if (!dir)
		return false;
	while (!any && (e = readdir(dir)))
		any = e->d_name[0] != '.';
	closedir(dir);
	return any;
}

/* What belongs to the whole disk; up leads there from the device's own directory. */
static void read_queue(struct bt_blockdev *d, const struct bt_src *src, const char *up)
{
	uint64_t number = 0;
	char text[256];

	if (bt_src_line(src, text, sizeof(text), "/sys/dev/block/%u:%u%s/queue/scheduler", d->major, d->minor, up) > 0)
		take_chosen(d->scheduler, sizeof(d->scheduler), text);
	bt_src_line(src, d->write_cache, sizeof(d->write_cache), "/sys/dev/block/%u:%u%s/queue/write_cache", d->major, d->minor, up);
	bt_src_line(src, d->model, sizeof(d->model), "/sys/dev/block/%u:%u%s/device/model", d->major, d->minor, up);
	if (bt_src_u64(src, &number, "/sys/dev/block/%u:%u%s/queue/rotational", d->major, d->minor, up) == 0)
		d->rotational = number != 0;
	if (bt_src_u64(src, &number, "/sys/dev/block/%u:%u%s/queue/logical_block_size", d->major, d->minor, up) == 0)
		d->logical = (uint32_t)number;
	if (bt_src_u64(src, &number, "/sys/dev/block/%u:%u%s/queue/physical_block_size", d->major, d->minor, up) == 0)
		d->physical = (uint32_t)number;
}

/* DEVNAME=vda1 of a uevent file. */
static void take_name(char *out, size_t cap, const char *uevent)
{
	const char *at = strstr(uevent, "DEVNAME=");
	size_t len;

	*out = '\0';
	if (!at)
		return;
	at += strlen("DEVNAME=");
	len = strcspn(at, "\n");
	len = len < cap ? len : cap - 1;
	memcpy(out, at, len);
	out[len] = '\0';
}

int bt_blockdev_read(struct bt_blockdev *d, const struct bt_src *src, unsigned major, unsigned minor)
{
	char text[1024];
	bool part;

	*d = (struct bt_blockdev){ .major = major, .minor = minor };
	if (bt_src_read(src, text, sizeof(text), "/sys/dev/block/%u:%u/uevent", major, minor) < 0)
		return -ENOENT;
	take_name(d->name, sizeof(d->name), text);
	bt_src_copy(d->disk, sizeof(d->disk), d->name);
	part = strstr(text, "DEVTYPE=partition") != NULL;
	if (part && bt_src_read(src, text, sizeof(text), "/sys/dev/block/%u:%u/../uevent", major, minor) > 0)
		take_name(d->disk, sizeof(d->disk), text);
	read_queue(d, src, part ? "/.." : "");
	d->held = any_holder(src, major, minor);
	return 0;
}

/* Whether the comma list has that word. */
static bool has_word(const char *list, const char *word, size_t len)
{
	for (;;) {
		size_t here = strcspn(list, ",");

		if (here == len && memcmp(list, word, len) == 0)
			return true;
		if (list[here] == '\0')
			return false;
		list += here + 1;
	}
}

/* The options of list that out does not have yet, as far as they fit. */
static void add_options(char *out, size_t cap, const char *list)
{
	for (;;) {
		size_t len = strcspn(list, ","), have = strlen(out);

		if (len > 0 && !has_word(out, list, len) && have + len + 2 <= cap)
			snprintf(out + have, cap - have, "%s%.*s", have ? "," : "", (int)len, list);
		if (list[len] == '\0')
			return;
		list += len + 1;
	}
}

/* One line: "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue". */
static bool take_line(struct bt_mount *m, const char *line, uint64_t want_id, unsigned major, unsigned minor)
{
	unsigned long long id;
	char options[128], more[192] = "";
	const char *rest = strstr(line, " - ");
	struct bt_mount found = { .fs = "" };

	if (sscanf(line, "%llu %*u %u:%u %*s %*s %127s", &id, &found.major, &found.minor, options) != 4 || !rest)
		return false;
	if (want_id ? id != want_id : found.major != major || found.minor != minor)
		return false;
	if (sscanf(rest, " - %23s %127s %191s", found.fs, found.source, more) < 2)
		return false;
	add_options(found.options, sizeof(found.options), options);
	add_options(found.options, sizeof(found.options), more);
	*m = found;
	return true;
}

int bt_mount_find(struct bt_mount *m, const char *text, uint64_t id, unsigned major, unsigned minor)
{
	bool found = false;
	char line[4096];

	while (*text) {
		size_t len = strcspn(text, "\n"), keep = len < sizeof(line) ? len : sizeof(line) - 1;

		memcpy(line, text, keep);
		line[keep] = '\0';
		found |= take_line(m, line, id, major, minor);
		text += len + (text[len] == '\n');
	}
	return found ? 0 : -ENOENT;
}
