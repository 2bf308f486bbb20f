/* SPDX-License-Identifier: ISC
 *
 * psi - the share of time in which tasks were held up for want of CPU, memory or I/O: /proc/pressure
 * (Documentation/accounting/psi.rst).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"

enum { CPU_SOME, MEMORY_SOME, MEMORY_FULL, IO_SOME, IO_FULL, IRQ_FULL };

#define STALL(name, which, head, say) \
	{ .metric = "stall", .unit = "ratio", .dim = "res", .is = name, .dim2 = "how", .is2 = which, .how = BSAMPLE_SHARE, .scale = 1000, \
	  .better = BT_BETTER_LOWER, .column = head, .help = say }

static const struct bsample_field fields[] = {
	[CPU_SOME] = STALL("cpu", "some", "pcpu", "time in which some task waited for a CPU"),
	[MEMORY_SOME] = STALL("memory", "some", "pmem", "time in which some task waited for memory to be made free or read back"),
	[MEMORY_FULL] = STALL("memory", "full", NULL, "and no other one could work"),
	[IO_SOME] = STALL("io", "some", "pio", "time in which some task waited for I/O"),
	[IO_FULL] = STALL("io", "full", NULL, "and no other one could work"),
	[IRQ_FULL] = STALL("irq", "full", NULL, "time that interrupts took"),
	{ .metric = NULL },
};

static const struct { const char *name; int some, full; } sources[] = {
	{ "cpu", CPU_SOME, -1 }, /* full means nothing for the whole machine */
	{ "memory", MEMORY_SOME, MEMORY_FULL }, { "io", IO_SOME, IO_FULL }, { "irq", -1, IRQ_FULL },
};
#define SOURCES (sizeof(sources) / sizeof(sources[0]))

/* Kernels before 6.1, and most after, have no irq. */
static int open_psi(struct bsample *s, struct bsample_table *t)
{
	struct bt_reread *files = calloc(SOURCES, sizeof(*files));
	int rc = -ENOENT;

	t->state = files;
	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < SOURCES; i++) {
		int one = bt_reread_open(&files[i], &s->src, "/proc/pressure/%s", sources[i].name);

		/* It opens also where PSI is switched off. */
		if (one == 0 && bt_reread(&files[i]) > 0)
			rc = 0;
	}
	if (rc < 0)
		bsample_missing(t, "/proc/pressure cannot be read: the kernel has no PSI, or psi=1 is not on its command line");
	return rc;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123": microseconds. */
uint64_t bsample_psi_total(const char *text, const char *how)
{
	const char *line = text, *p;
	uint64_t total;

	while (line && strncmp(line, how, strlen(how)) != 0)
		line = bsample_line(line);
	p = line ? strstr(line, "total=") : NULL;
	if (!p)
		return BSAMPLE_NONE;
	p += strlen("total=");
	return bsample_u64(&p, &total) ? total : BSAMPLE_NONE;
}

static int read_psi(struct bsample *s, struct bsample_table *t)
{
	struct bt_reread *files = t->state;
	struct bsample_row *row = NULL;

	for (size_t i = 0; i < SOURCES; i++) {
		const char *text = files[i].fd >= 0 || !bsample_live(s) ? bsample_text(s, t, &files[i]) : NULL;

		if (!text)
			continue;
		row = row ? row : bsample_row(t, "", 0);
		if (row && sources[i].some >= 0)
			row->now[sources[i].some] = bsample_psi_total(text, "some");
		if (row && sources[i].full >= 0)
			row->now[sources[i].full] = bsample_psi_total(text, "full");
	}
	return row ? 0 : -ENODATA;
}

static void close_psi(struct bsample_table *t)
{
	struct bt_reread *files = t->state;

	for (size_t i = 0; files && i < SOURCES; i++)
		bt_reread_close(&files[i]);
	free(files);
}

const struct bsample_group bsample_psi = {
	.name = "psi", .help = "time in which tasks were held up", .usual = true, .fields = fields, .open = open_psi,
	.read = read_psi, .close = close_psi,
};
