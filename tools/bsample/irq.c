/* SPDX-License-Identifier: ISC
 *
 * irq - interrupts and soft interrupts by their source: /proc/interrupts and /proc/softirqs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"
#include "groups.h"

enum { HARD, SOFT };
enum { DIM_IRQ, DIM_NAME, DIM_CPU };

static const struct bsample_field fields[] = {
	[HARD] = { .metric = "irqs", .unit = "op/s", .how = BSAMPLE_RATE, .scale = 1, .wraps = true, .column = "irq/s",
		   .help = "interrupts" },
	[SOFT] = { .metric = "softirqs", .unit = "op/s", .how = BSAMPLE_RATE, .scale = 1, .wraps = true, .column = "soft/s",
		   .help = "soft interrupts" },
	{ .metric = NULL },
};

struct irq {
	struct bt_reread files[2]; /* HARD, SOFT */
	uint32_t cpus[BT_CPUS_MAX]; /* of the columns */
	size_t n_cpus;
	uint64_t counts[BT_CPUS_MAX];
};

static int open_irq(struct bsample *s, struct bsample_table *t)
{
	struct irq *q = calloc(1, sizeof(*q));
	int rc;

	t->state = q;
	if (!q)
		return -ENOMEM;
	q->files[SOFT].fd = -1;
	rc = bt_reread_open(&q->files[HARD], &s->src, "/proc/interrupts");
	if (rc < 0)
		bsample_missing(t, "/proc/interrupts: %s", strerror(-rc));
	(void)bt_reread_open(&q->files[SOFT], &s->src, "/proc/softirqs");
	return rc;
}

/* "      CPU0   CPU1   CPU5": CPUs come and go. */
static void take_head(struct irq *q, const char *line)
{
	const char *end = line + strcspn(line, "\n");
	uint64_t cpu;

	q->n_cpus = 0;
	for (const char *p = strstr(line, "CPU"); p && p < end && q->n_cpus < BT_CPUS_MAX; p = strstr(p, "CPU")) {
		p += 3;
		if (bsample_u64(&p, &cpu))
			q->cpus[q->n_cpus++] = (uint32_t)cpu;
	}
}

/* What follows the numbers, runs of blanks as one. */
static size_t take_name(char *out, size_t cap, const char *p)
{
	size_t len = 0;

	p += strspn(p, " \t");
	for (; *p && *p != '\n' && len + 1 < cap; p++)
		if (*p != ' ' || p[1] != ' ')
			out[len++] = *p;
	while (len > 0 && out[len - 1] == ' ')
		len--;
	return len;
}

/* A sum is one of so many columns. */
static void put_row(struct bsample_table *t, unsigned which, const char *irq, size_t len, const char *rest, uint64_t count,
		    const uint32_t *cpu, size_t columns)
{
	char key[64], number[16], name[128];
	int key_len = snprintf(key, sizeof(key), "%c%.*s/%d", which == SOFT ? 's' : 'h', (int)len, irq, cpu ? (int)*cpu : -1);
	struct bsample_row *row = bsample_row(t, key, (size_t)key_len);

	if (!row)
		return;
	bsample_row_dim(row, DIM_IRQ, irq, len);
	bsample_row_dim(row, DIM_NAME, name, take_name(name, sizeof(name), rest));
	if (cpu)
		bsample_row_dim(row, DIM_CPU, number, (size_t)snprintf(number, sizeof(number), "%u", *cpu));
	/* What a CPU that came or went has counted is no growth. */
	if (!cpu && row->mark != columns)
		row->was[which] = BSAMPLE_NONE;
	row->mark = columns;
	row->now[which] = count;
}

/* "  24:  17  0  PCI-MSI 512-edge  virtio0": a source that never spoke is left out. */
static void take_source(struct bsample *s, struct bsample_table *t, unsigned which, const char *line)
{
	struct irq *q = t->state;
	const char *id = line + strspn(line, " "), *p;
	size_t len = strcspn(id, ":\n"), n = 0;
	uint64_t sum = 0;

	if (id[len] != ':' || len == 0 || len > 32)
		return;
	for (p = id + len + 1; n < q->n_cpus && bsample_u64(&p, &q->counts[n]); n++)
		sum += q->counts[n];
	if (n == 0 || sum == 0)
		return;
	/* One number for the whole machine, like ERR, belongs to no CPU. */
	if (!s->by_cpu || n < q->n_cpus)
		put_row(t, which, id, len, p, sum, NULL, n);
	else
		for (size_t i = 0; i < n; i++)
			put_row(t, which, id, len, p, q->counts[i], &q->cpus[i], n);
}

static int read_irq(struct bsample *s, struct bsample_table *t)
{
	struct irq *q = t->state;
	int rc = -ENODATA;

	for (unsigned which = HARD; which <= SOFT; which++) {
		const char *line = q->files[which].path ? bsample_text(s, t, &q->files[which]) : NULL;

		if (!line)
			continue;
		rc = 0;
		take_head(q, line);
		while ((line = bsample_line(line)))
			take_source(s, t, which, line);
	}
	return rc;
}

static void close_irq(struct bsample_table *t)
{
	struct irq *q = t->state;

	for (unsigned which = HARD; q && which <= SOFT; which++)
		bt_reread_close(&q->files[which]);
	free(q);
}

const struct bsample_group bsample_irq = {
	.name = "irq", .help = "interrupts by their source", .fields = fields, .list = true,
	.dims = { [DIM_IRQ] = { "irq", true }, [DIM_NAME] = { "name", false }, [DIM_CPU] = { "cpu", true } },
	.open = open_irq, .read = read_irq, .close = close_irq,
};
