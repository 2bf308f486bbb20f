/* SPDX-License-Identifier: ISC
 *
 * bmem - how fast is memory: bandwidth, latency by level, loaded latency, core to core.
 */
#include <string.h>

#include "bmem.h"
#include "err.h"
#include "table.h"

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ 'E', "engine", "ISA", "vectors: best, portable, or one that -L shows (default best)" },
	{ 's', "size", "SIZES", "of an array of all workers, or of what one worker uses, one run for each; 4k-1M: all doublings" },
	{ OPT_LOAD, "load", "LIST", "loaded: percent of what the other CPUs can read (default 0,10,25,50,75,100)" },
	{ OPT_MEMPOLICY, "mempolicy", "POLICY", "with --nodes: bind, preferred or interleave (default bind); local without" },
	{ OPT_NODES, "nodes", "LIST", "NUMA nodes to have the memory on (default: that of each worker)" },
	{ OPT_NT, "nt", NULL, "copy, scale, add, triad: stores that pass the caches by" },
	{ OPT_PAGES, "pages", "LIST", "kinds of pages, one run for each: 4k, thp, 2m, 1g" },
	{ OPT_STRIDE, "stride", "SIZES", "latency, stride, tlb: bytes from one load to the next, one run for each" },
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bmem",
	.synopsis = "[options] [TEST ...]",
	.purpose = "Measures how fast memory is: bandwidth, latency by level, loaded latency, core to core.",
	.options = options,
	.examples = "  bmem triad latency | bagg -k test,level,metric -m bw,lat\n"
		    "  bmem -s 4k-64M --pages 4k,thp latency | jq -r 'select(.metric == \"lat\") | [.pages, .size, .level, .value] | @tsv'\n"
		    "  bmem loaded c2c\n",
};

static _Noreturn void list_tests(void)
{
	struct bt_buf text = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 4);
	bt_table_texts(&t, (const char *[]){ "test", "kernel", "what it is", "one operation" });
	for (size_t i = 0; i < BMEM_TESTS; i++) {
		bt_table_texts(&t, (const char *[]){ bmem_tests[i]->name, bmem_tests[i]->kernel, bmem_tests[i]->help,
						     bmem_tests[i]->operation });
	}
	bt_table_text(&t, &text);
	bt_buf_str(&text, "vectors:");
	for (size_t i = 0; bmem_isas[i]; i++)
		bt_buf_printf(&text, bmem_isas[i]->usable() ? " %s" : " (%s)", bmem_isas[i]->name);
	bt_buf_char(&text, '\n');
	bt_show(&text);
}

static void parse(struct bmem *b, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		switch (key) {
		case 'h':
			bt_show_help(&tool);
		case 'V':
			bt_show_version(&tool);
		default:
			if (!bmem_option(b, &o, key) && !bt_load_option(&b->tool.load, &o, key))
				bt_out_option(&b->tool.out_opts, &o, key);
		}
	if (key < 0)
		bt_die_usage(o.error);
	if (b->tool.load.list)
		list_tests();
	b->tool.src.root = b->tool.load.root;
	bmem_settle(b);
	bmem_jobs_make(b, argv + o.first, argc - o.first);
}

int main(int argc, char **argv)
{
	static struct bmem b = {
		.tool = { .resource = "cpu", .resource_is = "the CPUs", .also = "mem", .operations = "batches", .metrics = bmem_metrics,
			  .meta = bmem_meta, .adapt = bmem_job_opts, .before = bmem_before, .describe = bmem_describe,
			  .measures = bmem_measures, .load = BT_LOAD_OPTS_INIT },
		.isa_name = "best",
	};

	b.tool.name = tool.name;
	b.tool.argc = argc;
	b.tool.argv = bt_opts_words(argc, argv);
	bt_err_init(tool.name);
	bmem_pages_know(&b);
	parse(&b, argc, argv);
	return bt_loadtool_main(&b.tool);
}
