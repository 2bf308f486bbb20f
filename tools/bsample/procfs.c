/* SPDX-License-Identifier: ISC
 *
 * procfs - the figures of tasks from /proc.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "procfs.h"
#include "proctask.h"

#define PATH 64 /* of "PID/task/TID/smaps_rollup" */

/* What getdents64(2) gives. */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

static int open_root(struct procfs *p)
{
	char path[PATH_MAX];

	if (p->dir >= 0)
		close(p->dir);
	p->dir = -1;
	p->root = p->src->root;
	if (snprintf(path, sizeof(path), "%s/proc", p->root) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	p->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p->dir < 0 ? -errno : 0;
}

int procfs_open(struct procfs *p, const struct bt_src *src)
{
	p->src = src;
	p->dir = -1;
	p->page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
	return open_root(p);
}

void procfs_close(struct procfs *p)
{
	if (p->dir >= 0)
		close(p->dir);
	p->dir = -1;
}

/* The file into p->text. A dump may hold anything: without O_NONBLOCK a FIFO in it would hang us. */
static int read_text(struct procfs *p, const char *path)
{
	int fd = openat(p->dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t got;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	got = read(fd, p->text, sizeof(p->text) - 1);
	if (got < 0)
		got = -errno;
	close(fd);
	p->text[got > 0 ? got : 0] = '\0';
	return (int)got;
}

/* at and name as a path, without the cost of a format: name has at most 16 bytes. */
static const char *path_of(char path[PATH], const char *at, const char *name)
{
	size_t len = strlen(at);

	memcpy(path, at, len);
	path[len] = '/';
	memcpy(path + len + 1, name, strlen(name) + 1);
	return path;
}

/* One of the files beside stat. One that is not there at all, or holds something else, tells nothing; what may not be read is
 * noted. */
static void read_more(struct procfs *p, const char *at, const char *name, uint32_t field,
		      int (*parse)(const char *, struct taskfig *), struct taskfig *f)
{
	char path[PATH];
	int rc;

	if (!(p->fields & field))
		return;
	rc = read_text(p, path_of(path, at, name));
	if (rc > 0)
		(void)parse(p->text, f);
	else if (rc == -EACCES || rc == -EPERM)
		p->refused |= field;
}

/* A thread, or of a process what it says of itself: its waiting and its switches are those of its first thread alone. */
static int read_task(struct procfs *p, const char *at, struct taskfig *f)
{
	char path[PATH];
	int rc = read_text(p, path_of(path, at, "stat"));

	memset(f, 0, sizeof(*f));
	if (rc <= 0)
		return rc < 0 ? rc : -ESRCH;
	return bt_proctask_stat(p->text, p->page_bytes, f);
}

static void read_alone(struct procfs *p, const char *at, struct taskfig *f)
{
	if (!(f->known & TASKFIG_WAIT))
		read_more(p, at, "schedstat", TASKFIG_WAIT, bt_proctask_schedstat, f);
	read_more(p, at, "status", TASKFIG_SWITCHES, bt_proctask_status, f);
}

/* Calls each for all names in the directory that are numbers. */
static int each_number(struct procfs *p, int dir, char *entries, size_t size,
		       void (*each)(struct procfs *p, void *arg, const char *name), void *arg)
{
	long got;

	while ((got = syscall(SYS_getdents64, dir, entries, size)) > 0)
		for (long i = 0; i < got; i += ((struct entry *)(entries + i))->len) {
			const struct entry *e = (struct entry *)(entries + i);

			if (e->name[0] >= '1' && e->name[0] <= '9' && strlen(e->name) <= 10)
				each(p, arg, e->name);
		}
	return got < 0 ? -errno : 0;
}

/* What is under way during a pass. */
struct pass {
	void (*take)(void *arg, const struct taskfig *f, uint64_t read_ns);
	void *arg;
};

/* A pass through the threads of a process. */
struct threads {
	const char *at;
	const struct taskfig *process;
	struct taskfig sum;
	void (*take)(void *arg, const struct taskfig *f, uint64_t read_ns);
	void *arg;
	bool emit;
};

static void read_thread(struct procfs *p, void *arg, const char *name)
{
	struct threads *t = arg;
	struct taskfig f;
	char at[PATH];
	uint64_t now = bt_clock_monotonic();

	snprintf(at, sizeof(at), "%s/task/%s", t->at, name);
	memset(&f, 0, sizeof(f));
	if (t->emit && read_task(p, at, &f) < 0)
		return;
	read_alone(p, at, &f);
	t->sum.wait_ns += f.flags & TASKFIG_EXITING ? 0 : f.wait_ns;
	t->sum.voluntary += f.voluntary;
	t->sum.involuntary += f.involuntary;
	t->sum.known |= f.known & (TASKFIG_WAIT | TASKFIG_SWITCHES);
	if (!t->emit)
		return;
	read_more(p, at, "io", TASKFIG_IO, bt_proctask_io, &f);
	f.kind = TASKFIG_THREAD;
	f.pid = t->process->tid;
	f.ns_pid = t->process->ns_tid;
	f.threads = 1;
	t->take(t->arg, &f, now);
}

static void read_threads(struct procfs *p, struct threads *t)
{
	char path[PATH], entries[4096] __attribute__((aligned(8)));
	int dir = openat(p->dir, path_of(path, t->at, "task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	(void)each_number(p, dir, entries, sizeof(entries), read_thread, t);
	close(dir);
}

/* Threads have sums of their own: to be looked at where there are several. */
static void sum_threads(struct procfs *p, const struct pass *pass, const char *at, struct taskfig *f)
{
	struct threads t = { .at = at, .process = f, .take = pass->take, .arg = pass->arg, .emit = p->threads };

	if (!p->threads && (f->threads <= 1 || !(p->fields & (TASKFIG_WAIT | TASKFIG_SWITCHES))))
		return;
	read_threads(p, &t);
	if (f->threads <= 1)
		return;
	f->wait_ns = t.sum.wait_ns;
	f->voluntary = t.sum.voluntary;
	f->involuntary = t.sum.involuntary;
}

/* Whether the process has not run since it was read; else how long it has run and waited is in *first. */
static bool is_same(struct procfs *p, const struct pass *pass, const char *at, uint64_t now, struct taskfig *first)
{
	char path[PATH];

	if (!p->same || p->threads || p->root[0] || read_text(p, path_of(path, at, "schedstat")) <= 0 ||
	    bt_proctask_schedstat(p->text, first) != 0)
		return false;
	return first->run_ns > 0 && p->same(pass->arg, (uint32_t)strtoul(at, NULL, 10), first->run_ns, now);
}

static void read_process(struct procfs *p, void *arg, const char *at)
{
	const struct pass *pass = arg;
	uint64_t now = bt_clock_monotonic();
	struct taskfig f, first = { .known = 0 };

	if (is_same(p, pass, at, now, &first) || read_task(p, at, &f) < 0)
		return;
	f.kind = TASKFIG_PROCESS;
	f.pid = f.tid;
	f.run_ns = first.run_ns;
	f.wait_ns = first.wait_ns;
	f.known |= first.known & p->fields & TASKFIG_WAIT;
	read_more(p, at, "io", TASKFIG_IO, bt_proctask_io, &f);
	read_alone(p, at, &f);
	f.ns_pid = f.ns_tid;
	sum_threads(p, pass, at, &f);
	/* What schedstat says of the time on a CPU is the first thread's: good for same() alone, if it was read before all
	 * else. */
	f.run_ns = first.run_ns;
	f.known &= ~(uint32_t)TASKFIG_RUN;
	if (p->processes)
		pass->take(pass->arg, &f, now);
}

int procfs_pass(struct procfs *p, void (*take)(void *arg, const struct taskfig *f, uint64_t read_ns), void *arg)
{
	struct pass pass = { take, arg };
	int rc = p->src->root == p->root && p->dir >= 0 ? 0 : open_root(p);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < p->n_pids; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", p->pids[i]);
		read_process(p, &pass, name);
	}
	if (p->n_pids > 0)
		return 0;
	if (lseek(p->dir, 0, SEEK_SET) < 0)
		return -errno;
	return each_number(p, p->dir, p->entries, sizeof(p->entries), read_process, &pass);
}

int procfs_pss(struct procfs *p, uint32_t pid, uint64_t *bytes)
{
	char path[PATH];
	int rc;

	snprintf(path, sizeof(path), "%u/smaps_rollup", pid);
	rc = read_text(p, path);
	return rc < 0 ? rc : bt_proctask_pss(p->text, bytes);
}

static int count_entries(struct procfs *p, int dir, uint64_t *count)
{
	long got;

	*count = 0;
	while ((got = syscall(SYS_getdents64, dir, p->entries, sizeof(p->entries))) > 0)
		for (long i = 0; i < got; i += ((struct entry *)(p->entries + i))->len)
			*count += ((struct entry *)(p->entries + i))->name[0] != '.';
	return got < 0 ? -errno : 0;
}

/* Since 6.2 (f1f1f2569901) the size of the directory is the number of descriptors. */
int procfs_fds(struct procfs *p, uint32_t pid, uint64_t *count)
{
	char path[PATH];
	struct stat st;
	int dir, rc;

	snprintf(path, sizeof(path), "%u/fd", pid);
	if (fstatat(p->dir, path, &st, 0) != 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!p->root[0] && st.st_size > 0) {
		*count = (uint64_t)st.st_size;
		return 0;
	}
	dir = openat(p->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	rc = count_entries(p, dir, count);
	close(dir);
	return rc;
}

int procfs_command(struct procfs *p, uint32_t pid, char *out, size_t cap)
{
	char path[PATH];
	int len;

	out[0] = '\0';
	snprintf(path, sizeof(path), "%u/cmdline", pid);
	len = read_text(p, path);
	if (len <= 0)
		return len;
	while (len > 0 && p->text[len - 1] == '\0')
		len--;
	for (int i = 0; i < len; i++)
		if (p->text[i] == '\0')
			p->text[i] = ' ';
	p->text[len] = '\0';
	return (int)bt_src_copy(out, cap, p->text);
}

/* A pass through the descriptors of a process. */
struct files {
	int dir;
	void (*take)(void *arg, const char *path);
	void *arg;
};

static void read_link(struct procfs *p, const struct files *f, const char *name)
{
	ssize_t len = readlinkat(f->dir, name, p->text, sizeof(p->text) - 1);

	if (len < 0)
		return;
	p->text[len] = '\0';
	f->take(f->arg, p->text);
}

int procfs_files(struct procfs *p, uint32_t pid, void (*take)(void *arg, const char *path), void *arg)
{
	struct files f = { .take = take, .arg = arg };
	char path[PATH];
	long got;

	snprintf(path, sizeof(path), "%u/fd", pid);
	f.dir = openat(p->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f.dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((got = syscall(SYS_getdents64, f.dir, p->entries, sizeof(p->entries))) > 0)
		for (long i = 0; i < got; i += ((struct entry *)(p->entries + i))->len)
			if (((struct entry *)(p->entries + i))->name[0] != '.')
				read_link(p, &f, ((struct entry *)(p->entries + i))->name);
	close(f.dir);
	return got < 0 ? (int)-errno : 0;
}
