/* SPDX-License-Identifier: ISC
 *
 * bcpu - how fast, how steady and how correct are the CPUs.
 */
#include <string.h>

#include "bcpu.h"
#include "err.h"
#include "table.h"

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ 'E', "engine", "ISA", "instruction set of hash and vec: best, portable, or one that -L shows (default best)" },
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bcpu",
	.synopsis = "[options] [TEST ...]",
	.purpose = "Measures how fast, how steady and how correct the CPUs are.",
	.options = options,
	.examples = "  bcpu int hash | bagg\n"
		    "  bcpu -R 5 -t 1,2 int > cpu.ndjson\n"
		    "  bcpu -d 10s -i 1s jitter | jq -c 'select(.metric == \"gap\") | [.ts, .p99, .max]'\n",
};

/* The ways of a kernel, the best first, those that this CPU lacks in parentheses. */
static void isa_names(struct bt_buf *b, const struct bcpu_kernel *kernel)
{
	for (const struct bcpu_isa *isa = kernel->isas; isa->name; isa++) {
		bool usable = !isa->usable || isa->usable();

		bt_buf_printf(b, usable ? "%s%s" : "%s(%s)", isa == kernel->isas ? "" : " ", isa->name);
		if (!isa->usable)
			break;
	}
}

static _Noreturn void list_tests(void)
{
	struct bt_buf text = BT_BUF_INIT, isas = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 5);
	bt_table_texts(&t, (const char *[]){ "test", "kernel", "isa", "one operation", "what it is" });
	for (size_t i = 0; i < BCPU_TESTS; i++) {
		const struct bcpu_kernel *kernel = bcpu_kernels[i];

		isas.len = 0;
		isa_names(&isas, kernel);
		bt_table_texts(&t, (const char *[]){ kernel->name, kernel->id, bt_buf_cstr(&isas), kernel->work, kernel->help });
	}
	bt_table_text(&t, &text);
	bt_show(&text);
}

static const char *name_of(size_t i)
{
	return bcpu_kernels[i]->name;
}

static void add_job(struct bcpu *b, const struct bcpu_kernel *kernel)
{
	for (size_t i = 0; i < b->tool.n_jobs; i++)
		if (b->jobs[i].kernel == kernel)
			return;
	b->jobs[b->tool.n_jobs++].kernel = kernel;
}

static void choose_tests(struct bcpu *b, char **names, int count)
{
	for (int i = 0; i < count; i++)
		add_job(b, bcpu_kernels[bt_loadtool_find(names[i], BCPU_TESTS, name_of)]);
	for (size_t i = 0; count == 0 && i < BCPU_TESTS; i++)
		add_job(b, bcpu_kernels[i]);
}

static void choose_isas(struct bcpu *b)
{
	struct bt_buf reason = BT_BUF_INIT;
	bool any = !strcmp(b->isa, "best") || !strcmp(b->isa, "portable");

	if (!any && !bcpu_has_isa(b->jobs, b->tool.n_jobs, b->isa)) {
		bt_buf_printf(&reason, "-E, --engine: no test chosen has '%.40s'; bcpu -L shows what there is", b->isa);
		bt_die_usage(bt_buf_cstr(&reason));
	}
	for (size_t i = 0; i < b->tool.n_jobs; i++)
		if (bcpu_choose(&b->jobs[i], b->isa) < 0)
			bt_die(BT_EXIT_UNABLE, "this CPU has no %s; without -E the best that it has is used", b->isa);
}

/* The jobs as the engine takes them. */
static void make_runs(struct bcpu *b)
{
	for (size_t i = 0; i < b->tool.n_jobs; i++) {
		struct bcpu_job *job = &b->jobs[i];

		job->plant = bt_loadtool_plant("BCPU_PLANT", job->kernel->name);
		b->runs[i] = (struct bt_load_job){ .test = job->kernel->name, .kernel = job->kernel->id, .ops = bcpu_ops(job),
						   .config = job, .no_rate = job->kernel == &bcpu_jitter };
	}
}

static void parse(struct bcpu *b, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		switch (key) {
		case 'E':
			b->isa = o.arg;
			break;
		case 'h':
			bt_show_help(&tool);
		case 'V':
			bt_show_version(&tool);
		default:
			if (!bt_load_option(&b->tool.load, &o, key))
				bt_out_option(&b->tool.out_opts, &o, key);
		}
	if (key < 0)
		bt_die_usage(o.error);
	if (b->tool.load.list)
		list_tests();
	choose_tests(b, argv + o.first, argc - o.first);
	choose_isas(b);
	make_runs(b);
	bt_loadtool_check(&b->tool);
}

int main(int argc, char **argv)
{
	static struct bcpu b = {
		.tool = { .resource = "cpu", .resource_is = "the CPUs", .operations = "batches", .metrics = bcpu_metrics,
			  .meta = bcpu_meta, .describe = bcpu_describe, .measures = bcpu_measures, .load = BT_LOAD_OPTS_INIT,
			  .jobs = b.runs },
		.isa = "best",
	};

	b.tool.name = tool.name;
	b.tool.argc = argc;
	b.tool.argv = bt_opts_words(argc, argv);
	bt_err_init(tool.name);
	parse(&b, argc, argv);
	return bt_loadtool_main(&b.tool);
}
