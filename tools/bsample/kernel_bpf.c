/* SPDX-License-Identifier: ISC
 *
 * kernel - loads and reads the BPF programs of bsample.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "kernel.h"
#include "tracefs.h"
#include "tracer.h"

#include "bsample.skel.h" /* has types of the above */

#define INIT_PIDNS_INUM 0xEFFFFFFCu /* PROC_PID_INIT_INO */
#define PASS_BYTES (64u << 10)      /* the kernel gives 32 KiB a read */
#define LINKS 3
#define SEEN_BYTES (TASKFIG_PLACES * sizeof(struct taskfig_seen))

struct kernel {
	struct bsample_bpf *skel;
	struct bpf_link *iterator, *links[LINKS];
	unsigned n_links;
	enum bt_attach attach;
	struct ring_buffer *ring;
	void (*take)(void *arg, const struct taskfig *f); /* while the ring is drained */
	void *arg;
	const volatile struct taskfig_seen *seen; /* mapped */
	char buf[PASS_BYTES];
};

static int speak(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, fmt, ap);
}

static int fail(char error[400], int rc, const char *what)
{
	snprintf(error, 400, "%s: %s", what, strerror(-rc));
	return rc;
}

/* Since 6.16 sched_process_exit says whether the thread is the last one of its process. */
static bool group_dead_told(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, "btf_trace_sched_process_exit", BTF_KIND_TYPEDEF) : -1;
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	bool told;

	while (type && (btf_is_typedef(type) || btf_is_ptr(type)))
		type = btf__type_by_id(btf, type->type);
	told = type && btf_is_func_proto(type) && btf_vlen(type) == 3;
	btf__free(btf);
	return told;
}

static int choose_groups(struct taskfig_conf *c, const struct kernel_conf *conf)
{
	if (conf->n_cgroups == 0)
		return 0;
	if (conf->n_cgroups > TASKFIG_CGROUPS)
		return -E2BIG;
	c->n_cgroups = (uint32_t)conf->n_cgroups;
	memcpy(c->cgroups, conf->cgroups, conf->n_cgroups * sizeof(*conf->cgroups));
	c->cgroup_subsys = conf->controller[0] ? bt_tracer_subsys(conf->controller) : -1;
	return c->cgroup_subsys < -1 ? c->cgroup_subsys : 0;
}

static void choose(struct kernel *k, const struct kernel_conf *conf)
{
	struct taskfig_conf *c = &k->skel->rodata->conf;
	const struct bt_src live = { "" };
	struct stat st;
	int at;

	c->page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != INIT_PIDNS_INUM)
		c->pidns_inum = (uint32_t)st.st_ino;
	c->listed = conf->n_pids > 0;
	c->group_dead_arg = k->attach == BT_ATTACH_BTF && group_dead_told();
	if (k->attach == BT_ATTACH_CLASSIC && conf->forks) {
		at = bt_tracefs_field(&live, "sched/sched_process_fork", "child_pid");
		c->child_field = at > 0 ? (uint32_t)at : 0;
	}
	bpf_map__set_max_entries(k->skel->maps.listed, conf->n_pids ? (uint32_t)conf->n_pids : 1);
	bpf_map__set_max_entries(k->skel->maps.ring, conf->ends ? (uint32_t)conf->ring_bytes : (uint32_t)sysconf(_SC_PAGESIZE));
}

static void choose_programs(struct kernel *k, const struct kernel_conf *conf)
{
	const struct {
		struct bpf_program *program;
		bool wanted;
	} programs[] = {
		{ k->skel->progs.each_task, conf->passes },
		{ k->skel->progs.on_exit, conf->ends && k->attach == BT_ATTACH_BTF },
		{ k->skel->progs.on_fork, conf->forks && k->attach == BT_ATTACH_BTF },
		{ k->skel->progs.raw_exit, conf->ends && k->attach == BT_ATTACH_RAW },
		{ k->skel->progs.raw_fork, conf->forks && k->attach == BT_ATTACH_RAW },
		{ k->skel->progs.tp_exit, conf->ends && k->attach == BT_ATTACH_CLASSIC },
		{ k->skel->progs.tp_fork, conf->forks && k->attach == BT_ATTACH_CLASSIC },
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		bpf_program__set_autoload(programs[i].program, programs[i].wanted);
}

static int prepare(struct kernel *k, const struct kernel_conf *conf)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	uint32_t one = 1;
	void *at;

	if (bpf_prog_test_run_opts(bpf_program__fd(k->skel->progs.learn_self), &run) != 0)
		return -errno;
	for (size_t i = 0; i < conf->n_pids; i++)
		if (bpf_map__update_elem(k->skel->maps.listed, &conf->pids[i], sizeof(uint32_t), &one, sizeof(one), BPF_ANY) != 0)
			return -errno;
	at = mmap(NULL, SEEN_BYTES, PROT_READ, MAP_SHARED, bpf_map__fd(k->skel->maps.seen), 0);
	if (at == MAP_FAILED)
		return -errno;
	k->seen = at;
	return 0;
}

static int attach(struct kernel *k)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, k->skel->obj) {
		struct bpf_link *link;

		if (!bpf_program__autoload(p) || p == k->skel->progs.learn_self)
			continue;
		link = bpf_program__attach(p);
		if (!link)
			return -errno;
		if (p == k->skel->progs.each_task)
			k->iterator = link;
		else
			k->links[k->n_links++] = link;
	}
	return 0;
}

