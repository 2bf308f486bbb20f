/* SPDX-License-Identifier: ISC
 *
 * blockdev - tests of what is said of a block device, and of the signatures on it (blocksig).
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "blockdev.h"
#include "blocksig.h"
#include "fixture.h"
#include "unit.h"

static void test_stat(void)
{
	static const char *const bad[] = { "", "1 2 3", "a b c d e f g", "1 2 3 4 5 6 x" };
	struct bt_blockstat s, later = { 110, 27, 1048576, 8192 }, d;

	/* Old kernels have 11 columns, newer ones 15 or 17. */
	CHECK_EQ(bt_blockstat_parse(&s, "     100        3      800       12       20        1       16        4        0       15       17"), 0);
	CHECK_EQ(s.reads, 100);
	CHECK_EQ(s.read_bytes, 800 * 512);
	CHECK_EQ(s.writes, 20);
	CHECK_EQ(s.written_bytes, 16 * 512);
	d = bt_blockstat_delta(&s, &later);
	CHECK_EQ(d.reads, 10);
	CHECK_EQ(d.writes, 7);
	CHECK_EQ(d.read_bytes, 1048576 - 409600);
	CHECK_EQ(d.written_bytes, 0);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_EQ(bt_blockstat_parse(&s, bad[i]), -EINVAL);
}

/* /sys of a machine with a disk of one partition, as the kernel lays it out: links, and the partition below its disk. */
static void make_disk(const char *dir)
{
	static const char *const disk = "/sys/devices/pci/nvme0n1";
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "/uevent", "MAJOR=259\nMINOR=0\nDEVNAME=nvme0n1\nDEVTYPE=disk\nDISKSEQ=1\n" },
		{ "/device/model", "Fast Disk 960  \n" },
		{ "/queue/scheduler", "[none] mq-deadline kyber\n" },
		{ "/queue/write_cache", "write back\n" },
		{ "/queue/rotational", "0\n" },
		{ "/queue/logical_block_size", "512\n" },
		{ "/queue/physical_block_size", "4096\n" },
		{ "/stat", "1 0 8 0 2 0 16 0 0 0 0\n" },
		{ "/holders/.keep", "" },
		{ "/nvme0n1p2/uevent", "MAJOR=259\nMINOR=2\nDEVNAME=nvme0n1p2\nDEVTYPE=partition\nPARTN=2\n" },
		{ "/nvme0n1p2/stat", "7 0 80 0 9 0 160 0 0 0 0\n" },
		{ "/nvme0n1p2/holders/dm-0", "" },
	};
	char path[512], target[512];

	for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s%s", disk, files[i].name);
		fixture_text(dir, path, files[i].text);
	}
	fixture_text(dir, "/sys/dev/block/.keep", "");
	snprintf(path, sizeof(path), "%s/sys/dev/block/259:0", dir);
	CHECK_EQ(symlink("../../devices/pci/nvme0n1", path), 0);
	snprintf(path, sizeof(path), "%s/sys/dev/block/259:2", dir);
	snprintf(target, sizeof(target), "../../devices/pci/nvme0n1/nvme0n1p2");
	CHECK_EQ(symlink(target, path), 0);
}

static void test_device(void)
{
	struct bt_blockstat s;
	struct bt_blockdev d;
	struct bt_src src;
	char dir[64];

	src.root = fixture_dir(dir);
	make_disk(dir);
	CHECK_EQ(bt_blockdev_read(&d, &src, 259, 0), 0);
	CHECK_STR(d.name, "nvme0n1");
	CHECK_STR(d.disk, "nvme0n1");
	CHECK_STR(d.model, "Fast Disk 960");
	CHECK_STR(d.scheduler, "none");
	CHECK_STR(d.write_cache, "write back");
	CHECK(!d.rotational && !d.held);
	CHECK_EQ(d.logical, 512);
	CHECK_EQ(d.physical, 4096);
	CHECK_EQ(bt_blockdev_stat(&s, &src, 259, 0), 0);
	CHECK_EQ(s.reads, 1);
	CHECK_EQ(bt_blockdev_read(&d, &src, 259, 2), 0);
	CHECK_STR(d.name, "nvme0n1p2");
	CHECK_STR(d.disk, "nvme0n1");
	CHECK_STR(d.scheduler, "none");
	CHECK_EQ(d.physical, 4096);
	CHECK(d.held);
	CHECK_EQ(bt_blockdev_stat(&s, &src, 259, 2), 0);
	CHECK_EQ(s.writes, 9);
	CHECK_EQ(bt_blockdev_read(&d, &src, 8, 0), -ENOENT);
	CHECK_STR(d.name, "");
	CHECK_EQ(bt_blockdev_stat(&s, &src, 8, 0), -ENOENT);
	fixture_text(dir, "/sys/devices/pci/nvme0n1/queue/scheduler", "none\n"); /* some have no choice, and no brackets */
	CHECK_EQ(bt_blockdev_read(&d, &src, 259, 0), 0);
	CHECK_STR(d.scheduler, "none");
	fixture_remove(dir);
}

