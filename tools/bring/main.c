/* SPDX-License-Identifier: ISC
 *
 * bring - what can io_uring and MSG_RING do, next to every older way of passing work between CPUs.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "err.h"
#include "num.h"
#include "shards.h"
#include "table.h"

#define QUICK_NS 50000000u /* duration of each run when all tests run and nobody asked for another */
#define QUICK_WARMUP_NS 10000000u

/* Options that only bring has. */
enum {
	OPT_BATCH = BT_OPT_TOOL, OPT_BRANCHES, OPT_CACHE, OPT_CQ_SIZE, OPT_DIR, OPT_LOAD, OPT_MATRIX, OPT_MESSAGES, OPT_PLACE,
	OPT_QUEUE_SIZE, OPT_RING_SIZE, OPT_SETUP, OPT_SHARDS, OPT_SPIN, OPT_WORK
};

static const struct bt_opt options[] = {
	BT_OPTS_LOAD,
	{ 'b', "block-size", "SIZE", "bytes of a block of disk (default 4k), of a message of echo (default 256)" },
	{ 'E', "engine", "LIST", "how messages travel, see -L (default: all that the test has)" },
	{ 'Q', "queue-depth", "LIST", "disk: reads under way, 1 to 1024 (default 1,32)" },
	{ 's', "size", "SIZE", "disk: bytes of the file (default 16M)" },
	{ OPT_BATCH, "batch", "LIST", "nop, oneway: messages sent at once, numbers or all (default 1,64,all)" },
	{ OPT_BRANCHES, "branches", "N", "fanout: branches of a request, 1 to 256 (default 16)" },
	{ OPT_CACHE, "cache", "HOW", "disk: reads from the page cache (cached), the disk (direct) or both (default both)" },
	{ OPT_CQ_SIZE, "cq-size", "N", "entries of completion queues, 1 to 65536 (default: twice the ring)" },
	{ OPT_DIR, "dir", "DIR", "disk: make the file in DIR (default .)" },
	{ OPT_LOAD, "load", "HOW", "fanout: balanced branches, skewed ones or both (default both)" },
	{ OPT_MATRIX, "matrix", NULL, "every pair of CPUs" },
	{ OPT_MESSAGES, "messages", "N", "oneway: messages of one operation, 1 to 65536 (default 2048)" },
	{ OPT_PLACE, "place", "HOW", "fanout by shards: pinned, roundrobin, sticky, stealable or preferred (default stealable)" },
	{ OPT_QUEUE_SIZE, "queue-size", "N", "messages that a queue between shards holds, 1 to 65536 (default: enough)" },
	{ OPT_RING_SIZE, "ring-size", "N", "entries of rings, 1 to 32768 (default 256; nop: the batch)" },
	{ OPT_SETUP, "setup", "FLAGS", "flags of rings: sqpoll, single, coop, defer, cqeskip, none; each --setup is one more run" },
	{ OPT_SHARDS, "shards", "N", "fanout: threads that share the work, 1 to 64 (default 2)" },
	{ OPT_SPIN, "spin", "LIST", "receivers spin before they sleep: 0, a time, adaptive, always (default 0,adaptive,always)" },
	{ OPT_WORK, "work", "N", "fanout: steps of a branch, 1 to 1000000 (default 2000)" },
	BT_OPTS_OUT,
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bring",
	.synopsis = "[options] [TEST ...]",
	.purpose = "Measures io_uring and MSG_RING next to every older way of passing work between CPUs.",
	.options = options,
	.examples = "  bring pingpong | bagg -m rtt -k engine,spin,distance\n"
		    "  bring --matrix --spin always -E msgring,queue,spsc -m rtt pingpong\n"
		    "  bring --setup none --setup single,defer --setup sqpoll --batch 1,64 nop\n"
		    "  bring -E plain,pipe,doorbell -Q 1,32 --cache cached disk -m lat,cpu\n",
};

static _Noreturn void list_tests(void)
{
	struct bt_buf text = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 4);
	bt_table_texts(&t, (const char *[]){ "test", "kernel", "what it is", "one operation" });
	for (size_t i = 0; i < BRING_TESTS; i++) {
		bt_table_texts(&t, (const char *[]){ bring_tests[i]->name, bring_tests[i]->kernel, bring_tests[i]->help,
						     bring_tests[i]->operation });
	}
	for (size_t i = 0; i < BRING_ENGINES; i++) {
		bt_table_texts(&t, (const char *[]){ bring_engines[i]->name, "engine", bring_engines[i]->help, "-" });
	}
	bt_table_text(&t, &text);
	bt_show(&text);
}

