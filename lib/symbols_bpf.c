/* SPDX-License-Identifier: ISC
 *
 * symbols - names of the functions in stack traces, of the kernel and of any process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kallsyms.h"
#include "symbols.h"
#include "symfiles.h"

/* Beyond these bounds all that is kept is dropped, and read again when it is needed. */
#define PROCS_MAX 512
#define PROC_SLOTS 1024      /* a power of two */
#define MAPS_MAX 2048        /* mappings of code of one process; more are left out */
#define TEXT_MAX (16u << 20) /* bytes of /proc/PID/maps */

struct mapping {
	uint64_t start, end, offset;
	uint32_t file;
	bool tried; /* to read its symbols through this process */
	bool bad;   /* and in vain */
};

struct process {
	uint32_t pid;
	bool used, read;
	uint32_t n, misses;
	struct mapping *maps; /* by address */
};

struct bt_symbols {
	const struct bt_src *src;
	struct process procs[PROC_SLOTS]; /* open addressing */
	uint32_t n_procs;
	struct bt_symfiles files;
	struct bt_symtable kernel;
	bool kernel_read;
};

struct bt_symbols *bt_symbols_open(const struct bt_src *src)
{
	struct bt_symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->src = src;
	if (bt_symfiles_init(&s->files, src) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

static void forget_maps(struct process *p)
{
	free(p->maps);
	p->maps = NULL;
	p->n = 0;
	p->read = false;
}

static void drop_all(struct bt_symbols *s)
{
	uint32_t i;

	for (i = 0; i < PROC_SLOTS; i++)
		forget_maps(&s->procs[i]);
	memset(s->procs, 0, sizeof(s->procs));
	s->n_procs = 0;
	bt_symfiles_clear(&s->files);
}

void bt_symbols_close(struct bt_symbols *s)
{
	if (!s)
		return;
	drop_all(s);
	bt_symfiles_free(&s->files);
	bt_symtable_free(&s->kernel);
	free(s);
}

/* The slot of pid, or the free one where it belongs. */
static struct process *slot_of(struct bt_symbols *s, uint32_t pid)
{
	uint32_t i = pid * 2654435761u >> 22;

	while (s->procs[i].used && s->procs[i].pid != pid)
		i = (i + 1) & (PROC_SLOTS - 1);
	return &s->procs[i];
}

static void add_mapping(struct bt_symbols *s, struct process *p, const struct bt_procmap *m)
{
	int64_t file;

	if (!m->exec || (p->n > 0 && m->start < p->maps[p->n - 1].end))
		return;
	file = bt_symfiles_find(&s->files, m);
	if (file >= 0)
		p->maps[p->n++] = (struct mapping){ m->start, m->end, m->offset, (uint32_t)file, false, false };
}

static void read_maps(struct bt_symbols *s, struct process *p)
{
	char *text = bt_src_text(s->src, TEXT_MAX, "/proc/%u/maps", p->pid);
	struct mapping *less;
	struct bt_procmap m;
	const char *at;

	p->read = true;
	if (!text || !text[0]) { /* it has gone; what is known stays */
		free(text);
		return;
	}
	free(p->maps);
	p->n = 0;
	p->maps = calloc(MAPS_MAX, sizeof(*p->maps));
	for (at = text; p->maps && p->n < MAPS_MAX && (at = bt_procmaps_next(at, &m));)
		add_mapping(s, p, &m);
	less = p->n ? reallocarray(p->maps, p->n, sizeof(*less)) : NULL;
	if (less)
		p->maps = less;
	free(text);
}

static struct process *find_process(struct bt_symbols *s, uint32_t pid)
{
	struct process *p = slot_of(s, pid);

	if (!p->used && (s->n_procs == PROCS_MAX || s->files.n == BT_SYMFILES_MAX)) {
		drop_all(s);
		p = slot_of(s, pid);
	}
	if (!p->used) {
		p->used = true;
		p->pid = pid;
		s->n_procs++;
	}
	if (!p->read)
		read_maps(s, p);
	return p;
}

void bt_symbols_forget(struct bt_symbols *s, uint32_t pid)
{
	struct process *p = slot_of(s, pid);

	if (p->used) {
		forget_maps(p);
		p->misses = 0;
	}
}

static struct mapping *search(const struct process *p, uint64_t addr)
{
	uint32_t low = 0, high = p->n, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (addr >= p->maps[mid].end)
			low = mid + 1;
		else if (addr < p->maps[mid].start)
			high = mid;
		else
			return &p->maps[mid];
	}
	return NULL;
}

/* A miss may be due to a new mapping. Reading the maps again after the 1st, 2nd, 4th, 8th miss finds it without doing so for
 * each of the addresses that are no code at all. */
static struct mapping *find_mapping(struct bt_symbols *s, struct process *p, uint64_t addr)
{
	struct mapping *m = search(p, addr);

	if (m)
		return m;
	p->misses++;
	if (p->misses & (p->misses - 1))
		return NULL;
	read_maps(s, p);
	return search(p, addr);
}

/* The file of a mapping, with its symbols if they can be read. */
static const struct bt_symfile *read_file(struct bt_symbols *s, uint32_t pid, struct mapping *m)
{
	const struct bt_symfile *f = &s->files.files[m->file];

	if (f->path[0] == '/' && (!m->tried || (!f->read && !m->bad))) {
		m->bad = bt_symfiles_read(&s->files, m->file, pid, m->start, m->end) < 0;
		m->tried = true;
	}
	return f;
}

/* "[name]+0x123" */
static size_t put_unknown(char *out, size_t cap, const char *name, size_t name_len, uint64_t addr)
{
	int len = snprintf(out, cap, "[%.*s]+0x%llx", (int)name_len, name, (unsigned long long)addr);

	return (size_t)len < cap ? (size_t)len : cap - 1;
}

static size_t put_in_file(char *out, size_t cap, const struct bt_symfile *f, uint64_t addr)
{
	static const char deleted[] = " (deleted)";
	const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
	size_t len = strlen(name), cut = sizeof(deleted) - 1;

	if (len > cut && strcmp(name + len - cut, deleted) == 0)
		len -= cut;
	return put_unknown(out, cap, name, len, addr);
}

size_t bt_symbols_user(struct bt_symbols *s, uint32_t pid, uint64_t addr, char *out, size_t cap)
{
	struct mapping *m = find_mapping(s, find_process(s, pid), addr);
	const struct bt_symfile *f;
	const char *name = NULL;
	uint64_t offset, there;

	if (!m)
		return put_unknown(out, cap, "unknown", 7, addr);
	f = read_file(s, pid, m);
	if (f->path[0] != '/')
		return bt_src_copy(out, cap, f->path[0] == '[' ? f->path : "[anon]");
	offset = addr - m->start + m->offset;
	if (bt_elfsyms_addr(&f->elf, offset, &there)) {
		name = bt_symtable_find(&f->elf.syms, there);
		offset = there;
	}
	return name ? bt_src_copy(out, cap, name) : put_in_file(out, cap, f, offset);
}

size_t bt_symbols_kernel(struct bt_symbols *s, uint64_t addr, char *out, size_t cap)
{
	const char *name;

	if (!s->kernel_read)
		bt_kallsyms_read(s->src, &s->kernel);
	s->kernel_read = true;
	name = bt_symtable_find(&s->kernel, addr);
	return name ? bt_src_copy(out, cap, name) : put_unknown(out, cap, "kernel", 6, addr);
}