static const char mounts[] =
	"22 27 0:21 / /proc rw,relatime - proc proc rw\n"
	"27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard,errors=remount-ro\n"
	"40 27 254:0 /home /home rw,nosuid,noatime master:3 propagate_from:2 - ext4 /dev/vda rw,discard,errors=remount-ro\n"
	"41 27 0:45 /@data /mnt/with\\040blank ro,relatime - btrfs /dev/sdb1 rw,compress=zstd:3,ssd\n"
	"junk\n"
	"43 27 8:1 / /old rw - ext3 /dev/sda1 \n";

static void test_mounts(void)
{
	struct bt_mount m;

	CHECK_EQ(bt_mount_find(&m, mounts, 27, 0, 0), 0);
	CHECK_STR(m.fs, "ext4");
	CHECK_STR(m.source, "/dev/vda");
	CHECK_STR(m.options, "rw,relatime,discard,errors=remount-ro");
	CHECK_EQ(bt_mount_find(&m, mounts, 41, 0, 0), 0);
	CHECK_STR(m.fs, "btrfs");
	CHECK_STR(m.options, "ro,relatime,rw,compress=zstd:3,ssd");
	CHECK_EQ(m.major, 0);
	CHECK_EQ(m.minor, 45);
	CHECK_EQ(bt_mount_find(&m, mounts, 0, 254, 0), 0); /* the last of them */
	CHECK_STR(m.options, "rw,nosuid,noatime,discard,errors=remount-ro");
	CHECK_EQ(bt_mount_find(&m, mounts, 43, 0, 0), 0);
	CHECK_STR(m.options, "rw");
	CHECK_EQ(bt_mount_find(&m, mounts, 99, 254, 0), -ENOENT);
	CHECK_EQ(bt_mount_find(&m, mounts, 0, 9, 9), -ENOENT);
	CHECK_EQ(bt_mount_find(&m, "", 27, 0, 0), -ENOENT);
	CHECK_EQ(bt_mount_find(&m, "27 1 254:0 / / rw", 27, 0, 0), -ENOENT);
}

/* A megabyte of zeros with bytes somewhere. */
static const char *found(uint64_t offset, const void *bytes, size_t len)
{
	int fd = memfd_create("disk", 0);
	const char *name = NULL;

	if (fd >= 0 && ftruncate(fd, 1 << 20) == 0 && pwrite(fd, bytes, len, (off_t)offset) == (ssize_t)len)
		name = bt_blocksig_find(fd, 1 << 20);
	close(fd);
	return name ? name : "";
}

static void test_signatures(void)
{
	static const struct {
		uint64_t offset;
		const char *bytes;
		size_t len;
		const char *name;
	} cases[] = {
		{ 1080, "\x53\xef", 2, "ext" },
		{ 0, "XFSB", 4, "xfs" },
		{ 65600, "_BHRfS_M", 8, "btrfs" },
		{ 4086, "SWAPSPACE2", 10, "swap" },
		{ 0, "LUKS\xba\xbe", 6, "LUKS" },
		{ 536, "LVM2 001", 8, "" }, /* without its label */
		{ 512, "LABELONE", 8, "LVM2" },
		{ 4096, "\xfc\x4e\x2b\xa9", 4, "md" },
		{ (1 << 20) - 65536, "\xfc\x4e\x2b\xa9", 4, "md" },
		{ (1 << 20) - 8192, "\xfc\x4e\x2b\xa9", 4, "md" },
		{ 512, "EFI PART", 8, "GPT" },
		{ (1 << 20) - 512, "EFI PART", 8, "GPT" },
		{ 510, "\x55\xaa", 2, "MBR" },
		{ 32769, "CD001", 5, "iso9660" },
		{ 82, "FAT32   ", 8, "vfat" },
		{ 54, "FAT16   ", 8, "vfat" },
		{ 3, "NTFS    ", 8, "ntfs" },
		{ 131072, "\x0c\xb1\xba\x00\x00\x00\x00\x00", 8, "zfs" },
		{ 1024, "\x10\x20\xf5\xf2", 4, "f2fs" },
		{ 5000, "nothing of the kind", 19, "" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_STR(found(cases[i].offset, cases[i].bytes, cases[i].len), cases[i].name);
}

static void test_no_signature(void)
{
	int fd = memfd_create("disk", 0);

	CHECK(bt_blocksig_find(fd, 0) == NULL);
	CHECK(bt_blocksig_find(-1, 1 << 20) == NULL);
	CHECK_EQ(pwrite(fd, "XFSB", 4, 0), 4);
	CHECK_STR(bt_blocksig_find(fd, 4), "xfs");
	CHECK(bt_blocksig_find(fd, 3) == NULL);
	close(fd);
}

static const struct unit_test tests[] = {
	{ "counters of a device", test_stat },
	{ "a disk and its partition", test_device },
	{ "mounts by their id and by device", test_mounts },
	{ "signatures at their places", test_signatures },
	{ "devices without any, too small ones", test_no_signature },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