/* Splits the list at commas and gives each word to take, with its place; no more than BRING_LIST_MAX. */
static size_t take_list(struct bring *b, struct bt_opts *o, bool (*take)(struct bring *b, size_t i, const char *word))
{
	char word[32];
	size_t n = 0;

	for (const char *p = o->arg;; p++) {
		size_t len = strcspn(p, ",");

		if (len >= sizeof(word) || n == BRING_LIST_MAX) {
			bt_opts_fail(o, "%s: up to %d short words are accepted", o->arg, BRING_LIST_MAX);
			return 0;
		}
		memcpy(word, p, len);
		word[len] = '\0';
		if (!take(b, n++, word)) {
			bt_opts_fail(o, "'%s': %s", word, o->row->help);
			return 0;
		}
		p += len;
		if (*p == '\0')
			return n;
	}
}

static bool take_spin(struct bring *b, size_t i, const char *word)
{
	struct bring_spin *s = &b->spins[i];

	*s = (struct bring_spin){ .ns = 0 };
	if (!strcmp(word, "adaptive"))
		s->adaptive = true;
	else if (!strcmp(word, "always"))
		s->ns = BRING_ALWAYS;
	else if (strcmp(word, "sleep") != 0 && bt_num_time(word, 0, 1000000000, &s->ns) < 0)
		return false;
	bt_src_copy(s->text, sizeof(s->text), s->ns == 0 && !s->adaptive ? "sleep" : word);
	return true;
}

static bool take_number(uint32_t *out, const char *word, uint64_t most)
{
	uint64_t value = 0;

	if (bt_num_u64(word, 1, most, &value) < 0)
		return false;
	*out = (uint32_t)value;
	return true;
}

static bool take_batch(struct bring *b, size_t i, const char *word)
{
	b->batches[i] = BRING_ALL;
	return !strcmp(word, "all") || take_number(&b->batches[i], word, BRING_MESSAGES_MAX);
}

static bool take_depth(struct bring *b, size_t i, const char *word)
{
	return take_number(&b->depths[i], word, BRING_DEPTH_MAX);
}

static bool take_engine(struct bring *b, size_t i, const char *word)
{
	for (size_t k = 0; k < BRING_ENGINES; k++)
		if (!strcmp(bring_engines[k]->name, word)) {
			b->engines[i] = bring_engines[k];
			return true;
		}
	return false;
}

static void take_setup(struct bring *b, struct bt_opts *o)
{
	if (b->n_setups == BRING_LIST_MAX)
		bt_opts_fail(o, "up to %d runs are accepted", BRING_LIST_MAX);
	else if (bring_setup_take(o->arg, &b->setups[b->n_setups++]) < 0)
		bt_opts_fail(o, "'%s': a list of %s is accepted", o->arg, bring_setup_names);
}

/* The choice after the two single ones is both. */
static void take_both(struct bt_opts *o, const char *const *names, unsigned *bits)
{
	int choice = 0;

	bt_opts_choice(o, names, &choice);
	*bits = choice == 2 ? 3u : 1u << choice;
}

/* Returns whether the option was one of ours. */
static bool own_option(struct bring *b, struct bt_opts *o, int key)
{
	static const char *const caches[] = { "cached", "direct", "both", NULL };
	static const char *const loads[] = { "balanced", "skewed", "both", NULL };

	switch (key) {
	case 'b': bt_opts_size(o, 1, 1u << 20, &b->bytes); break;
	case 'E': b->n_engines = take_list(b, o, take_engine); break;
	case 'Q': b->n_depths = take_list(b, o, take_depth); break;
	case 's': bt_opts_size(o, 4096, 1ull << 40, &b->file_bytes); break;
	case OPT_BATCH: b->n_batches = take_list(b, o, take_batch); break;
	case OPT_BRANCHES: bt_opts_u64(o, 1, BRING_BRANCHES_MAX, &b->branches); break;
	case OPT_CACHE: take_both(o, caches, &b->caches); break;
	case OPT_CQ_SIZE: bt_opts_u64(o, 1, 65536, &b->cq_entries); break;
	case OPT_DIR: bt_opts_dir(o, &b->dir); break;
	case OPT_LOAD: take_both(o, loads, &b->loads); break;
	case OPT_MATRIX: b->matrix = true; break;
	case OPT_MESSAGES: bt_opts_u64(o, 1, BRING_MESSAGES_MAX, &b->messages); break;
	case OPT_PLACE: bt_opts_choice(o, bring_places, &b->place); break;
	case OPT_QUEUE_SIZE: bt_opts_u64(o, 1, 65536, &b->queue_slots); break;
	case OPT_RING_SIZE: bt_opts_u64(o, 1, 32768, &b->ring_entries); break;
	case OPT_SETUP: take_setup(b, o); break;
	case OPT_SHARDS: bt_opts_u64(o, 1, BRING_SHARDS_MAX, &b->shards); break;
	case OPT_SPIN: b->n_spins = take_list(b, o, take_spin); break;
	case OPT_WORK: bt_opts_u64(o, 1, 1000000, &b->work); break;
	default: return false;
	}
	return true;
}

