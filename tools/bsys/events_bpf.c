/* SPDX-License-Identifier: ISC
 *
 * events_bpf - bsys events: one record for each call, with what its arguments mean.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "calls.h"
#include "err.h"
#include "errnames.h"
#include "live_bpf.h"
#include "sysargs.h"

/* What a record borrows until it is written. */
struct words {
	char call[16], path[BSYS_PATH + 32], flags[256], mode[16], ret[24];
	char args[BT_SYSARGS_MAX][24];
};

/* Flags of open(2) that all architectures have in common or that the C library defines for this one. */
static const struct {
	uint32_t bit;
	const char *name;
} open_flags[] = {
	{ O_CREAT, "O_CREAT" }, { O_EXCL, "O_EXCL" }, { O_NOCTTY, "O_NOCTTY" }, { O_TRUNC, "O_TRUNC" }, { O_APPEND, "O_APPEND" },
	{ O_NONBLOCK, "O_NONBLOCK" }, { O_DSYNC, "O_DSYNC" }, { O_SYNC & ~O_DSYNC, "O_SYNC" }, { O_DIRECT, "O_DIRECT" },
	{ O_DIRECTORY, "O_DIRECTORY" }, { O_NOFOLLOW, "O_NOFOLLOW" }, { O_NOATIME, "O_NOATIME" }, { O_CLOEXEC, "O_CLOEXEC" },
	{ O_PATH, "O_PATH" }, { O_TMPFILE & ~O_DIRECTORY, "O_TMPFILE" },
};

static void open_text(char *out, size_t cap, uint32_t flags)
{
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
	size_t len = (size_t)snprintf(out, cap, "%s", access[flags & O_ACCMODE]);

	flags &= ~(uint32_t)O_ACCMODE;
	for (size_t i = 0; i < sizeof(open_flags) / sizeof(open_flags[0]); i++)
		if (flags & open_flags[i].bit) {
			len += (size_t)snprintf(out + len, cap - len, "|%s", open_flags[i].name);
			flags &= ~open_flags[i].bit;
		}
	if (flags)
		snprintf(out + len, cap - len, "|0x%x", flags);
}

/* The names come from the file upwards. */
static void join_names(const struct bsys_event *e, char *out, size_t cap)
{
	size_t end = e->file.path_len, len = 0;

	if (!e->file.path_whole)
		len = (size_t)snprintf(out, cap, "...");
	while (end > 0) {
		size_t begin = end - 1;

		while (begin > 0 && e->file.path[begin - 1] != '\0')
			begin--;
		if (len + (end - begin) + 1 >= cap)
			return;
		out[len++] = '/';
		memcpy(out + len, e->file.path + begin, end - 1 - begin);
		len += end - 1 - begin;
		out[len] = '\0';
		end = begin;
	}
	if (len == 0)
		snprintf(out, cap, "/");
}

static bool is_anonymous(const struct bsys_event *e)
{
	return e->file.path_kind == BSYS_PATH_PSEUDO && e->file.path_len > 0 && e->file.path[0] == '[';
}

/* As /proc/PID/fd shows what is no file in a directory. */
static void pseudo_path(const struct bsys_event *e, char *out, size_t cap)
{
	const char *name = e->file.path_len > 0 ? e->file.path : "";

	if (S_ISFIFO(e->file.mode))
		snprintf(out, cap, "pipe:[%llu]", (unsigned long long)e->file.ino);
	else if (S_ISSOCK(e->file.mode))
		snprintf(out, cap, "socket:[%llu]", (unsigned long long)e->file.ino);
	else
		snprintf(out, cap, "%s%s", is_anonymous(e) ? "anon_inode:" : "/", name);
}

static void add_path(struct bt_rec *r, const struct bsys_event *e, struct words *w)
{
	switch (e->file.path_kind) {
	case BSYS_PATH_STRING:
		snprintf(w->path, sizeof(w->path), "%.*s%s", BSYS_PATH_SHOWN, e->file.path, e->file.path_whole ? "" : "...");
		break;
	case BSYS_PATH_NAMES: join_names(e, w->path, sizeof(w->path)); break;
	case BSYS_PATH_PSEUDO: pseudo_path(e, w->path, sizeof(w->path)); break;
	default: return;
	}
	bt_rec_str(r, "path", w->path);
}

static void add_integer(struct bt_rec *r, const char *name, int64_t value, char room[24])
{
	int len = snprintf(room, 24, "%lld", (long long)value);

	bt_rec_raw(r, name, room, (size_t)len);
}

/* One argument under the name of what it means; the second of a kind has a 2 behind its name. */
static void add_arg(struct bt_rec *r, const struct bt_sysargs *args, unsigned i, int64_t value, struct words *w)
{
	static const char *const names[][2] = {
		[BT_ARG_FD] = { "fd", "fd2" }, [BT_ARG_DIRFD] = { "dirfd", "dirfd2" }, [BT_ARG_SIZE] = { "size", "size2" },
		[BT_ARG_OFFSET] = { "offset", "offset2" }, [BT_ARG_PAGES] = { "pages", "pages2" }, [BT_ARG_LEN] = { "len", "len2" },
		[BT_ARG_COUNT] = { "vectors", "vectors2" }, [BT_ARG_OPEN] = { "flags", "flags2" }, [BT_ARG_MODE] = { "mode", "mode2" },
		[BT_ARG_FLAGS] = { "bits", "bits2" }, [BT_ARG_INT] = { "arg", "arg2" },
	};
	unsigned kind = args->arg[i], before = 0;
	const char *name;

	if (kind >= sizeof(names) / sizeof(names[0]) || !names[kind][0])
		return;
	for (unsigned k = 0; k < i; k++)
		before += args->arg[k] == kind;
	if (before > 1)
		return;
	name = names[kind][before];
	switch (kind) {
	case BT_ARG_OPEN:
		open_text(w->flags, sizeof(w->flags), (uint32_t)value);
		bt_rec_str(r, name, w->flags);
		break;
	case BT_ARG_MODE:
		snprintf(w->mode, sizeof(w->mode), "0%o", (unsigned)value & 07777);
		bt_rec_str(r, name, w->mode);
		break;
	case BT_ARG_SIZE: case BT_ARG_LEN: case BT_ARG_FLAGS:
		bt_rec_u64(r, name, (uint64_t)value);
		break;
	default:
		add_integer(r, name, value, w->args[i]);
	}
}

