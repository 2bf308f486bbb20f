/* SPDX-License-Identifier: ISC
 *
 * freq - how fast the CPUs run: cpufreq of each, else "cpu MHz" of /proc/cpuinfo.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"
#include "groups.h"

enum { MEAN, LEAST, MOST };

static const struct bsample_field fields[] = {
	[MEAN] = { .metric = "freq", .unit = "Hz", .how = BSAMPLE_GAUGE, .scale = 1, .quantum = BSAMPLE_TICK, .column = "freq",
		   .fold = BSAMPLE_LARGEST, .help = "clock of a CPU; of all together their mean" },
	[LEAST] = { .metric = "freq", .unit = "Hz", .dim = "which", .is = "slowest", .how = BSAMPLE_GAUGE, .scale = 1,
		    .quantum = BSAMPLE_TICK,
		    .help = "clock of the slowest" },
	[MOST] = { .metric = "freq", .unit = "Hz", .dim = "which", .is = "fastest", .how = BSAMPLE_GAUGE, .scale = 1,
		   .quantum = BSAMPLE_TICK,
		   .help = "clock of the fastest" },
	{ .metric = NULL },
};

struct freq {
	struct bt_reread info;   /* /proc/cpuinfo, where there is no cpufreq */
	struct bt_reread *files; /* of the CPUs */
	uint32_t cpus[BT_CPUS_MAX];
	size_t n;
	uint64_t hz[BT_CPUS_MAX]; /* of this pass */
};

static int open_cpufreq(struct bsample *s, struct freq *q)
{
	size_t n = bt_src_list(&s->src, BT_CPUS_MAX - 1, q->cpus, BT_CPUS_MAX, "/sys/devices/system/cpu/present");

	q->files = calloc(n + 1, sizeof(*q->files));
	if (!q->files)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint32_t cpu = q->cpus[i];
		int rc = bt_reread_open(&q->files[q->n], &s->src, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_cur_freq", cpu);

		if (rc == 0)
			q->cpus[q->n++] = cpu;
		else
			bt_reread_close(&q->files[q->n]);
	}
	return q->n > 0 ? 0 : -ENOENT;
}

static int open_freq(struct bsample *s, struct bsample_table *t)
{
	struct freq *q = calloc(1, sizeof(*q));
	int rc;

	t->state = q;
	if (!q)
		return -ENOMEM;
	q->info.fd = -1;
	rc = open_cpufreq(s, q);
	if (rc == 0)
		return 0;
	/* All of cpuinfo is made anew for each look at it. */
	t->cadence_ns = 1000000000;
	rc = bt_reread_open(&q->info, &s->src, "/proc/cpuinfo");
	if (rc < 0 || bt_reread(&q->info) < 0 || !strstr(q->info.data, "\ncpu MHz")) {
		bsample_missing(t, "neither cpufreq nor \"cpu MHz\" in /proc/cpuinfo: the hypervisor or the kernel hides it");
		return -ENOENT;
	}
	return 0;
}

static void read_cpufreq(struct bsample *s, struct bsample_table *t, struct freq *q)
{
	for (size_t i = 0; i < q->n; i++) {
		const char *p = bsample_text(s, t, &q->files[i]);
		uint64_t khz;

		/* That of a CPU that is off cannot be read. */
		q->hz[i] = p && bsample_u64(&p, &khz) ? khz * 1000 : 0;
	}
}

static void read_info(struct bsample *s, struct bsample_table *t, struct freq *q)
{
	const char *line = bsample_text(s, t, &q->info);
	uint64_t cpu = 0, mhz, thousandths = 0;

	q->n = 0;
	for (; line && q->n < BT_CPUS_MAX; line = bsample_line(line)) {
		const char *p = line + strcspn(line, ":\n");

		if (*p++ != ':')
			continue;
		if (strncmp(line, "processor", 9) == 0)
			bsample_u64(&p, &cpu);
		if (strncmp(line, "cpu MHz", 7) != 0 || !bsample_u64(&p, &mhz))
			continue;
		if (*p++ == '.')
			bsample_u64(&p, &thousandths);
		q->cpus[q->n] = (uint32_t)cpu;
		q->hz[q->n++] = mhz * 1000000 + thousandths * 1000;
	}
}

static void put_cpus(struct bsample_table *t, const struct freq *q)
{
	for (size_t i = 0; i < q->n; i++) {
		char number[16];
		size_t len = (size_t)snprintf(number, sizeof(number), "%u", q->cpus[i]);
		struct bsample_row *row = q->hz[i] ? bsample_row(t, number, len) : NULL;

		if (!row)
			continue;
		bsample_row_dim(row, 0, number, len);
		row->aside = true;
		row->now[MEAN] = q->hz[i];
	}
}

static int read_freq(struct bsample *s, struct bsample_table *t)
{
	struct freq *q = t->state;
	uint64_t sum = 0, n = 0, least = UINT64_MAX, most = 0;
	struct bsample_row *all;

	if (q->info.path)
		read_info(s, t, q);
	else
		read_cpufreq(s, t, q);
	for (size_t i = 0; i < q->n; i++) {
		if (q->hz[i] == 0)
			continue;
		n++;
		sum += q->hz[i];
		least = q->hz[i] < least ? q->hz[i] : least;
		most = q->hz[i] > most ? q->hz[i] : most;
	}
	all = n ? bsample_row(t, "", 0) : NULL;
	if (!all)
		return -ENODATA;
	all->now[MEAN] = sum / n;
	all->now[LEAST] = least;
	all->now[MOST] = most;
	if (s->by_cpu)
		put_cpus(t, q);
	return 0;
}

static void close_freq(struct bsample_table *t)
{
	struct freq *q = t->state;

	for (size_t i = 0; q && q->files && !q->info.path && i < q->n; i++)
		bt_reread_close(&q->files[i]);
	if (q) {
		bt_reread_close(&q->info);
		free(q->files);
	}
	free(q);
}

const struct bsample_group bsample_freq = {
	.name = "freq", .help = "clock of the CPUs", .fields = fields, .dims = { { "cpu", true } },
	.open = open_freq, .read = read_freq, .close = close_freq,
};
