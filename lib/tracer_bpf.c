/* SPDX-License-Identifier: ISC
 *
 * tracer - the life of a set of BPF programs.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bucket.h"
#include "caps.h"
#include "clock.h"
#include "proctree.h"
#include "tracer.h"

#define WALKS_MAX 16u       /* through the tree of processes */

static const char *const prefixes[] = { [BT_ATTACH_BTF] = "on_", [BT_ATTACH_RAW] = "raw_", [BT_ATTACH_CLASSIC] = "tp_" };

static int find_map(const struct bt_tracer *t, const char *name, struct bpf_map **map)
{
	*map = bpf_object__find_map_by_name(t->obj, name);
	return *map ? 0 : -ENOENT;
}

int bt_tracer_map(const struct bt_tracer *t, const char *name)
{
	struct bpf_map *map;

	return find_map(t, name, &map) == 0 ? bpf_map__fd(map) : -ENOENT;
}

#define LEARN "learn_self" /* is run once, not attached */

static bool wanted(const struct bt_tracer *t, const char *program, const char *const *programs)
{
	size_t len = strlen(prefixes[t->attach]);

	if (!strcmp(program, LEARN))
		return true;
	if (strncmp(program, prefixes[t->attach], len) != 0)
		return false;
	for (; *programs; programs++)
		if (!strcmp(program + len, *programs))
			return true;
	return false;
}

static int map_table(struct bt_tracer *t, const char *name, uint8_t **at, size_t *each, size_t *len)
{
	struct bpf_map *map;
	int rc = find_map(t, name, &map);

	if (rc != 0)
		return bt_tracer_fail(t, rc, "map %s: missing", name);
	*each = (bpf_map__value_size(map) + 7) / 8 * 8;
	*len = *each * bpf_map__max_entries(map);
	*at = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (*at == MAP_FAILED) {
		*at = NULL;
		return bt_tracer_fail(t, -errno, "map %s: %s", name, strerror(errno));
	}
	return 0;
}

/* The first one is taken first. */
static int fill_slots(struct bt_tracer *t)
{
	int fd = bt_tracer_map(t, "free_slots");

	for (uint32_t i = t->conf->n_slots; i-- > 0;)
		if (bpf_map_update_elem(fd, NULL, &i, 0) != 0)
			return bt_tracer_fail(t, -errno, "map free_slots: %s", strerror(errno));
	return 0;
}

static int learn_self(struct bt_tracer *t)
{
	struct bpf_program *p = bpf_object__find_program_by_name(t->obj, LEARN);
	LIBBPF_OPTS(bpf_test_run_opts, run);

	if (!p || bpf_prog_test_run_opts(bpf_program__fd(p), &run) != 0)
		return bt_tracer_fail(t, p ? -errno : -ENOENT, "learning the tracer's own number: %s", strerror(errno));
	return 0;
}

/* Returns 1 when it is new, 0 when it has been listed. */
static int list_number(struct bt_tracer *t, uint32_t number, uint32_t flags)
{
	if (bpf_map_update_elem(bt_tracer_map(t, "listed"), &number, &flags, BPF_NOEXIST) == 0)
		return 1;
	return errno == EEXIST ? 0 : bt_tracer_fail(t, -errno, "listing process %u: %s", number, strerror(errno));
}

struct found {
	struct bt_tracer *tracer;
	unsigned new;
};

static int list_descendant(void *arg, uint32_t pid)
{
	struct found *f = arg;
	int rc = list_number(f->tracer, pid, TRACE_TASK_LISTED);

	f->new += rc == 1;
	return rc < 0 ? rc : 0;
}

/* Children of those that are listed are followed from now on. The tree has been found when a walk through it finds nobody new: who
 * was born meanwhile has a listed parent. */
static int list_tree(struct bt_tracer *t)
{
	const struct bt_src live = { "" };
	struct found f = { t, 1 };
	int rc = 0;

	for (unsigned walk = 0; rc == 0 && f.new > 0 && walk < WALKS_MAX; walk++) {
		f.new = 0;
		rc = bt_proctree_each(&live, t->opts->pids, t->opts->n_pids, list_descendant, &f);
		if (rc < 0 && !t->error[0])
			bt_tracer_fail(t, rc, "looking for the children of the processes to trace: %s", strerror(-rc));
	}
	return rc;
}

static int list_numbers(struct bt_tracer *t, const struct bt_child *child)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < t->opts->n_pids; i++)
		rc = list_number(t, t->opts->pids[i], TRACE_TASK_LISTED);
	if (rc >= 0 && child)
		rc = list_number(t, (uint32_t)child->pid, TRACE_TASK_PENDING);
	return rc < 0 ? rc : 0;
}

int bt_tracer_load(struct bt_tracer *t, const char *const *programs, const struct bt_trace_opts *opts, const struct bt_child *child)
{
	struct bpf_program *p;
	int rc;

	t->opts = opts;
	bpf_object__for_each_program(p, t->obj)
		bpf_program__set_autoload(p, wanted(t, bpf_program__name(p), programs));
	rc = bpf_object__load_skeleton(t->skeleton);
	if (rc == -EPERM)
		return bt_tracer_fail(t, rc, "loading the BPF programs is not permitted: it needs root, or CAP_BPF and CAP_PERFMON");
	if (rc == -ENOMEM || rc == -E2BIG)
		return bt_tracer_fail(t, rc, "loading the BPF programs: no memory for their maps; "
					     "--max-groups and --max-tasks make them smaller");
	if (rc != 0)
		return bt_tracer_fail(t, rc, "loading the BPF programs: %s (-v shows what the kernel says)", strerror(-rc));
	rc = map_table(t, "cells", &t->cells, &t->cell_bytes, &t->cells_len);
	if (rc == 0)
		rc = map_table(t, "tasks", &t->tasks, &t->task_bytes, &t->tasks_len);
	if (rc == 0)
		rc = fill_slots(t);
	if (rc == 0)
		rc = learn_self(t);
	return rc == 0 ? list_numbers(t, child) : rc;
}

int bt_tracer_attach(struct bt_tracer *t)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, t->obj) {
		struct bpf_link *link;

		if (!bpf_program__autoload(p) || !strcmp(bpf_program__name(p), LEARN))
			continue;
		if (t->n_links == BT_TRACER_PROGRAMS)
			return bt_tracer_fail(t, -E2BIG, "attaching %s: more than %d programs", bpf_program__name(p), BT_TRACER_PROGRAMS);
		link = bpf_program__attach(p);
		if (!link)
			return bt_tracer_fail(t, -errno, "attaching %s (%s): %s", bpf_program__name(p), bpf_program__section_name(p), strerror(errno));
		t->links[t->n_links++] = link;
		snprintf(t->costs[t->n_costs++].program, sizeof(t->costs[0].program), "%s", bpf_program__name(p));
	}
	/* The kernel lets only an administrator begin this, and it ends when the descriptor is closed. */
	t->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	return t->opts->tree ? list_tree(t) : 0;
}

void bt_tracer_detach(struct bt_tracer *t)
{
	if (t->n_links == 0)
		return;
	while (t->n_links > 0)
		bpf_link__destroy(t->links[--t->n_links]);
	/* Programs run under RCU: wait for those that run just now on other CPUs. */
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

void bt_tracer_close(struct bt_tracer *t)
{
	bt_tracer_detach(t);
	if (t->stats_fd >= 0)
		close(t->stats_fd);
	t->stats_fd = -1;
	if (t->cells)
		munmap(t->cells, t->cells_len);
	if (t->tasks)
		munmap(t->tasks, t->tasks_len);
	t->cells = t->tasks = NULL;
}
