/* SPDX-License-Identifier: ISC
 *
 * disk - what the block devices did: /proc/diskstats (Documentation/admin-guide/iostats.rst).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"

/* The columns behind the name, in their order. */
enum {
	READS, READ_MERGES, READ_SECTORS, READ_MS, WRITES, WRITE_MERGES, WRITE_SECTORS, WRITE_MS, IN_FLIGHT, BUSY_MS, QUEUE_MS,
	DISCARDS, DISCARD_MERGES, DISCARD_SECTORS, DISCARD_MS, FLUSHES, FLUSH_MS, COLUMNS,
	READ_WAIT = COLUMNS, WRITE_WAIT, DISCARD_WAIT, FLUSH_WAIT
};

#define OPS(op, say) \
	{ .metric = "iops", .unit = "op/s", .dim = "op", .is = op, .how = BSAMPLE_RATE, .scale = 1, .help = say }
#define BYTES(op, head) \
	{ .metric = "bw", .unit = "B/s", .dim = "op", .is = op, .how = BSAMPLE_RATE, .scale = 512, .column = head, .help = "bytes moved" }
/* Merges, and milliseconds that wrap: not shown, but as a mean. */
#define HIDDEN \
	{ .metric = "-", .unit = "count", .how = BSAMPLE_RATE, .scale = 1, .hidden = true, .wraps = true }
#define WAIT(op) \
	{ .metric = "await", .unit = "ns", .dim = "op", .is = op, .how = BSAMPLE_DERIVED, .quantum = BSAMPLE_MS, \
	  .better = BT_BETTER_LOWER, .help = "mean time of a finished request, queueing included; none when none finished" }

static const struct bsample_field fields[] = {
	[READS] = OPS("read", "requests finished"),
	[READ_MERGES] = HIDDEN,
	[READ_SECTORS] = BYTES("read", "rd/s"),
	[READ_MS] = HIDDEN,
	[WRITES] = OPS("write", NULL),
	[WRITE_MERGES] = HIDDEN,
	[WRITE_SECTORS] = BYTES("write", "wr/s"),
	[WRITE_MS] = HIDDEN,
	[IN_FLIGHT] = { .metric = "inflight", .unit = "count", .how = BSAMPLE_GAUGE, .scale = 1,
			.help = "requests under way at the tick" },
	[BUSY_MS] = { .metric = "util", .unit = "ratio", .how = BSAMPLE_SHARE, .scale = 1e6, .quantum = BSAMPLE_TICK, .wraps = true,
		      .column = "util", .fold = BSAMPLE_LARGEST,
		      .help = "share of the time with a request under way; a device that works on several may do more at 1" },
	[QUEUE_MS] = { .metric = "depth", .unit = "count", .how = BSAMPLE_SHARE, .scale = 1e6, .quantum = BSAMPLE_MS, .wraps = true,
		       .help = "mean number of requests under way" },
	[DISCARDS] = OPS("discard", NULL),
	[DISCARD_MERGES] = HIDDEN,
	[DISCARD_SECTORS] = BYTES("discard", NULL),
	[DISCARD_MS] = HIDDEN,
	[FLUSHES] = OPS("flush", NULL),
	[FLUSH_MS] = HIDDEN,
	[READ_WAIT] = WAIT("read"),
	[WRITE_WAIT] = WAIT("write"),
	[DISCARD_WAIT] = WAIT("discard"),
	[FLUSH_WAIT] = WAIT("flush"),
	{ .metric = NULL },
};

static int open_disk(struct bsample *s, struct bsample_table *t)
{
	return bsample_open_file(s, t, "/proc/diskstats");
}

/* The partitions of a disk follow it, and are named as block/genhd.c does: its name, a 'p' if that ends in a digit, a number. */
static bool is_partition(const char *disk, size_t disk_len, const char *name, size_t len)
{
	size_t at = disk_len;

	if (disk_len == 0 || len <= disk_len || memcmp(disk, name, disk_len) != 0)
		return false;
	if (disk[disk_len - 1] >= '0' && disk[disk_len - 1] <= '9' && name[at++] != 'p')
		return false;
	return at < len && strspn(name + at, "0123456789") == len - at;
}

/* Those that pass on to others what they are asked for. */
static bool is_stacked(const char *name)
{
	return strncmp(name, "dm-", 3) == 0 || strncmp(name, "md", 2) == 0 || strncmp(name, "loop", 4) == 0;
}

static void take_disk(const struct bsample *s, struct bsample_table *t, const char *name, size_t len, bool whole)
{
	uint64_t numbers[COLUMNS], used = 0;
	const char *p = name + len;
	struct bsample_row *row;
	unsigned n = 0;
	char text[64];

	while (n < COLUMNS && bsample_u64(&p, &numbers[n]))
		used |= numbers[n++];
	if (n < IN_FLIGHT) /* a partition before 2.6.25 */
		return;
	bt_src_copy(text, len + 1 < sizeof(text) ? len + 1 : sizeof(text), name);
	if (!bsample_dev_wanted(s, text, whole && used != 0))
		return;
	row = bsample_row(t, name, len);
	if (!row)
		return;
	bsample_row_dim(row, 0, name, len);
	row->aside = !whole || is_stacked(text);
	memcpy(row->now, numbers, n * sizeof(*numbers));
}

static int read_disk(struct bsample *s, struct bsample_table *t)
{
	const char *line = bsample_text(s, t, t->state), *disk = NULL;
	size_t disk_len = 0;
	int rc = line ? 0 : -errno;

	for (; line; line = bsample_line(line)) {
		const char *p = line;
		uint64_t device;
		size_t len;
		bool whole;

		if (!bsample_u64(&p, &device) || !bsample_u64(&p, &device))
			continue;
		p += strspn(p, " ");
		len = strcspn(p, " \n");
		whole = !is_partition(disk, disk_len, p, len);
		if (whole) {
			disk = p;
			disk_len = len;
		}
		take_disk(s, t, p, len, whole);
	}
	return rc;
}

static void derive(const struct bsample_table *t, struct bsample_row *row)
{
	static const struct { unsigned count, ms, wait; } ops[] = {
		{ READS, READ_MS, READ_WAIT }, { WRITES, WRITE_MS, WRITE_WAIT }, { DISCARDS, DISCARD_MS, DISCARD_WAIT },
		{ FLUSHES, FLUSH_MS, FLUSH_WAIT },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		uint64_t n = bsample_step(t, row, ops[i].count), ms = bsample_step(t, row, ops[i].ms);

		if (n != BSAMPLE_NONE && ms != BSAMPLE_NONE && n > 0)
			row->value[ops[i].wait] = (double)ms * 1e6 / (double)n;
	}
}

const struct bsample_group bsample_disk = {
	.name = "disk", .help = "requests and bytes of block devices", .usual = true, .fields = fields, .dims = { { "dev", false } },
	.open = open_disk, .read = read_disk, .derive = derive, .close = bsample_close_file,
};
