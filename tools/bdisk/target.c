/* SPDX-License-Identifier: ISC
 *
 * target - where the I/O goes: an unnamed file in a directory, a file that is given, a block device. Refuses what would
 * destroy data, what does not fit, and what cannot be done there; nothing has been written yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bdisk.h"
#include "blocksig.h"
#include "err.h"
#include "tmpfile.h"

#define DEFAULT_BYTES (256ull << 20)
#define MOUNTS_MAX (1u << 20) /* bytes of /proc/self/mountinfo */
#define PROBES 256            /* blocks looked at for data of others */
#define PROBE_BYTES 4096u
#define CLAIM_TRIES 10
#define CLAIM_PAUSE_US 50000

/* How a user would say it. */
static const char *name_of(const struct bdisk_target *t)
{
	return t->file ? t->file : t->dir;
}

static _Noreturn void cannot(const struct bdisk_target *t, int error)
{
	int status = error == ENOENT || error == EISDIR || error == ENOTDIR || error == EINVAL ? BT_EXIT_USAGE : BT_EXIT_UNABLE;

	if (error == EROFS)
		bt_die(status, "%s: read-only file system; only tests that read a --file work there", name_of(t));
	bt_die(status, "%s: %s", name_of(t), strerror(error));
}

/* The device and the mount of what is open in t->fd. */
static void find_device(struct bdisk *b, const struct stat *st)
{
	struct bdisk_target *t = &b->target;
	unsigned major = major(t->block ? st->st_rdev : st->st_dev), minor = minor(t->block ? st->st_rdev : st->st_dev);
	char *mounts = bt_src_text(&b->tool.src, MOUNTS_MAX, "/proc/self/mountinfo");
	struct stat source;
	struct statx sx;
	uint64_t id = 0;

	if (!t->block && statx(t->fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) == 0 && sx.stx_mask & STATX_MNT_ID)
		id = sx.stx_mnt_id;
	if (mounts)
		bt_mount_find(&t->mount, mounts, id, major, minor);
	free(mounts);
	/* btrfs and others show a device of their own making: then the mount's source is the real one. */
	if (major == 0 && t->mount.source[0] == '/' && stat(t->mount.source, &source) == 0 && S_ISBLK(source.st_mode)) {
		major = major(source.st_rdev);
		minor = minor(source.st_rdev);
	}
	bt_blockdev_read(&t->dev, &b->tool.src, major, minor);
}

