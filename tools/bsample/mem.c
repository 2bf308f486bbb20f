/* SPDX-License-Identifier: ISC
 *
 * mem - what memory is used for, and the traffic of pages: /proc/meminfo and /proc/vmstat, or those of each NUMA node.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "groups.h"

#define NODES_MAX 1024

enum {
	TOTAL, AVAILABLE, FREE, BUFFERS, CACHED, DIRTY, WRITEBACK, ANON, MAPPED, SHMEM, SLAB, TABLES, SWAP_TOTAL, SWAP_FREE,
	FAULTS, MAJOR, SWAP_IN, SWAP_OUT, OOM, USED, SWAP_USED, MINOR
};

#define HELD(name, head, say) \
	{ .metric = "mem", .unit = "B", .dim = "state", .is = name, .how = BSAMPLE_GAUGE, .scale = 1024, .column = head, .help = say }
#define EVENTS(name, kind, what, head, say) \
	{ .metric = name, .unit = "op/s", .dim = kind, .is = what, .how = BSAMPLE_RATE, .scale = 1, .column = head, .help = say }

static const struct bsample_field fields[] = {
	[TOTAL] = HELD("total", NULL, "memory that the kernel has"),
	[AVAILABLE] = HELD("available", NULL, "what programs could still get without swapping, as the kernel estimates it"),
	[FREE] = HELD("free", NULL, "used for nothing"),
	[BUFFERS] = HELD("buffers", NULL, "cache of block devices"),
	[CACHED] = HELD("cached", NULL, "cache of files, shmem included"),
	[DIRTY] = HELD("dirty", NULL, "waiting to be written back"),
	[WRITEBACK] = HELD("writeback", NULL, "being written back"),
	[ANON] = HELD("anon", NULL, "anonymous memory of processes"),
	[MAPPED] = HELD("mapped", NULL, "files mapped into processes"),
	[SHMEM] = HELD("shmem", NULL, "shared memory and tmpfs"),
	[SLAB] = HELD("slab", NULL, "kernel objects"),
	[TABLES] = HELD("page_tables", NULL, "page tables"),
	[SWAP_TOTAL] = HELD("swap_total", NULL, "swap space"),
	[SWAP_FREE] = HELD("swap_free", NULL, "swap space that is free"),
	[FAULTS] = EVENTS("faults", NULL, NULL, NULL, "page faults"),
	[MAJOR] = EVENTS("faults", "how", "major", NULL, "page faults that waited for storage"),
	[SWAP_IN] = { .metric = "swap", .unit = "B/s", .dim = "dir", .is = "in", .how = BSAMPLE_RATE, .scale = 4096,
		      .help = "read from swap" },
	[SWAP_OUT] = { .metric = "swap", .unit = "B/s", .dim = "dir", .is = "out", .how = BSAMPLE_RATE, .scale = 4096,
		       .help = "written to swap" },
	[OOM] = EVENTS("oom_kills", NULL, NULL, NULL, "processes killed for want of memory"),
	[USED] = { .metric = "mem", .unit = "B", .how = BSAMPLE_DERIVED_GAUGE, .column = "mem", .help = "total less available" },
	[SWAP_USED] = { .metric = "mem", .unit = "B", .dim = "state", .is = "swap", .how = BSAMPLE_DERIVED_GAUGE,
			.help = "swap space in use" },
	[MINOR] = { .metric = "faults", .unit = "op/s", .dim = "how", .is = "minor", .how = BSAMPLE_DERIVED, .help = "all others" },
	{ .metric = NULL },
};

struct word {
	const char *name; /* with what ends it */
	unsigned field;
};

static const struct word meminfo[] = {
	{ "MemTotal:", TOTAL }, { "MemFree:", FREE }, { "MemAvailable:", AVAILABLE }, { "Buffers:", BUFFERS }, { "Cached:", CACHED },
	{ "SwapTotal:", SWAP_TOTAL }, { "SwapFree:", SWAP_FREE }, { "Dirty:", DIRTY }, { "Writeback:", WRITEBACK },
	{ "AnonPages:", ANON }, { "Mapped:", MAPPED }, { "Shmem:", SHMEM }, { "Slab:", SLAB }, { "PageTables:", TABLES },
	{ "FilePages:", CACHED }, /* as nodes have it */
	{ NULL, 0 },
};

static const struct word vmstat[] = {
	{ "pswpin ", SWAP_IN }, { "pswpout ", SWAP_OUT }, { "pgfault ", FAULTS }, { "pgmajfault ", MAJOR }, { "oom_kill ", OOM },
	{ NULL, 0 },
};

/* One place: the machine or a node of it. */
struct place {
	struct bt_reread memory, events;
	char node[16]; /* "": the machine */
};

struct mem {
	size_t n;
	uint64_t page_bytes;
	struct place places[];
};

/* Dumps come from machines with other pages: then a page is what makes MemFree of nr_free_pages. */
static uint64_t page_bytes(const struct bsample *s)
{
	char *info, *stat;
	uint64_t bytes = (uint64_t)sysconf(_SC_PAGESIZE), pages, kib;

	if (bsample_live(s))
		return bytes;
	info = bt_src_text(&s->src, 65536, "/proc/meminfo");
	stat = bt_src_text(&s->src, 65536, "/proc/vmstat");
	pages = stat ? bt_src_field_u64(stat, "nr_free_pages") : 0;
	kib = info ? bt_src_field_u64(info, "MemFree") : 0;
	if (pages > 0 && kib > 0)
		for (bytes = 4096; bytes < 65536 && bytes * 3 / 2 < kib * 1024 / pages; bytes *= 2)
			;
	free(info);
	free(stat);
	return bytes;
}