static int pass_on(void *arg, void *data, size_t size)
{
	struct kernel *k = arg;

	if (size >= sizeof(struct taskfig))
		k->take(k->arg, data);
	return 0;
}

static void take_down(struct kernel *k)
{
	ring_buffer__free(k->ring);
	if (k->seen)
		munmap((void *)k->seen, SEEN_BYTES);
	bpf_link__destroy(k->iterator);
	while (k->n_links > 0)
		bpf_link__destroy(k->links[--k->n_links]);
	bsample_bpf__destroy(k->skel);
	k->ring = NULL;
	k->seen = NULL;
	k->iterator = NULL;
	k->skel = NULL;
}

static int put_up(struct kernel *k, const struct kernel_conf *conf, char error[400])
{
	int rc;

	k->skel = bsample_bpf__open();
	if (!k->skel)
		return fail(error, -errno, "the BPF programs cannot be opened");
	rc = choose_groups(&k->skel->rodata->conf, conf);
	if (rc != 0)
		return fail(error, rc, "telling the BPF programs of the control groups");
	choose(k, conf);
	choose_programs(k, conf);
	rc = bsample_bpf__load(k->skel);
	if (rc == 0)
		rc = prepare(k, conf);
	if (rc != 0)
		return fail(error, rc, "loading the BPF programs (-v shows what the kernel says)");
	rc = attach(k);
	if (rc != 0)
		return fail(error, rc, "attaching the BPF programs");
	if (conf->ends)
		k->ring = ring_buffer__new(bpf_map__fd(k->skel->maps.ring), pass_on, k, NULL);
	return conf->ends && !k->ring ? fail(error, -errno, "the ring of the BPF programs") : 0;
}

/* By the first way to attach that works, from the one that probe found on. */
static int put_up_somehow(struct kernel *k, const struct kernel_conf *conf, char error[400])
{
	enum bt_attach last = conf->attach == BT_ATTACH_AUTO ? BT_ATTACH_CLASSIC : conf->attach;
	int rc = -ENOTSUP;

	for (; k->attach <= last; k->attach++) {
		rc = put_up(k, conf, error);
		if (rc == 0)
			return 0;
		take_down(k);
	}
	return rc;
}

int kernel_open(struct kernel **out, const struct kernel_conf *conf, char error[400])
{
	const struct bt_src live = { "" };
	struct bt_tracer probe = BT_TRACER_INIT;
	struct kernel *k;
	int rc;

	*out = NULL;
	libbpf_set_print(conf->verbose ? speak : NULL);
	rc = bt_tracer_probe(&probe, &live, conf->attach);
	if (rc != 0) {
		bt_src_copy(error, 400, probe.error);
		return rc;
	}
	k = calloc(1, sizeof(*k));
	if (!k)
		return fail(error, -ENOMEM, "BPF programs");
	k->attach = probe.attach;
	rc = put_up_somehow(k, conf, error);
	if (rc != 0) {
		free(k);
		return rc;
	}
	/* The kernel's types took much memory for a moment. */
	malloc_trim(0);
	*out = k;
	return 0;
}

/* Records come whole, or not: what is left of one that was cut is moved to the front. */
static size_t take_all(struct kernel *k, size_t len, void (*take)(void *arg, const struct taskfig *f, uint64_t read_ns), void *arg)
{
	uint64_t now = bt_clock_monotonic();
	size_t at = 0;

	for (; len - at >= sizeof(struct taskfig); at += sizeof(struct taskfig)) {
		struct taskfig f;

		memcpy(&f, k->buf + at, sizeof(f));
		take(arg, &f, now);
	}
	memmove(k->buf, k->buf + at, len - at);
	return len - at;
}

bool kernel_there(const struct kernel *k, uint32_t place)
{
	const volatile struct taskfig_seen *s = &k->seen[place % TASKFIG_PLACES];

	return s->place == place && s->pass == k->skel->bss->pass;
}

int kernel_pass(struct kernel *k, void (*take)(void *arg, const struct taskfig *f, uint64_t read_ns), void *arg)
{
	size_t len = 0;
	ssize_t got;
	int fd, rc = 0;

	k->skel->bss->pass++;
	fd = bpf_iter_create(bpf_link__fd(k->iterator));
	if (fd < 0)
		return -errno;
	do {
		got = read(fd, k->buf + len, sizeof(k->buf) - len);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			rc = -errno;
		if (got > 0)
			len = take_all(k, len + (size_t)got, take, arg);
	} while (got != 0 && rc == 0);
	close(fd);
	return rc;
}

void kernel_drain(struct kernel *k, void (*take)(void *arg, const struct taskfig *f), void *arg)
{
	if (!k || !k->ring)
		return;
	k->take = take;
	k->arg = arg;
	(void)ring_buffer__consume(k->ring);
}

uint64_t kernel_lost(const struct kernel *k)
{
	return k && k->ring ? *(volatile uint64_t *)&k->skel->bss->ring_lost + *(volatile uint64_t *)&k->skel->bss->walk_lost : 0;
}

const char *kernel_attach(const struct kernel *k)
{
	static const char *const names[] = { "auto", "btf", "raw", "classic" };

	return k ? names[k->attach] : "";
}

void kernel_close(struct kernel *k)
{
	if (k)
		take_down(k);
	free(k);
}
