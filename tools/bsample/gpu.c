/* SPDX-License-Identifier: ISC
 *
 * gpu - what NVIDIA's GPUs and the processes on them do, through NVML. Without its library there is nothing to sample, which is no
 * error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "nvml.h"

#define DEVICES_MAX 64
#define PROCESSES_MAX 256 /* of a device */

enum { UTIL, UTIL_MEM, MEM, MEM_TOTAL, POWER, TEMP, FREQ, FREQ_SM, FREQ_MEM };
enum { DIM_GPU, DIM_NAME, DIM_PID };

static const struct bsample_field fields[] = {
	[UTIL] = { .metric = "util", .unit = "ratio", .how = BSAMPLE_GAUGE, .scale = 0.01, .quantum = BSAMPLE_SECOND, .column = "util",
		   .help = "share of the driver's last period, 1/6 s to 1 s, in which a kernel ran; of a process: in which one of its did" },
	[UTIL_MEM] = { .metric = "util", .unit = "ratio", .dim = "part", .is = "memory", .how = BSAMPLE_GAUGE, .scale = 0.01,
		       .quantum = BSAMPLE_SECOND, .help = "in which memory was read or written" },
	[MEM] = { .metric = "mem", .unit = "B", .how = BSAMPLE_GAUGE, .scale = 1, .column = "mem", .help = "memory in use" },
	[MEM_TOTAL] = { .metric = "mem", .unit = "B", .dim = "state", .is = "total", .how = BSAMPLE_GAUGE, .scale = 1, .help = "memory" },
	[POWER] = { .metric = "power", .unit = "J/s", .how = BSAMPLE_GAUGE, .scale = 1e-3, .column = "watt",
		    .help = "power drawn, watts" },
	[TEMP] = { .metric = "temp", .unit = "C", .how = BSAMPLE_GAUGE, .scale = 1, .column = "temp", .help = "degrees Celsius" },
	[FREQ] = { .metric = "freq", .unit = "Hz", .dim = "part", .is = "graphics", .how = BSAMPLE_GAUGE, .scale = 1e6,
		   .help = "clock of the graphics engine" },
	[FREQ_SM] = { .metric = "freq", .unit = "Hz", .dim = "part", .is = "sm", .how = BSAMPLE_GAUGE, .scale = 1e6, .column = "clock",
		      .help = "clock of the multiprocessors" },
	[FREQ_MEM] = { .metric = "freq", .unit = "Hz", .dim = "part", .is = "memory", .how = BSAMPLE_GAUGE,
		       .scale = 1e6, .help = "clock of the memory" },
	{ .metric = NULL },
};

struct device {
	nvml_device handle;
	char name[96];
	unsigned long long seen_us; /* the latest figures of processes */
};

struct gpu {
	struct nvml nvml;
	unsigned n;
	struct device devices[DEVICES_MAX];
};

static void take_device(struct gpu *q, unsigned index)
{
	struct device *d = &q->devices[q->n];

	if (q->nvml.by_index(index, &d->handle) != NVML_SUCCESS)
		return;
	if (!q->nvml.name || q->nvml.name(d->handle, d->name, sizeof(d->name)) != NVML_SUCCESS)
		d->name[0] = '\0';
	d->name[sizeof(d->name) - 1] = '\0';
	q->n++;
}

/* A machine without GPUs, or without the library, is a machine on which they do nothing: that is said, and no error. */
static int open_gpu(struct bsample *s, struct bsample_table *t)
{
	struct gpu *q = calloc(1, sizeof(*q));
	unsigned count = 0;

	t->state = q;
	if (!q)
		return -ENOMEM;
	if (!bsample_live(s)) {
		bsample_missing(t, "a dump holds nothing about GPUs");
		return 0;
	}
	if (bsample_nvml_open(&q->nvml, t->why, sizeof(t->why)) < 0)
		return 0;
	if (q->nvml.count(&count) != NVML_SUCCESS || count == 0)
		bsample_missing(t, "the NVIDIA driver has no GPU");
	for (unsigned i = 0; i < count && i < DEVICES_MAX; i++)
		take_device(q, i);
	return 0;
}

static void read_device(const struct nvml *n, const struct device *d, uint64_t *now)
{
	struct nvml_utilization util;
	struct nvml_memory memory;
	unsigned v;

	if (n->utilization && n->utilization(d->handle, &util) == NVML_SUCCESS) {
		now[UTIL] = util.gpu;
		now[UTIL_MEM] = util.memory;
	}
	if (n->memory && n->memory(d->handle, &memory) == NVML_SUCCESS) {
		now[MEM] = memory.used;
		now[MEM_TOTAL] = memory.total;
	}
	if (n->power && n->power(d->handle, &v) == NVML_SUCCESS)
		now[POWER] = v;
	if (n->temperature && n->temperature(d->handle, NVML_TEMPERATURE_GPU, &v) == NVML_SUCCESS)
		now[TEMP] = v;
	for (unsigned clock = NVML_CLOCK_GRAPHICS; n->clock && clock <= NVML_CLOCK_MEM; clock++)
		if (n->clock(d->handle, clock, &v) == NVML_SUCCESS)
			now[FREQ + clock] = v;
}

