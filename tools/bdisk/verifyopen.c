/* SPDX-License-Identifier: ISC
 *
 * verifyopen - what verify works on: found, refused where it must not be written, and made ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blocksig.h"
#include "err.h"
#include "verify.h"

#define FSYNC_EVERY 16 /* --durable without --fsync */
#define EPOCH_US 1577836800000000 /* 2020, so that 40 bits of milliseconds last until 2054 */

static void check_options(const struct bdisk *b)
{
	const struct bt_load_opts *l = &b->tool.load;

	if (b->sizes.n > 1)
		bt_die_usage("-b, --block-size: verify takes one size");
	if (b->depth > 1)
		bt_die_usage("-Q, --queue-depth: verify has one I/O of a worker under way; -t takes more workers");
	if (l->count || l->duration_set || l->rate > 0)
		bt_die_usage("verify ends when every block was written and read: no -d, -n or -r");
	if (b->check && (b->target.file || b->durable))
		bt_die_usage("--check only reads: not with --file or --durable");
	if (b->durable && !b->target.file)
		bt_die_usage("--durable needs a --file, for --check to be asked about later");
	if (b->ledger && !b->durable && !b->check)
		bt_die_usage("--ledger goes with --durable or --check");
	if (b->fsync != BDISK_FSYNC_NONE && !b->durable)
		bt_die_usage("--fsync: verify without --durable flushes once, when a generation is written");
	for (size_t i = 0; b->durable && i < l->n_threads; i++)
		if (l->threads[i] > 1)
			bt_die_usage("-t, --threads: --durable has one worker, so that what it acknowledges is in order");
}

static void settle(struct bdisk *b)
{
	b->engine = &bdisk_sync;
	b->tool.load.warmup_ns = 0;
	if (b->durable && b->fsync == BDISK_FSYNC_NONE) {
		b->fsync = BDISK_FSYNC_EVERY;
		b->fsync_every = FSYNC_EVERY;
		snprintf(b->fsync_text, sizeof(b->fsync_text), "%d", FSYNC_EVERY);
	}
	if (b->check)
		b->size = 0;
}

/* A file that holds something is ours if it says so in its head, and nothing else seems to be on it since. */
static void check_ours(struct bdisk *b)
{
	const char *file = b->target.file, *signature = NULL;
	struct bt_stampack ack;
	struct stat st;
	int fd, rc;

	if (b->destroy || stat(file, &st) < 0 || !(S_ISREG(st.st_mode) ? st.st_size > 0 : S_ISBLK(st.st_mode)))
		return;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return; /* bdisk_target_open says why */
	signature = bt_blocksig_find(fd, (uint64_t)lseek(fd, 0, SEEK_END));
	close(fd);
	rc = bdisk_head_find(file, &ack);
	if (signature)
		bt_die(BT_EXIT_USAGE, "%s holds data (%s); --destroy-data overwrites it", file, signature);
	if (rc == -ENOENT)
		bt_die(BT_EXIT_USAGE, "%s holds data that is not from bdisk verify; --destroy-data overwrites it", file);
	if (rc < 0)
		bt_die(BT_EXIT_TROUBLE, "%s: its first block cannot be read: %s", file, strerror(-rc));
	b->destroy = true;
}

/* Larger the later the run begins, so that of two in one file the later is known. */
static uint64_t new_id(void)
{
	uint64_t ms = (uint64_t)(bt_clock_wall_us() - EPOCH_US) / 1000;
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (uint32_t)getpid();
	return ms << 24 | random >> 8;
}

static void open_ledger(struct verify *v)
{
	const char *name = v->b->ledger;
	struct stat ledger, file;

	if (!name || v->b->tool.load.dry_run)
		return;
	v->ledger_fd = bdisk_ledger_open(name);
	if (v->ledger_fd == -EEXIST)
		bt_die(BT_EXIT_USAGE, "%s is no ledger of bdisk verify; name a new file", name);
	if (v->ledger_fd < 0)
		bt_die(BT_EXIT_USAGE, "%s: %s", name, strerror(-v->ledger_fd));
	if (fstat(v->ledger_fd, &ledger) == 0 && fstat(v->b->target.fd, &file) == 0 && ledger.st_dev == file.st_dev &&
	    ledger.st_ino == file.st_ino)
		bt_die(BT_EXIT_USAGE, "--ledger: %s is the file itself", name);
}

static void open_for_writing(struct verify *v)
{
	struct bdisk *b = v->b;
	struct bdisk_target *t = &b->target;

	if (t->file)
		check_ours(b);
	bdisk_target_open(b, true);
	v->fresh = t->fresh;
	v->bytes = (uint32_t)b->sizes.most;
	v->start = bt_stampack_start(v->bytes);
	if (t->bytes < v->start + v->bytes)
		bt_die(BT_EXIT_USAGE, "-s, --size: %llu bytes are too few for a head and one block, which take %llu",
		       (unsigned long long)t->bytes,
		       (unsigned long long)(v->start + v->bytes));
	v->blocks = v->present = (t->bytes - v->start) / v->bytes;
	t->bytes = v->start + v->blocks * v->bytes;
	v->ack = (struct bt_stampack){ .id = new_id(), .seed = b->tool.load.seed, .blocks = v->blocks, .generation = 1,
					.bytes = v->bytes };
	open_ledger(v);
}

