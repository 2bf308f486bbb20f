/* SPDX-License-Identifier: ISC
 *
 * cpu - where the time of the CPUs went, and what they did: /proc/stat.
 */
#include <errno.h>
#include <string.h>

#include "groups.h"

/* From USER on in the order of the columns of /proc/stat; then its lines of single numbers. */
enum { USED, USER, NICE, SYS, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, SWITCHES, FORKS, RUNNABLE, BLOCKED };

#define STATE(name, head, say) \
	{ .metric = "cpu", .unit = "ratio", .dim = "state", .is = name, .how = BSAMPLE_SHARE, .scale = 1e9 / 100, \
	  .quantum = BSAMPLE_USER_HZ, .column = head, .help = say }

static const struct bsample_field fields[] = {
	[USED] = { .metric = "cpu", .unit = "ratio", .how = BSAMPLE_DERIVED, .quantum = BSAMPLE_USER_HZ, .column = "cpu",
		   .help = "CPUs in use: user, nice, sys, irq and softirq; 1 is one CPU" },
	[USER] = STATE("user", "usr", "CPUs in user mode, of all processes"),
	[NICE] = STATE("nice", NULL, "the same, of niced processes"),
	[SYS] = STATE("sys", "sys", "in the kernel"),
	[IDLE] = STATE("idle", NULL, "idle"),
	[IOWAIT] = STATE("iowait", NULL, "idle while a task that was on this CPU waits for storage"),
	[IRQ] = STATE("irq", NULL, "in interrupts"),
	[SOFTIRQ] = STATE("softirq", NULL, "in soft interrupts"),
	[STEAL] = STATE("steal", "stl", "taken by the hypervisor"),
	[GUEST] = STATE("guest", NULL, "running guests; part of user"),
	[GUEST_NICE] = STATE("guest_nice", NULL, "running niced guests; part of nice"),
	[SWITCHES] = { .metric = "switches", .unit = "op/s", .how = BSAMPLE_RATE, .scale = 1, .help = "context switches" },
	[FORKS] = { .metric = "forks", .unit = "op/s", .how = BSAMPLE_RATE, .scale = 1, .help = "processes and threads started" },
	[RUNNABLE] = { .metric = "tasks", .unit = "count", .dim = "state", .is = "runnable", .how = BSAMPLE_GAUGE, .scale = 1,
		       .column = "run", .help = "tasks that run or want to" },
	[BLOCKED] = { .metric = "tasks", .unit = "count", .dim = "state", .is = "blocked", .how = BSAMPLE_GAUGE, .scale = 1,
		      .help = "tasks that wait for storage" },
	{ .metric = NULL },
};

static int open_stat(struct bsample *s, struct bsample_table *t)
{
	return bsample_open_file(s, t, "/proc/stat");
}

/* "cpu  1 2 3" or "cpu12 1 2 3": old kernels have fewer columns. */
static void take_cpu(struct bsample_table *t, const char *line, size_t name_len)
{
	struct bsample_row *row = bsample_row(t, line, name_len);
	const char *p = line + name_len;

	if (!row)
		return;
	row->aside = name_len > 3;
	if (name_len > 3)
		bsample_row_dim(row, 0, line + 3, name_len - 3);
	for (unsigned i = USER; i <= GUEST_NICE && bsample_u64(&p, &row->now[i]); i++)
		;
}

static void take_number(struct bsample_row *all, const char *line)
{
	static const struct { const char *name; unsigned field; } names[] = {
		{ "ctxt ", SWITCHES }, { "processes ", FORKS }, { "procs_running ", RUNNABLE }, { "procs_blocked ", BLOCKED },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *p = line + strlen(names[i].name);

		if (strncmp(line, names[i].name, strlen(names[i].name)) == 0)
			bsample_u64(&p, &all->now[names[i].field]);
	}
}

static int read_stat(struct bsample *s, struct bsample_table *t)
{
	const char *line = bsample_text(s, t, t->state);

	if (!line || strncmp(line, "cpu ", 4) != 0)
		return line ? -EINVAL : -errno;
	take_cpu(t, line, 3);
	for (; line; line = bsample_line(line)) {
		size_t len = strcspn(line, " \n");

		if (len > 3 && strncmp(line, "cpu", 3) == 0 && s->by_cpu)
			take_cpu(t, line, len);
		else if (t->n > 0)
			take_number(t->rows[0], line);
	}
	return 0;
}

/* Guests are in user and nice already. */
static void derive(const struct bsample_table *t, struct bsample_row *row)
{
	static const unsigned parts[] = { USER, NICE, SYS, IRQ, SOFTIRQ };
	double used = 0;

	(void)t;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!isnan(row->value[parts[i]]))
			used += row->value[parts[i]];
	row->value[USED] = isnan(row->value[USER]) ? NAN : used;
}

const struct bsample_group bsample_cpu = {
	.name = "cpu", .help = "time of the CPUs, switches, tasks", .usual = true, .fields = fields, .dims = { { "cpu", true } },
	.open = open_stat, .read = read_stat, .derive = derive, .close = bsample_close_file,
};