static struct bsample_row *put_row(struct bsample_table *t, const struct device *d, unsigned gpu, const char *pid)
{
	char key[32], index[16];
	int key_len = snprintf(key, sizeof(key), "%u/%s", gpu, pid), len = snprintf(index, sizeof(index), "%u", gpu);
	struct bsample_row *row = bsample_row(t, key, (size_t)key_len);

	if (!row)
		return NULL;
	bsample_row_dim(row, DIM_GPU, index, (size_t)len);
	bsample_row_dim(row, DIM_NAME, d->name, strlen(d->name));
	bsample_row_dim(row, DIM_PID, pid, strlen(pid));
	row->aside = pid[0];
	return row;
}

/* The latest share of each process that has one. */
static unsigned util_of(const struct nvml_process_util *util, unsigned n, unsigned pid, unsigned *memory)
{
	unsigned long long latest = 0;
	unsigned sm = 0;

	for (unsigned i = 0; i < n; i++) {
		if (util[i].pid != pid || util[i].at_us < latest)
			continue;
		latest = util[i].at_us;
		sm = util[i].sm;
		*memory = util[i].memory;
	}
	return sm;
}

/* Figures since the last tick; the library keeps the newest some seconds. */
static unsigned read_util(const struct nvml *n, struct device *d, struct nvml_process_util *util)
{
	unsigned count = PROCESSES_MAX;

	if (!n->process_util || n->process_util(d->handle, util, &count, d->seen_us) != NVML_SUCCESS || count > PROCESSES_MAX)
		return 0;
	for (unsigned i = 0; i < count; i++)
		if (util[i].at_us > d->seen_us)
			d->seen_us = util[i].at_us;
	return count;
}

static bool is_listed(const struct nvml_process *list, unsigned n, unsigned pid)
{
	while (n > 0 && list[n - 1].pid != pid)
		n--;
	return n > 0;
}

static void read_processes(const struct nvml *n, struct bsample_table *t, struct device *d, unsigned gpu)
{
	struct nvml_process list[PROCESSES_MAX];
	struct nvml_process_util util[PROCESSES_MAX];
	unsigned n_util = read_util(n, d, util), n_list = 0;
	int (*const kinds[])(nvml_device, unsigned *, struct nvml_process *) = { n->compute, n->graphics };

	for (unsigned k = 0; k < 2; k++) {
		unsigned room = PROCESSES_MAX - n_list;

		if (kinds[k] && kinds[k](d->handle, &room, list + n_list) == NVML_SUCCESS && room <= PROCESSES_MAX - n_list)
			n_list += room;
	}
	for (unsigned i = 0; i < n_list; i++) {
		unsigned memory = 0;
		char pid[16];
		struct bsample_row *row;

		/* Who draws and computes is in both lists. */
		if (is_listed(list, i, list[i].pid))
			continue;
		snprintf(pid, sizeof(pid), "%u", list[i].pid);
		row = put_row(t, d, gpu, pid);
		if (!row)
			return;
		row->now[MEM] = list[i].used;
		row->now[UTIL] = util_of(util, n_util, list[i].pid, &memory);
		row->now[UTIL_MEM] = memory;
	}
}

static int read_gpu(struct bsample *s, struct bsample_table *t)
{
	struct gpu *q = t->state;

	for (unsigned i = 0; i < q->n; i++) {
		struct bsample_row *row;

		t->read_ns = bsample_now(s);
		row = put_row(t, &q->devices[i], i, "");
		if (row)
			read_device(&q->nvml, &q->devices[i], row->now);
		read_processes(&q->nvml, t, &q->devices[i], i);
	}
	return 0;
}

static void close_gpu(struct bsample_table *t)
{
	struct gpu *q = t->state;

	if (q)
		bsample_nvml_close(&q->nvml);
	free(q);
}

const struct bsample_group bsample_gpu = {
	.name = "gpu", .help = "NVIDIA's GPUs and the processes on them", .fields = fields, .list = true,
	.dims = { [DIM_GPU] = { "gpu", true }, [DIM_NAME] = { "name", false }, [DIM_PID] = { "pid", true } },
	.open = open_gpu, .read = read_gpu, .close = close_gpu,
};