static int open_place(struct bsample *s, struct place *p, int node)
{
	int rc;

	if (node < 0) {
		rc = bt_reread_open(&p->memory, &s->src, "/proc/meminfo");
		/* It costs as much as all the rest. */
		if (bt_load_wants(&s->load, "faults") || bt_load_wants(&s->load, "swap") || bt_load_wants(&s->load, "oom_kills"))
			(void)bt_reread_open(&p->events, &s->src, "/proc/vmstat");
		return rc;
	}
	snprintf(p->node, sizeof(p->node), "%d", node);
	/* A node has no faults or swap of its own. */
	return bt_reread_open(&p->memory, &s->src, "/sys/devices/system/node/node%d/meminfo", node);
}

static int open_mem(struct bsample *s, struct bsample_table *t)
{
	uint32_t nodes[NODES_MAX];
	size_t n = s->by_node ? bt_src_list(&s->src, NODES_MAX - 1, nodes, NODES_MAX, "/sys/devices/system/node/online") : 0;
	struct mem *m = calloc(1, sizeof(*m) + (n + 1) * sizeof(m->places[0]));
	int rc;

	t->state = m;
	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i <= n; i++)
		m->places[i].memory.fd = m->places[i].events.fd = -1;
	m->n = n + 1;
	rc = open_place(s, &m->places[0], -1);
	if (rc < 0)
		bsample_missing(t, "/proc/meminfo: %s", strerror(-rc));
	for (size_t i = 0; i < n && rc == 0; i++)
		(void)open_place(s, &m->places[i + 1], (int)nodes[i]);
	if (s->by_node && n == 0)
		bsample_missing(t, "no NUMA nodes are to be seen");
	m->page_bytes = page_bytes(s);
	return rc;
}

/* Where a word stands behind the character before, or at the start of text. */
static const char *find_word(const char *text, const char *from, const char *word, char before)
{
	const char *p = strstr(from, word);

	while (p && p != text && p[-1] != before)
		p = strstr(p + 1, word);
	return p;
}

/* The numbers behind the words. Most stand in the order of the file, so the search goes on where the last one was found. */
static void take_words(const struct word *words, const char *text, char before, uint64_t *now)
{
	const char *from = text;

	for (const struct word *w = words; w->name; w++) {
		const char *p = find_word(text, from, w->name, before);

		if (!p && from != text)
			p = find_word(text, text, w->name, before);
		if (!p)
			continue;
		p += strlen(w->name);
		bsample_u64(&p, &now[w->field]);
		from = p;
	}
}

static int read_place(struct bsample *s, struct bsample_table *t, struct place *p)
{
	const struct mem *m = t->state;
	const char *text = bsample_text(s, t, &p->memory), *events;
	struct bsample_row *row = text ? bsample_row(t, p->node, strlen(p->node)) : NULL;

	if (!row)
		return -errno;
	bsample_row_dim(row, 0, p->node, strlen(p->node));
	row->aside = p->node[0];
	/* "Node 0 MemTotal: ..." */
	take_words(meminfo, text, p->node[0] ? ' ' : '\n', row->now);
	events = p->events.path ? bsample_text(s, t, &p->events) : NULL;
	if (!events)
		return 0;
	take_words(vmstat, events, '\n', row->now);
	row->read_ns = t->read_ns;
	/* Counted in pages. */
	for (unsigned i = SWAP_IN; i <= SWAP_OUT; i++)
		if (row->now[i] != BSAMPLE_NONE)
			row->now[i] = row->now[i] * (m->page_bytes / 4096);
	return 0;
}

static int read_mem(struct bsample *s, struct bsample_table *t)
{
	struct mem *m = t->state;
	int rc = read_place(s, t, &m->places[0]);

	for (size_t i = 1; i < m->n; i++)
		(void)read_place(s, t, &m->places[i]);
	return rc;
}

/* Kernels before 3.14, and nodes, do not say what is available. */
static void derive(const struct bsample_table *t, struct bsample_row *row)
{
	double *v = row->value;

	(void)t;
	v[USED] = v[TOTAL] - (isnan(v[AVAILABLE]) ? v[FREE] : v[AVAILABLE]);
	v[SWAP_USED] = v[SWAP_TOTAL] - v[SWAP_FREE];
	v[MINOR] = v[FAULTS] - v[MAJOR];
}

static void close_mem(struct bsample_table *t)
{
	struct mem *m = t->state;

	for (size_t i = 0; m && i < m->n; i++) {
		bt_reread_close(&m->places[i].memory);
		bt_reread_close(&m->places[i].events);
	}
	free(m);
}

const struct bsample_group bsample_mem = {
	.name = "mem", .help = "memory, swap, page faults", .usual = true, .fields = fields, .dims = { { "node", true } },
	.open = open_mem, .read = read_mem, .derive = derive, .close = close_mem,
};
