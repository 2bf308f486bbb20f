/* SPDX-License-Identifier: ISC
 *
 * bsample - what is the machine doing right now, cheaply and punctually.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "groups.h"
#include "traceopt.h"

/* Options that only bsample has. */
enum { OPT_ALIGN = BT_OPT_TOOL, OPT_DEPTH, OPT_DEV, OPT_WIDE, OPT_LAST };

static const struct bt_opt options[] = {
	{ 'd', "duration", "TIME", "sample for so long (default: until interrupted)" },
	{ 'i', "interval", "TIME", "time between two ticks, 1ms to 1d (default 1s)" },
	{ 'k', "keys", "LIST", "split by these: cpu, node" },
	{ 'L', "list", NULL, "list the groups and their figures" },
	{ 'm', "metrics", "LIST", "emit only these metrics" },
	{ 'n', "count", "N", "end after N ticks" },
	{ 'N', "dry-run", NULL, "check everything, emit meta and end, sample nothing" },
	{ OPT_ALIGN, "align", NULL, "tick at whole multiples of the interval since 1970" },
	{ BT_OPT_CGROUP, "cgroup", "DIR", "cgroup: this control group; may be repeated (default: the first level)" },
	{ OPT_DEPTH, "depth", "N", "cgroup: and those so many levels below" },
	{ OPT_DEV, "dev", "GLOB", "disk, net: devices of this name only, !GLOB: not those; may be repeated" },
	{ BT_OPT_ROOT, "root", "DIR", "read a dump of /proc and /sys below DIR; again for the next tick" },
	{ OPT_WIDE, "wide", NULL, "with -f tsv: one row for each tick" },
	BSAMPLE_OPTS_PROC,
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bsample",
	.synopsis = "[options] [GROUP ...] [-- COMMAND ...]",
	.purpose = "Samples what the machine is doing: CPUs, memory, disks, network, pressure.",
	.options = options,
	.examples = "  bsample -f text\n"
		    "  bsample -i 100ms -d 10s cpu | bagg -k state -m cpu\n"
		    "  bsample -i 100ms -p 4711 -f tsv | awk -F'\\t' '$9 == \"cpu\" && $11 > 0.5'\n"
		    "  bsample mark phase2 step=1\n",
};

static void take_root(struct bsample *s, struct bt_opts *o)
{
	if (s->n_roots == BSAMPLE_ROOTS)
		bt_opts_fail(o, "at most %d dumps", BSAMPLE_ROOTS);
	else
		bt_opts_dir(o, &s->roots[s->n_roots++]);
}

static void take_keys(struct bsample *s, struct bt_opts *o)
{
	static const char *const known[] = { "cpu", "node", NULL };
	uint32_t bits = 0;
	char bad[32];

	if (bt_trace_keys(o->arg, known, &bits, bad) < 0)
		bt_opts_fail(o, "'%s' is none of cpu and node", bad);
	s->by_cpu = bits & 1;
	s->by_node = bits & 2;
}

static void take_dev(struct bsample *s, struct bt_opts *o)
{
	bool deny = o->arg[0] == '!';

	if (s->n_globs == BSAMPLE_NAMES)
		bt_opts_fail(o, "at most %d patterns", BSAMPLE_NAMES);
	else if (!o->arg[deny])
		bt_opts_fail(o, "an empty pattern matches nothing");
	else {
		s->globs_deny[s->n_globs] = deny;
		s->globs[s->n_globs++] = o->arg + deny;
	}
}

static void take_cgroup(struct bsample *s, struct bt_opts *o)
{
	if (s->n_cgroups == BSAMPLE_NAMES)
		bt_opts_fail(o, "at most %d control groups", BSAMPLE_NAMES);
	else if (!o->arg[0] || strstr(o->arg, ".."))
		bt_opts_fail(o, "'%.60s' is no directory of control groups", o->arg);
	else
		s->cgroups[s->n_cgroups++] = o->arg;
}

static void parse(struct bsample *s, int argc, char **argv, struct bt_opts *o)
{
	const char *conflict;
	int key;

	bt_opts_init(o, options, argc, argv);
	while ((key = bt_opts_next(o)) > 0)
		switch (key) {
		case OPT_ALIGN: s->align = true; break;
		case OPT_DEPTH: bt_opts_u64(o, 0, 64, &s->depth); s->depth_set = true; break;
		case OPT_DEV: take_dev(s, o); break;
		case OPT_WIDE: s->wide = true; break;
		case BT_OPT_CGROUP: take_cgroup(s, o); break;
		case 'k': take_keys(s, o); break;
		case BT_OPT_ROOT: take_root(s, o); break;
		case 'h':
			bt_show_help(&tool);
		case 'V':
			bt_show_version(&tool);
		default:
			if (!proc_option(&s->proc, o, key) && !bt_load_option(&s->load, o, key))
				bt_out_option(&s->out_opts, o, key);
		}
	if (key < 0)
		bt_die_usage(o->error);
	s->command = o->command;
	conflict = proc_conflict(&s->proc, s->command);
	if (conflict)
		bt_die_usage(conflict);
	if (s->command && !s->command[0])
		bt_die_usage("no COMMAND behind --");
	if (s->n_roots && s->command)
		bt_die_usage("--root shows what was; a COMMAND runs now");
	if (s->wide && s->out_opts.format == BT_FORMAT_AUTO)
		s->out_opts.format = BT_FORMAT_TSV;
	if (s->wide && s->out_opts.format != BT_FORMAT_TSV)
		bt_die_usage("--wide is a shape of -f tsv");
}

/* The groups named, each once, in the order of bsample_groups. */
static void take_groups(struct bsample *s, char **names, int count)
{
	bool wanted[32] = { false };

	for (int i = 0; i < count; i++) {
		unsigned g = 0;

		while (g < bsample_group_count && strcmp(names[i], bsample_groups[g]->name) != 0)
			g++;
		if (g == bsample_group_count)
			bt_die(BT_EXIT_USAGE, "%s: no such group; bsample -L lists them", names[i]);
		wanted[g] = true;
	}
	/* Who names processes wants to see these. */
	for (unsigned g = 0; count == 0 && g < bsample_group_count; g++)
		wanted[g] = s->proc.given || s->command ? bsample_groups[g] == &bsample_proc : bsample_groups[g]->usual;
	s->tables = calloc(bsample_group_count, sizeof(*s->tables));
	if (!s->tables)
		bt_die(BT_EXIT_TROUBLE, "no memory");
	for (unsigned g = 0; g < bsample_group_count; g++)
		if (wanted[g])
			bsample_table_init(&s->tables[s->n_tables++], bsample_groups[g]);
}

int main(int argc, char **argv)
{
	static struct bsample s = { .load = { .interval_ns = 1000000000 }, .control = BT_CONTROL_INIT, .child = BT_CHILD_INIT,
				    .marks = { .socket = BT_MARKS_INIT, .empty = true } };
	struct bt_opts o;

	bt_err_init(tool.name);
	s.argc = argc;
	s.argv = bt_opts_words(argc, argv);
	parse(&s, argc, argv, &o);
	if (o.first < o.last && strcmp(argv[o.first], "mark") == 0)
		return bsample_mark_main(argv + o.first + 1, o.last - o.first - 1);
	if (s.load.list)
		bsample_list();
	bsample_check_metrics(&s);
	take_groups(&s, argv + o.first, o.last - o.first);
	return bsample_run(&s);
}
