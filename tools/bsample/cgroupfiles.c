/* SPDX-License-Identifier: ISC
 *
 * cgroupfiles - the figures of a control group, and what its files say about them (Documentation/admin-guide/cgroup-v2.rst and
 * cgroup-v1/).
 */
#include <string.h>

#include "cgroupfiles.h"
#include "groups.h"

enum {
	CPU, USER, SYS, THROTTLED, THROTTLES, MEM, SWAP, OOM, READ_BYTES, WRITE_BYTES, READS, WRITES, TASKS,
	CPU_SOME, CPU_FULL, MEM_SOME, MEM_FULL, IO_SOME, IO_FULL
};

#define STALL(name, which, say) \
	{ .metric = "stall", .unit = "ratio", .dim = "res", .is = name, .dim2 = "how", .is2 = which, .how = BSAMPLE_SHARE, .scale = 1000, \
	  .better = BT_BETTER_LOWER, .help = say }
#define IO(name, op_unit, which, head, say) \
	{ .metric = name, .unit = op_unit, .dim = "op", .is = which, .how = BSAMPLE_RATE, .scale = 1, .column = head, .help = say }

const struct bsample_field cgroup_fields[] = {
	[CPU] = { .metric = "cpu", .unit = "ratio", .how = BSAMPLE_SHARE, .scale = 1, .quantum = BSAMPLE_TICK, .column = "cpu",
		  .help = "CPUs used, those of groups below included, like all that follows" },
	[USER] = { .metric = "cpu", .unit = "ratio", .dim = "state", .is = "user", .how = BSAMPLE_SHARE, .scale = 1,
		   .quantum = BSAMPLE_USER_HZ,
		   .help = "in user mode" },
	[SYS] = { .metric = "cpu", .unit = "ratio", .dim = "state", .is = "sys", .how = BSAMPLE_SHARE, .scale = 1,
		  .quantum = BSAMPLE_USER_HZ,
		  .help = "in the kernel" },
	[THROTTLED] = { .metric = "throttled", .unit = "ratio", .how = BSAMPLE_SHARE, .scale = 1,
			.better = BT_BETTER_LOWER, .column = "thr",
			.help = "time that the quota stopped it, of all its CPUs together" },
	[THROTTLES] = { .metric = "throttles", .unit = "op/s", .how = BSAMPLE_RATE, .scale = 1, .better = BT_BETTER_LOWER,
			.help = "periods in which it did" },
	[MEM] = { .metric = "mem", .unit = "B", .how = BSAMPLE_GAUGE, .scale = 1, .column = "mem",
		  .help = "memory charged to it, caches included" },
	[SWAP] = { .metric = "mem", .unit = "B", .dim = "state", .is = "swap", .how = BSAMPLE_GAUGE, .scale = 1,
		   .help = "swap space (version 2)" },
	[OOM] = { .metric = "oom_kills", .unit = "op/s", .how = BSAMPLE_RATE, .scale = 1, .better = BT_BETTER_LOWER,
		  .help = "processes killed for want of memory" },
	[READ_BYTES] = IO("bw", "B/s", "read", "rd/s", "bytes read from and written to block devices"),
	[WRITE_BYTES] = IO("bw", "B/s", "write", "wr/s", NULL),
	[READS] = IO("iops", "op/s", "read", NULL, "requests to block devices"),
	[WRITES] = IO("iops", "op/s", "write", NULL, NULL),
	[TASKS] = { .metric = "tasks", .unit = "count", .how = BSAMPLE_GAUGE, .scale = 1, .column = "tasks", .help = "threads in it" },
	[CPU_SOME] = STALL("cpu", "some", "time in which some task of it waited for a CPU (version 2)"),
	[CPU_FULL] = STALL("cpu", "full", "and no other one ran"),
	[MEM_SOME] = STALL("memory", "some", "the same for memory"),
	[MEM_FULL] = STALL("memory", "full", NULL),
	[IO_SOME] = STALL("io", "some", "the same for I/O"),
	[IO_FULL] = STALL("io", "full", NULL),
	{ .metric = NULL },
};

/* A line "name N": its number times scale. */
static void take_line(const char *text, const char *name, uint64_t scale, uint64_t *out)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = bsample_line(line)) {
		const char *p = line + len;

		if (strncmp(line, name, len) != 0 || *p != ' ' || !bsample_u64(&p, out))
			continue;
		if (*out != BSAMPLE_NONE)
			*out *= scale;
		return;
	}
}

static void take_cpu_stat(const char *text, uint64_t *now)
{
	take_line(text, "usage_usec", 1000, &now[CPU]);
	take_line(text, "user_usec", 1000, &now[USER]);
	take_line(text, "system_usec", 1000, &now[SYS]);
	take_line(text, "throttled_usec", 1000, &now[THROTTLED]);
	take_line(text, "nr_throttled", 1, &now[THROTTLES]);
}