/* Where in the file the call began, when it moved the file's own position. */
static void add_position(struct bt_rec *r, const struct bsys_event *e, const struct bt_sysargs *args)
{
	uint64_t moved = e->ret > 0 && args->moves != BT_MOVES_NONE ? (uint64_t)e->ret : 0;

	if ((!S_ISREG(e->file.mode) && !S_ISBLK(e->file.mode)) || is_anonymous(e))
		return;
	if (args->moves == BT_MOVES_NONE || args->moves == BT_MOVES_OVER || args->arg[0] != BT_ARG_FD)
		return;
	for (unsigned i = 0; i < BT_SYSARGS_MAX; i++)
		if (args->arg[i] == BT_ARG_OFFSET)
			return;
	bt_rec_u64(r, "offset", e->file.position - moved);
}

static void add_args(struct bt_rec *r, const struct bsys_event *e, struct words *w)
{
	uint32_t nr;
	enum bt_abi abi = bsys_calls_abi(e->what, &nr);
	const struct bt_sysargs *args = bt_sysargs(abi, bsys_calls_name(e->what, w->call));
	int64_t flags = 0; /* the argument before */

	if (!args)
		return;
	for (unsigned i = 0; i < BT_SYSARGS_MAX && args->arg[i] != BT_ARG_NONE; i++) {
		int64_t value = bt_sysarg(args, abi, i, e->args);

		/* Without a file to make, its permissions are anything. */
		if (args->arg[i] != BT_ARG_MODE || i == 0 || args->arg[i - 1] != BT_ARG_OPEN || flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
			add_arg(r, args, i, value, w);
		flags = value;
	}
	add_position(r, e, args);
}

static void add_result(struct bt_rec *r, const struct bsys_event *e, struct words *w)
{
	const char *name = e->ret < 0 && e->ret >= -4095 ? bt_errname((unsigned)-e->ret) : NULL;

	if (e->ret < 0 && e->ret >= -4095)
		add_integer(r, "ret", e->ret, w->ret);
	else
		bt_rec_u64(r, "ret", (uint64_t)e->ret); /* also addresses in the upper half */
	if (name)
		bt_rec_str(r, "errno", name);
}

static int take(void *arg, void *data, size_t size)
{
	struct bt_tracetool *t = arg;
	const struct bsys_event *e = data;
	struct words w;
	struct bt_rec r;
	uint32_t nr;

	if (size < sizeof(*e) - BSYS_PATH || (t->load->count && t->events >= t->load->count))
		return 0;
	bt_rec_init(&r, BT_KIND_EVENT);
	r.test = t->test;
	r.ts_us = bt_tracetool_time(t, e->ts_ns);
	bt_rec_u64(&r, "pid", e->pid);
	bt_rec_u64(&r, "tid", e->tid);
	if (e->ns_pid != e->pid)
		bt_rec_u64(&r, "ns_pid", e->ns_pid);
	if (e->ns_tid != e->tid)
		bt_rec_u64(&r, "ns_tid", e->ns_tid);
	bt_tracerec_comm(&r, "comm", e->comm);
	bt_rec_str(&r, "syscall", bsys_calls_name(e->what, w.call));
	bt_rec_str(&r, "abi", bt_abi_name(bsys_calls_abi(e->what, &nr)));
	add_path(&r, e, &w);
	add_args(&r, e, &w);
	add_result(&r, e, &w);
	bt_rec_count(&r, "lat", "ns", BT_BETTER_LOWER, e->lat_ns);
	bt_tracetool_emit(t, &r);
	t->events++;
	return t->out.error ? -EPIPE : 0;
}

int bsys_events_open(struct bt_tracetool *t)
{
	struct bsys_session *s = t->arg;

	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.ring), take, t, NULL);
	if (!s->ring)
		return -errno;
	t->ring_fd = ring_buffer__epoll_fd(s->ring);
	return 0;
}

void bsys_events_drain(struct bt_tracetool *t)
{
	struct bsys_session *s = t->arg;

	(void)ring_buffer__consume(s->ring);
}

/* Nothing is summed up. */
void bsys_events_show(struct bt_tracetool *t)
{
	(void)t;
}

void bsys_events_summary(struct bt_tracetool *t)
{
	struct bsys_session *s = t->arg;

	bt_tracetool_count(t, "matched", NULL, NULL, t->events);
	bt_tracetool_count(t, "unmatched", "how", "return", s->skel->bss->bsys_lost.unmatched);
	bt_tracetool_count(t, "left_out", "how", "sample", s->skel->bss->bsys_lost.sampled);
	bt_tracetool_count(t, "left_out", "how", "limit", s->skel->bss->bsys_lost.limited);
	bt_tracetool_count(t, "unreturned", NULL, NULL, s->skel->bss->bsys_lost.unreturned);
	bsys_in_flight(t);
	bt_tracetool_ring_lost(t, s->skel->bss->ring_lost);
}

void bsys_events_close(struct bsys_session *s)
{
	ring_buffer__free(s->ring);
	s->ring = NULL;
}