/* A new file: without a name at first, if it is to have one. */
static void open_new(struct bdisk *b)
{
	struct bdisk_target *t = &b->target;
	char path[PATH_MAX];

	if (t->file) {
		bt_src_copy(path, sizeof(path), t->file);
		t->dir = strdup(dirname(path));
		t->unnamed = true;
		t->fd = open(t->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
		if (t->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
			bt_die(BT_EXIT_UNABLE, "%s: files without a name cannot be made there; make it yourself, empty, and it will be filled",
			       t->file);
		t->fd = t->fd < 0 ? -errno : t->fd;
	} else {
		t->fd = bt_tmpfile_open(t->dir, 0);
	}
	if (t->fd < 0)
		cannot(t, -t->fd);
	t->fresh = true;
}

static void open_old(struct bdisk_target *t, bool write)
{
	t->fd = open(t->file, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (t->fd < 0)
		cannot(t, errno);
}

/* A descriptor of the device that nobody else can share: refused when it is mounted, or part of something. */
static void claim(struct bdisk_target *t)
{
	int fd = -1;

	/* Whoever has just let it go (an io_uring, udev) may need a moment for that. */
	for (int i = 0; i < CLAIM_TRIES && fd < 0; i++) {
		if (i > 0)
			usleep(CLAIM_PAUSE_US);
		fd = open(t->file, O_RDWR | O_EXCL | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 && errno != EBUSY)
			break;
	}
	if (fd < 0 && errno == EBUSY)
		bt_die(BT_EXIT_UNABLE, "%s is in use (%s%s); only tests that read work on it", t->file,
		       t->mount.fs[0] ? "mounted as " : t->dev.held ? "part of another device" : "claimed by the kernel",
		       t->mount.fs);
	if (fd < 0)
		cannot(t, errno);
	close(t->fd);
	t->fd = fd;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* Looks at blocks all over it: how many hold zeros, and how many data that bdisk did not write. Block i of n. */
static void probe(const struct bdisk_target *t, unsigned *zeros, unsigned *foreign)
{
	unsigned char *page = aligned_alloc(PROBE_BYTES, PROBE_BYTES);

	*zeros = *foreign = 0;
	for (uint64_t i = 0; page && i < PROBES; i++) {
		uint64_t blocks = t->size / PROBE_BYTES, block = blocks > 1 ? (blocks - 1) * i / (PROBES - 1) : 0;
		ssize_t got = pread(t->fd, page, PROBE_BYTES, (off_t)(block * PROBE_BYTES));

		if (got <= 0 || all_zero(page, (size_t)got))
			*zeros += 1;
		else if (!bdisk_data_ours(page, (size_t)got / BDISK_SECTOR * BDISK_SECTOR, block * PROBE_BYTES))
			*foreign += 1;
	}
	free(page);
}

/* What is there already may be other people's. */
static void check_content(struct bdisk *b, bool write)
{
	struct bdisk_target *t = &b->target;
	const char *signature = t->block ? bt_blocksig_find(t->fd, t->size) : NULL;
	unsigned zeros, foreign;

	probe(t, &zeros, &foreign);
	if (write && !b->destroy && signature)
		bt_die(BT_EXIT_USAGE, "%s holds data (%s); --destroy-data overwrites it", t->file, signature);
	if (write && !b->destroy && foreign)
		bt_die(BT_EXIT_USAGE, "%s holds data that is not from bdisk; --destroy-data overwrites it", t->file);
	t->blank = t->block && zeros > PROBES / 2;
}

static void open_given(struct bdisk *b, bool write)
{
	struct bdisk_target *t = &b->target;
	struct stat st;

	if (stat(t->file, &st) < 0) {
		if (errno != ENOENT)
			cannot(t, errno);
		open_new(b);
		return;
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		bt_die(BT_EXIT_USAGE, "%s: neither a regular file nor a block device", t->file);
	t->block = S_ISBLK(st.st_mode);
	t->kind = t->block ? "device" : "file";
	open_old(t, write || (!t->block && st.st_size == 0));
	if (fstat(t->fd, &st) < 0)
		cannot(t, errno);
	t->size = (uint64_t)st.st_size;
	if (t->block && ioctl(t->fd, BLKGETSIZE64, &t->size) < 0)
		cannot(t, errno);
	t->fresh = !t->block && t->size == 0;
}

/* How direct I/O must be aligned; 0: there is none. */
static uint32_t direct_align(const struct bdisk_target *t)
{
	uint32_t align = t->dev.logical ? t->dev.logical : 4096;
#ifdef STATX_DIOALIGN
	struct statx sx;

	if (statx(t->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &sx) == 0 && sx.stx_mask & STATX_DIOALIGN) {
		if (sx.stx_dio_offset_align == 0 || sx.stx_dio_mem_align > 4096)
			return 0;
		align = sx.stx_dio_offset_align;
	}
#endif
	return fcntl(t->fd, F_SETFL, fcntl(t->fd, F_GETFL) | O_DIRECT) < 0 ? 0 : align;
}

/* Newer kernels accept O_DIRECT there, and it still is memory. */
static bool in_memory(const struct bdisk_target *t)
{
	return !strcmp(t->mount.fs, "tmpfs") || !strcmp(t->mount.fs, "ramfs");
}

static void choose_cache(struct bdisk *b)
{
	struct bdisk_target *t = &b->target;
	uint32_t align;

	t->cache = (enum bdisk_cache)b->cache;
	t->align = BDISK_SECTOR;
	fcntl(t->fd, F_SETFL, fcntl(t->fd, F_GETFL) & ~O_NONBLOCK);
	if (t->cache != BDISK_DIRECT)
		return;
	align = in_memory(t) ? 0 : direct_align(t);
	if (align == 0) {
		t->cache = BDISK_BUFFERED;
		t->taint |= BT_TAINT_CACHED;
		return;
	}
	t->align = align;
	for (unsigned i = 0; i < b->sizes.n; i++)
		if (b->sizes.bytes[i] % align)
			bt_die(BT_EXIT_USAGE, "-b, --block-size: direct I/O there needs multiples of %u bytes; --cache warm or cold takes others",
			       align);
}

static void choose_bytes(struct bdisk *b)
{
	struct bdisk_target *t = &b->target;
	uint64_t most = 0, least;

	t->bytes = b->size ? b->size : t->fresh ? DEFAULT_BYTES : t->size;
	if (!t->fresh && t->bytes > t->size)
		bt_die(BT_EXIT_USAGE, "%s has %llu bytes, fewer than the %llu of -s", t->file, (unsigned long long)t->size,
		       (unsigned long long)t->bytes);
	t->bytes -= t->bytes % (t->align > BDISK_SECTOR ? t->align : BDISK_SECTOR);
	for (size_t i = 0; i < b->tool.load.n_threads; i++)
		most = b->tool.load.threads[i] > most ? b->tool.load.threads[i] : most;
	least = most * b->sizes.most;
	if (bdisk_part(b, (uint32_t)most) == 0)
		bt_die(BT_EXIT_USAGE, "%llu bytes are too few: %llu workers with blocks of %llu need %llu", (unsigned long long)t->bytes,
		       (unsigned long long)most, (unsigned long long)b->sizes.most, (unsigned long long)least);
}

static void check_room(const struct bdisk *b)
{
	const struct bdisk_target *t = &b->target;
	uint64_t room = 0;
	int rc;

	if (!t->fresh)
		return;
	rc = bt_tmpfile_room(t->dir ? t->dir : t->file, t->bytes, b->capacity, &room);
	if (rc == -EDQUOT)
		bt_die(BT_EXIT_USAGE, "%llu bytes are more than --capacity allows (%llu)", (unsigned long long)t->bytes,
		       (unsigned long long)b->capacity);
	if (rc == -ENOSPC)
		bt_die(BT_EXIT_UNABLE, "%s: no room for %llu bytes, only for %llu; -s takes less", name_of(t), (unsigned long long)t->bytes,
		       (unsigned long long)room);
	if (rc < 0)
		cannot(t, -rc);
}

/* The lock is on the whole disk: partitions share its heads, or its channels. */
static void name_resource(struct bdisk *b)
{
	static char resource[48], resource_is[64];
	const struct bdisk_target *t = &b->target;

	if (t->dev.disk[0])
		snprintf(resource, sizeof(resource), "disk:%s", t->dev.disk);
	else
		snprintf(resource, sizeof(resource), "disk:%.20s", t->mount.fs[0] ? t->mount.fs : "none");
	snprintf(resource_is, sizeof(resource_is), "the disk %.40s", resource + strlen("disk:"));
	b->tool.resource = resource;
	b->tool.resource_is = resource_is;
}

void bdisk_target_open(struct bdisk *b, bool write)
{
	struct bdisk_target *t = &b->target;
	struct stat st;

	b->tool.src.root = b->tool.load.root;
	t->kind = t->file ? "file" : "temp";
	if (t->file)
		open_given(b, write);
	else
		open_new(b);
	if (fstat(t->fd, &st) < 0)
		cannot(t, errno);
	find_device(b, &st);
	if (t->block && write)
		claim(t);
	if (!t->fresh)
		check_content(b, write);
	choose_cache(b);
	choose_bytes(b);
	check_room(b);
	name_resource(b);
}