static void take_cpu_stat_v1(const char *text, uint64_t *now)
{
	take_line(text, "throttled_time", 1, &now[THROTTLED]);
	take_line(text, "nr_throttled", 1, &now[THROTTLES]);
}

/* In the unit of /proc/stat. */
static void take_cpuacct_stat(const char *text, uint64_t *now)
{
	take_line(text, "user", 10000000, &now[USER]);
	take_line(text, "system", 10000000, &now[SYS]);
}

static void take_cpuacct_usage(const char *text, uint64_t *now)
{
	bsample_u64(&text, &now[CPU]);
}

static void take_mem(const char *text, uint64_t *now)
{
	bsample_u64(&text, &now[MEM]);
}

static void take_swap(const char *text, uint64_t *now)
{
	bsample_u64(&text, &now[SWAP]);
}

static void take_oom(const char *text, uint64_t *now)
{
	take_line(text, "oom_kill", 1, &now[OOM]);
}

static void take_tasks(const char *text, uint64_t *now)
{
	bsample_u64(&text, &now[TASKS]);
}

static void add_to(uint64_t *sum, const char *number)
{
	uint64_t v;

	if (bsample_u64(&number, &v))
		*sum = *sum == BSAMPLE_NONE ? v : *sum + v;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" for each device. A group that did nothing has no line. */
static void take_io(const char *text, uint64_t *now)
{
	static const struct { const char *name; unsigned field; } words[] = {
		{ " rbytes=", READ_BYTES }, { " wbytes=", WRITE_BYTES }, { " rios=", READS }, { " wios=", WRITES },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		now[words[i].field] = 0;
		for (const char *p = text; (p = strstr(p, words[i].name)); ) {
			p += strlen(words[i].name);
			add_to(&now[words[i].field], p);
		}
	}
}

/* "8:0 Read 1", and a sum of each device and of all, which are not called Read or Write. */
static void take_blkio(const char *text, uint64_t *reads, uint64_t *writes)
{
	*reads = *writes = 0;
	for (const char *line = text; line; line = bsample_line(line)) {
		const char *op = line + strcspn(line, " \n");

		if (strncmp(op, " Read ", 6) == 0)
			add_to(reads, op + 6);
		if (strncmp(op, " Write ", 7) == 0)
			add_to(writes, op + 7);
	}
}

static void take_blkio_bytes(const char *text, uint64_t *now)
{
	take_blkio(text, &now[READ_BYTES], &now[WRITE_BYTES]);
}

static void take_blkio_ops(const char *text, uint64_t *now)
{
	take_blkio(text, &now[READS], &now[WRITES]);
}

static void take_stall(const char *text, uint64_t *now, unsigned some, unsigned full)
{
	now[some] = bsample_psi_total(text, "some");
	now[full] = bsample_psi_total(text, "full");
}

static void take_cpu_stall(const char *text, uint64_t *now)
{
	take_stall(text, now, CPU_SOME, CPU_FULL);
}

static void take_mem_stall(const char *text, uint64_t *now)
{
	take_stall(text, now, MEM_SOME, MEM_FULL);
}

static void take_io_stall(const char *text, uint64_t *now)
{
	take_stall(text, now, IO_SOME, IO_FULL);
}

const char *const cgroup_controllers[CGROUP_TREES] = { "", "cpu", "cpuacct", "memory", "blkio", "pids" };

const struct cgroup_file cgroup_files[CGROUP_FILES] = {
	{ CGROUP_V2, "cpu.stat", take_cpu_stat }, { CGROUP_V2, "memory.current", take_mem },
	{ CGROUP_V2, "memory.swap.current", take_swap }, { CGROUP_V2, "memory.events", take_oom },
	{ CGROUP_V2, "io.stat", take_io }, { CGROUP_V2, "pids.current", take_tasks },
	{ CGROUP_V2, "cpu.pressure", take_cpu_stall }, { CGROUP_V2, "memory.pressure", take_mem_stall },
	{ CGROUP_V2, "io.pressure", take_io_stall }, { CGROUP_CPU, "cpu.stat", take_cpu_stat_v1 },
	{ CGROUP_CPUACCT, "cpuacct.usage", take_cpuacct_usage }, { CGROUP_CPUACCT, "cpuacct.stat", take_cpuacct_stat },
	{ CGROUP_MEMORY, "memory.usage_in_bytes", take_mem }, { CGROUP_MEMORY, "memory.oom_control", take_oom },
	{ CGROUP_BLKIO, "blkio.throttle.io_service_bytes", take_blkio_bytes },
	{ CGROUP_BLKIO, "blkio.throttle.io_serviced", take_blkio_ops }, { CGROUP_PIDS, "pids.current", take_tasks },
};