/* What was acknowledged, by the file's head and the ledger. */
static void find_ack(struct verify *v)
{
	const struct bdisk *b = v->b;
	int rc = bdisk_head_find(b->check, &v->ack);
	bool known = rc == 0;

	if (rc == -ENOENT && access(b->check, F_OK) == 0)
		rc = b->ledger ? 0 : rc;
	else if (rc < 0)
		bt_die(rc == -ENOENT || rc == -EISDIR ? BT_EXIT_USAGE : rc == -EACCES || rc == -EPERM ? BT_EXIT_UNABLE : BT_EXIT_TROUBLE,
		       "%s: %s",
		       b->check, strerror(-rc));
	if (rc < 0)
		bt_die(BT_EXIT_USAGE, "%s was not written by bdisk verify, or has lost its head: --ledger may know of it", b->check);
	if (!b->ledger)
		return;
	rc = bdisk_ledger_find(b->ledger, &v->ack, known, &v->damaged);
	if (rc == -ENOENT && access(b->ledger, F_OK) == 0)
		bt_die(BT_EXIT_USAGE, "%s acknowledges nothing of the run that wrote %s", b->ledger, b->check);
	if (rc < 0)
		bt_die(BT_EXIT_USAGE, "%s: %s", b->ledger, strerror(-rc));
}

/* What is left of a file may be too little for any other test. */
static void open_remains(struct bdisk_target *t)
{
	t->kind = "file";
	t->cache = BDISK_BUFFERED;
	t->align = BDISK_SECTOR;
	t->fd = open(t->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (t->fd < 0)
		bt_die(BT_EXIT_UNABLE, "%s: %s", t->file, strerror(errno));
}

static void open_for_checking(struct verify *v)
{
	struct bdisk *b = v->b;
	struct bdisk_target *t = &b->target;
	struct stat st;

	find_ack(v);
	t->file = b->check;
	/* Sizes that every device takes, until it is known whether the file's own can be read directly. */
	b->sizes = (struct bdisk_sizes){ .n = 1, .bytes = { BDISK_PAGE }, .least = BDISK_SECTOR, .most = BDISK_SECTOR };
	b->tool.resource = b->tool.resource_is = "disk:none";
	if (stat(t->file, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size < (uint64_t)BT_LOAD_THREADS_MAX * BDISK_PAGE &&
	    (uint64_t)st.st_size < bt_stampack_start(v->ack.bytes) + v->ack.bytes)
		open_remains(t);
	else
		bdisk_target_open(b, false);
	t->size = t->block ? t->size : (uint64_t)st.st_size;
	v->bytes = v->ack.bytes;
	v->start = bt_stampack_start(v->bytes);
	v->blocks = v->ack.blocks;
	v->present = t->size < v->start ? 0 : (t->size - v->start) / v->bytes;
	v->present = v->present < v->blocks ? v->present : v->blocks;
	t->bytes = v->start + v->blocks * v->bytes;
	b->sizes.bytes[0] = b->sizes.most = b->sizes.least = v->bytes;
	snprintf(b->sizes.text, sizeof(b->sizes.text), "%u", v->bytes);
	if (t->cache == BDISK_DIRECT && v->bytes % t->align) {
		fcntl(t->fd, F_SETFL, fcntl(t->fd, F_GETFL) & ~O_DIRECT);
		t->cache = BDISK_COLD;
	}
}

void bdisk_verify_open(struct verify *v)
{
	check_options(v->b);
	settle(v->b);
	bt_loadtool_check(&v->b->tool);
	if (v->check)
		open_for_checking(v);
	else
		open_for_writing(v);
}

void bdisk_verify_order(struct bt_shuffle *s, const struct bt_stampack *ack, uint64_t generation)
{
	bt_shuffle_init(s, ack->blocks, ack->id ^ ack->seed ^ generation * 0x9e3779b97f4a7c15);
}

/* All space at once, so that a full disk is found while nothing is there yet. */
static int allocate(const struct bdisk_target *t)
{
	int rc = fallocate(t->fd, 0, 0, (off_t)t->bytes) < 0 ? -errno : 0;

	if (rc == -EOPNOTSUPP || rc == -ENOSYS)
		rc = ftruncate(t->fd, (off_t)t->bytes) < 0 ? -errno : 0;
	return rc;
}

/* The file gets its name with its head written, and both last. */
static int give_name(const struct bdisk_target *t)
{
	char path[32];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	if (linkat(AT_FDCWD, path, AT_FDCWD, t->file, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	fd = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

int bdisk_verify_begin(struct verify *v)
{
	struct bdisk_target *t = &v->b->target;
	int rc = v->fresh ? allocate(t) : 0;

	if (rc == 0)
		rc = bdisk_head_begin(t->fd, &v->ack);
	if (rc == 0 && t->unnamed)
		rc = give_name(t);
	if (rc == 0 && v->ledger_fd >= 0)
		rc = bdisk_ledger_append(v->ledger_fd, &v->ack);
	if (rc == 0)
		return 0;
	bt_warn("%s: %llu bytes cannot be prepared: %s", t->file ? t->file : t->dir, (unsigned long long)t->bytes, strerror(-rc));
	if (v->fresh && t->file && !t->unnamed && ftruncate(t->fd, 0) < 0)
		bt_warn("%s: what was written cannot be removed: %s", t->file, strerror(errno));
	v->b->tool.fail_status = rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG ? BT_EXIT_UNABLE : 0;
	return rc;
}
