/* SPDX-License-Identifier: ISC
 *
 * taskstats - the last figures of tasks that end, over netlink.
 */
#include <errno.h>
#include <linux/acct.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "taskfold.h"
#include "taskstats.h"

#define RECEIVE_BYTES (8 << 20)
#define PARTS_MAX 65536u

/* A request to a family: a header, a generic header, one attribute. */
struct request {
	struct nlmsghdr n;
	struct genlmsghdr g;
	char attributes[64];
};

static int ask(int fd, uint16_t family, uint8_t command, uint16_t type, const char *text)
{
	struct request r = {
		.n = { .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK }, .g = { .cmd = command, .version = 1 },
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlattr a = { .nla_type = type };
	size_t len = strlen(text) + 1;

	if (NLA_HDRLEN + len > sizeof(r.attributes))
		return -EINVAL;
	a.nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy(r.attributes, &a, sizeof(a));
	memcpy(r.attributes + NLA_HDRLEN, text, len);
	r.n.nlmsg_len = (uint32_t)(NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(a.nla_len));
	return sendto(fd, &r, r.n.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

/* The attribute of that type among len bytes; *size receives its length. NULL: there is none. */
static const char *attribute(const char *at, size_t len, uint16_t type, size_t *size)
{
	while (len >= sizeof(struct nlattr)) {
		struct nlattr a;
		size_t step;

		memcpy(&a, at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > len)
			return NULL;
		if ((a.nla_type & NLA_TYPE_MASK) == type) {
			*size = a.nla_len - NLA_HDRLEN;
			return at + NLA_HDRLEN;
		}
		step = (size_t)NLA_ALIGN(a.nla_len);
		if (step >= len)
			return NULL;
		at += step;
		len -= step;
	}
	return NULL;
}

/* The answer to what was just asked: 0 or -errno, and the family's number if it is in there. */
static int answer(struct bt_taskstats *t, uint16_t *family)
{
	for (;;) {
		ssize_t got = recv(t->fd, t->buf, sizeof(t->buf), 0);
		struct nlmsghdr n;
		const char *id;
		size_t size;

		if (got < (ssize_t)sizeof(n))
			return got < 0 ? -errno : -EINVAL;
		memcpy(&n, t->buf, sizeof(n));
		if (n.nlmsg_type == NLMSG_ERROR && (size_t)got >= NLMSG_HDRLEN + sizeof(int)) {
			int error;

			memcpy(&error, t->buf + NLMSG_HDRLEN, sizeof(error));
			return error;
		}
		id = NULL;
		if (n.nlmsg_type == GENL_ID_CTRL && (size_t)got > NLMSG_LENGTH(GENL_HDRLEN))
			id = attribute(t->buf + NLMSG_LENGTH(GENL_HDRLEN), (size_t)got - NLMSG_LENGTH(GENL_HDRLEN), CTRL_ATTR_FAMILY_ID, &size);
		if (id && size >= sizeof(*family))
			memcpy(family, id, sizeof(*family));
	}
}

static int join(struct bt_taskstats *t, unsigned cpus)
{
	struct timeval second = { .tv_sec = 1 }, none = { .tv_sec = 0 };
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int rc, bytes = RECEIVE_BYTES;
	uint16_t family = 0;
	char list[32];

	if (bind(t->fd, (struct sockaddr *)&self, sizeof(self)) < 0)
		return -errno;
	if (setsockopt(t->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(t->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	rc = ask(t->fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME);
	if (rc == 0)
		rc = answer(t, &family);
	if (rc == 0 && family == 0)
		rc = -ENOENT;
	snprintf(list, sizeof(list), "0-%u", cpus ? cpus - 1 : 0);
	if (rc == 0)
		rc = ask(t->fd, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, list);
	if (rc == 0)
		rc = answer(t, &family);
	setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	return rc == -EINVAL ? -EPERM : rc; /* what a namespace gets */
}

int bt_taskstats_open(struct bt_taskstats *t, unsigned cpus)
{
	int rc;

	t->parts = (struct bt_idmap)BT_IDMAP_INIT;
	t->n_parts = 0;
	t->lost = 0;
	t->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (t->fd < 0)
		return -errno;
	rc = join(t, cpus);
	if (rc != 0)
		bt_taskstats_close(t);
	return rc;
}

static void figures(struct taskfig *f, const struct taskstats *s, uint64_t now_ns)
{
	f->kind = TASKFIG_THREAD;
	f->known = TASKFIG_CPU | TASKFIG_FAULTS | TASKFIG_SWITCHES | TASKFIG_IO | TASKFIG_RSS;
	f->pid = f->tid = s->ac_pid;
	f->ppid = s->ac_ppid;
	f->end_ns = now_ns;
	f->start_ns = now_ns > s->ac_etime * 1000 ? now_ns - s->ac_etime * 1000 : 0;
	f->user_ns = s->ac_utime * 1000;
	f->sys_ns = s->ac_stime * 1000;
	f->wait_ns = s->cpu_delay_total;
	f->known |= s->cpu_count ? TASKFIG_WAIT : 0;
	f->minor = s->ac_minflt;
	f->major = s->ac_majflt;
	f->voluntary = s->nvcsw;
	f->involuntary = s->nivcsw;
	f->read_bytes = s->read_bytes;
	f->write_bytes = s->write_bytes;
	f->read_chars = s->read_char;
	f->write_chars = s->write_char;
	f->rss_bytes = s->hiwater_rss * 1024;
	f->exit_code = s->ac_exitcode;
	f->flags = TASKFIG_EXITING;
	memcpy(f->comm, s->ac_comm, sizeof(f->comm) - 1);
}

/* Whose thread it is, and whether it is the last one. Before version 12 only processes of several threads tell their number. */
static bool group(struct taskfig *f, const struct taskstats *s, const char *at, size_t len)
{
	size_t size = 0, id_size = 0;
	const char *nest = attribute(at, len, TASKSTATS_TYPE_AGGR_TGID, &size);
	const char *id = nest ? attribute(nest, size, TASKSTATS_TYPE_TGID, &id_size) : NULL;

	if (id && id_size >= sizeof(f->pid))
		memcpy(&f->pid, id, sizeof(f->pid));
#if TASKSTATS_VERSION >= 12
	if (s->version >= 12)
		f->pid = s->ac_tgid;
	if (s->version >= 12)
		return s->ac_flag & AGROUP;
#endif
	return !id;
}

/* When its process began: before version 12 that of the last thread. */
static uint64_t begun(const struct taskfig *f, const struct taskstats *s)
{
#if TASKSTATS_VERSION >= 12
	if (s->version >= 12 && s->ac_tgetime > s->ac_etime && s->ac_tgetime * 1000 < f->end_ns)
		return f->end_ns - s->ac_tgetime * 1000;
#else
	(void)s;
#endif
	return f->start_ns;
}

/* What the threads of a process that have ended used, made when there is none; NULL when there is no room. */
static struct taskfig *part_of(struct bt_taskstats *t, uint32_t pid, bool make)
{
	struct taskfig *part = bt_idmap_get(&t->parts, pid);

	if (part || !make || t->n_parts == PARTS_MAX)
		return part;
	part = calloc(1, sizeof(*part));
	if (!part || bt_idmap_put(&t->parts, pid, part) != 0) {
		free(part);
		return NULL;
	}
	t->n_parts++;
	return part;
}

/* Add a thread to what its process has used; with the last one, take that. */
static void put_together(struct bt_taskstats *t, const struct taskfig *f, bool last, uint64_t start_ns,
			 void (*take)(void *arg, const struct taskfig *f), void *arg)
{
	struct taskfig *part = part_of(t, f->pid, !last), whole = *f;

	if (part)
		bt_taskfold_add(part, f);
	if (!last)
		return;
	whole.kind = TASKFIG_PROCESS;
	whole.tid = f->pid;
	whole.start_ns = start_ns;
	whole.threads = !part && f->tid == f->pid;
	if (part) {
		bt_taskfold_grow(&whole, part);
		free(bt_idmap_remove(&t->parts, f->pid));
		t->n_parts--;
	}
	take(arg, &whole);
}

int bt_taskstats_message(struct bt_taskstats *t, const void *message, size_t len, uint64_t now_ns,
			 void (*take)(void *arg, const struct taskfig *f), void *arg)
{
	const char *at = (const char *)message + NLMSG_LENGTH(GENL_HDRLEN), *nest, *stats, *id;
	struct taskfig f = { .known = 0 };
	struct taskstats s = { .version = 0 };
	size_t size, stats_size;
	uint32_t tid;
	bool last;

	if (len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EINVAL;
	len -= NLMSG_LENGTH(GENL_HDRLEN);
	nest = attribute(at, len, TASKSTATS_TYPE_AGGR_PID, &size);
	stats = nest ? attribute(nest, size, TASKSTATS_TYPE_STATS, &stats_size) : NULL;
	if (!stats || stats_size < offsetof(struct taskstats, ac_utimescaled))
		return -EINVAL;
	memcpy(&s, stats, stats_size < sizeof(s) ? stats_size : sizeof(s));
	id = attribute(nest, size, TASKSTATS_TYPE_PID, &size);
	if (!id || size < sizeof(tid))
		return -EINVAL;
	/* Some kernels of version 15 and 16 had the structure in another order: then something else is at that place. */
	memcpy(&tid, id, sizeof(tid));
	if (tid != s.ac_pid)
		return -EINVAL;
	figures(&f, &s, now_ns);
	last = group(&f, &s, at, len);
	take(arg, &f);
	put_together(t, &f, last, begun(&f, &s), take, arg);
	return 0;
}

static uint64_t boottime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void bt_taskstats_drain(struct bt_taskstats *t, void (*take)(void *arg, const struct taskfig *f), void *arg)
{
	ssize_t got;

	while ((got = recv(t->fd, t->buf, sizeof(t->buf), MSG_DONTWAIT)) != 0) {
		struct nlmsghdr n;

		if (got < 0 && (errno == EINTR || errno == ENOBUFS)) {
			t->lost += errno == ENOBUFS;
			continue;
		}
		if (got < (ssize_t)sizeof(n))
			return;
		memcpy(&n, t->buf, sizeof(n));
		if (n.nlmsg_type == NLMSG_ERROR || n.nlmsg_type == NLMSG_DONE)
			continue;
		t->lost += bt_taskstats_message(t, t->buf, (size_t)got, boottime(), take, arg) != 0;
	}
}

void bt_taskstats_close(struct bt_taskstats *t)
{
	for (size_t i = 0; i < t->parts.n_slots; i++)
		free(t->parts.slots[i].thing);
	bt_idmap_free(&t->parts);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