static void take_option(struct bring *b, struct bt_opts *o, int key)
{
	b->warmup_set |= key == 'w';
	switch (key) {
	case 'h': bt_show_help(&tool);
	case 'V': bt_show_version(&tool);
	default:
		if (!own_option(b, o, key) && !bt_load_option(&b->tool.load, o, key))
			bt_out_option(&b->tool.out_opts, o, key);
	}
}

/* Returns the first operand. */
static int parse(struct bring *b, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		take_option(b, &o, key);
	if (key < 0)
		bt_die_usage(o.error);
	if (b->tool.load.list)
		list_tests();
	return o.first;
}

/* What was not asked for otherwise. */
static void fill_in(struct bring *b, bool quick)
{
	static const struct bring_spin spins[] = {
		{ .text = "sleep" }, { .adaptive = true, .text = "adaptive" }, { .ns = BRING_ALWAYS, .text = "always" }
	};
	static const uint32_t batches[] = { 1, 64, BRING_ALL }, depths[] = { 1, 32 };

	if (b->n_spins == 0) {
		memcpy(b->spins, spins, sizeof(spins));
		b->n_spins = 3;
	}
	if (b->n_batches == 0) {
		memcpy(b->batches, batches, sizeof(batches));
		b->n_batches = 3;
	}
	if (b->n_depths == 0) {
		memcpy(b->depths, depths, sizeof(depths));
		b->n_depths = 2;
	}
	b->block_bytes = b->bytes ? b->bytes : 4096;
	b->message_bytes = b->bytes ? b->bytes : 256;
	if (quick && !b->tool.load.duration_set && b->tool.load.count == 0)
		b->tool.load.duration_ns = QUICK_NS;
	if (quick && !b->warmup_set)
		b->tool.load.warmup_ns = QUICK_WARMUP_NS;
}

static void settle_cpus(struct bring *b)
{
	const struct bt_load_opts *l = &b->tool.load;
	int n = bt_cpus_allowed(b->cpus, BT_CPUS_MAX);

	bt_loadtool_check(&b->tool);
	if (n < 0)
		bt_die(BT_EXIT_TROUBLE, "the CPUs allowed: %s", strerror(-n));
	b->n_cpus = (size_t)n;
	b->pin = l->n_cpus > 0;
	if (b->pin) {
		b->n_cpus = l->n_cpus;
		memcpy(b->cpus, l->cpus, b->n_cpus * sizeof(*b->cpus));
	}
	for (size_t i = 0; i < b->n_cpus; i++) {
		size_t k = 0;

		while (k < i && b->cpus[k] != b->cpus[i])
			k++;
		b->n_distinct += k == i;
	}
}

/* A link takes up to six files for each worker. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void prepare(struct bt_loadtool *t)
{
	struct bring *b = (struct bring *)t;
	int rc = b->file[BRING_CACHED] >= 0 ? bring_disk_fill(b) : 0;

	if (b->lacks_uring)
		bt_out_warn(&t->out, "no-io-uring", bring_uring_reason(b->lacks_uring));
	if (b->lacks_direct)
		bt_out_warn(&t->out, "no-direct-io", "the file system takes no direct I/O, so only cached reads are measured");
	if (rc < 0 && rc != -EINTR) {
		bt_warn("%s: writing the file: %s", b->dir, strerror(-rc));
		t->failed = true;
	}
}

static int before(struct bt_loadtool *t)
{
	struct bring_job *job = (struct bring_job *)t->job->config;

	atomic_store(&job->refused, 0);
	atomic_store(&job->overflows, 0);
	return 0;
}

int main(int argc, char **argv)
{
	static struct bring b = {
		.tool = { .resource = "cpu", .resource_is = "the CPUs", .operations = "operations", .metrics = bring_metrics,
			  .meta = bring_meta, .adapt = bring_job_opts, .prepare = prepare, .before = before, .describe = bring_describe,
			  .measures = bring_measures, .load = BT_LOAD_OPTS_INIT },
		.caches = 3, .loads = 3, .messages = 2048, .branches = 16, .shards = 2, .work = 2000, .file_bytes = 16u << 20, .dir = ".",
		.place = BT_PLACE_STEALABLE, .file = { -1, -1 },
	};
	int first;

	b.tool.name = tool.name;
	b.tool.argc = argc;
	b.tool.argv = bt_opts_words(argc, argv);
	bt_err_init(tool.name);
	first = parse(&b, argc, argv);
	fill_in(&b, first == argc);
	b.tool.src.root = b.tool.load.root;
	settle_cpus(&b);
	bring_jobs_make(&b, argv + first, argc - first);
	raise_file_limit();
	return bt_loadtool_main(&b.tool);
}
