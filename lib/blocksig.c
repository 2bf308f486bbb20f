/* SPDX-License-Identifier: ISC
 *
 * blocksig - what a device seems to hold: file systems, volumes and partition tables by their signatures.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blocksig.h"

#define PAGE 4096u /* what is read at a time: enough for direct I/O on any device */

/* Where a signature is: bytes from the start, or, negative, from the end; that of md from the end rounded down to what the offset
 * says (its superblock 0.90 lies 64 to 128 KiB before the end, at a multiple of 64 KiB). */
struct signature {
	const char *name;
	int64_t offset;
	unsigned len;
	const char *magic;
};

static const struct signature signatures[] = {
	{ "GPT", 512, 8, "EFI PART" },
	{ "GPT", 4096, 8, "EFI PART" },
	{ "GPT", -512, 8, "EFI PART" },
	{ "GPT", -4096, 8, "EFI PART" },
	{ "LUKS", 0, 6, "LUKS\xba\xbe" },
	{ "BitLocker", 3, 8, "-FVE-FS-" },
	{ "LVM2", 24, 8, "LVM2 001" },
	{ "LVM2", 512, 8, "LABELONE" },
	{ "LVM2", 1024, 8, "LABELONE" },
	{ "LVM2", 1536, 8, "LABELONE" },
	{ "xfs", 0, 4, "XFSB" },
	{ "ntfs", 3, 8, "NTFS    " },
	{ "exfat", 3, 8, "EXFAT   " },
	{ "vfat", 54, 3, "FAT" },
	{ "vfat", 82, 5, "FAT32" },
	{ "squashfs", 0, 4, "hsqs" },
	{ "cramfs", 0, 4, "\x45\x3d\xcd\x28" },
	{ "bcachefs", 4120, 16, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81" },
	{ "bcache", 4120, 16, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef" },
	{ "ext", 1080, 2, "\x53\xef" },
	{ "hfs", 1024, 2, "H+" },
	{ "hfs", 1024, 2, "HX" },
	{ "hfs", 1024, 2, "BD" },
	{ "apfs", 32, 4, "NXSB" },
	{ "erofs", 1024, 4, "\xe2\xe1\xf5\xe0" },
	{ "f2fs", 1024, 4, "\x10\x20\xf5\xf2" },
	{ "nilfs2", 1030, 2, "\x34\x34" },
	{ "minix", 1040, 2, "\x8f\x13" },
	{ "minix", 1040, 2, "\x68\x24" },
	{ "minix", 1048, 2, "\x5a\x4d" },
	{ "swap", 4086, 10, "SWAPSPACE2" },
	{ "swap", 4086, 10, "SWAP-SPACE" },
	{ "swap", 65526, 10, "SWAPSPACE2" }, /* 64 KiB pages */
	{ "md", 0, 4, "\xfc\x4e\x2b\xa9" },
	{ "md", 4096, 4, "\xfc\x4e\x2b\xa9" },
	{ "md", -8192, 4, "\xfc\x4e\x2b\xa9" },
	{ "md", -65536, 4, "\xfc\x4e\x2b\xa9" },
	{ "md", -131072, 4, "\xfc\x4e\x2b\xa9" },
	{ "iso9660", 32769, 5, "CD001" },
	{ "udf", 32769, 5, "NSR02" },
	{ "udf", 32769, 5, "BEA01" },
	{ "reiserfs", 65588, 8, "ReIsErFs" },
	{ "reiserfs", 65588, 9, "ReIsEr2Fs" },
	{ "jfs", 32768, 4, "JFS1" },
	{ "ufs", 9564, 4, "\x19\x01\x54\x19" },
	{ "ufs", 66908, 4, "\x19\x01\x54\x19" },
	{ "gfs2", 65536, 4, "\x01\x16\x19\x70" },
	{ "ocfs2", 8192, 6, "OCFSV2" },
	{ "btrfs", 65600, 8, "_BHRfS_M" },
	{ "zfs", 131072, 8, "\x0c\xb1\xba\x00\x00\x00\x00\x00" },
	{ "zfs", 132096, 8, "\x0c\xb1\xba\x00\x00\x00\x00\x00" },
	{ "zfs", 135168, 8, "\x0c\xb1\xba\x00\x00\x00\x00\x00" },
	{ "zfs", 131072, 8, "\x00\x00\x00\x00\x00\xba\xb1\x0c" },
	{ "zfs", 135168, 8, "\x00\x00\x00\x00\x00\xba\xb1\x0c" },
	{ "ceph", 0, 22, "bluestore block device" },
	{ "MBR", 510, 2, "\x55\xaa" }, /* last: a boot sector of many a file system ends like that as well */
};

static uint64_t place_of(const struct signature *s, uint64_t bytes)
{
	uint64_t back = (uint64_t)-s->offset;

	if (s->offset >= 0)
		return (uint64_t)s->offset;
	if (bytes < back)
		return UINT64_MAX;
	return back >= 65536 ? bytes / 65536 * 65536 - back / 65536 * 65536 : bytes - back;
}

/* The last page looked at. */
struct window {
	unsigned char *page;
	uint64_t at;
	size_t len;
};

static bool look(struct window *w, int fd, uint64_t at)
{
	ssize_t got;

	if (w->at == at)
		return w->len > 0;
	got = pread(fd, w->page, PAGE, (off_t)at);
	w->at = at;
	w->len = got > 0 ? (size_t)got : 0;
	return w->len > 0;
}

static bool matches(struct window *w, int fd, const struct signature *s, uint64_t bytes)
{
	uint64_t place = place_of(s, bytes), page = place / PAGE * PAGE;

	if (place >= bytes || bytes - place < s->len)
		return false;
	return look(w, fd, page) && place - page + s->len <= w->len && memcmp(w->page + (place - page), s->magic, s->len) == 0;
}

const char *bt_blocksig_find(int fd, uint64_t bytes)
{
	struct window w = { .page = aligned_alloc(PAGE, PAGE), .at = UINT64_MAX };
	const char *name = NULL;

	for (size_t i = 0; w.page && !name && i < sizeof(signatures) / sizeof(*signatures); i++)
		if (matches(&w, fd, &signatures[i], bytes))
			name = signatures[i].name;
	free(w.page);
	return name;
}
