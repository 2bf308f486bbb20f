/* SPDX-License-Identifier: ISC
 *
 * symfiles - the symbols of the files that processes have mapped, each read once for all processes. Only where BPF=1.
 */
#ifndef BT_SYMFILES_H
#define BT_SYMFILES_H

#include <sys/stat.h>

#include "elfsyms.h"
#include "procmaps.h"
#include "src.h"

#define BT_SYMFILES_MAX 4096

struct bt_symfile {
	uint64_t dev, inode; /* 0 0 for what is no file, which path then tells apart */
	char *path;          /* as in /proc/PID/maps; owned */
	bool read;
	struct stat stamp;   /* of the file that was read */
	struct bt_elfsyms elf;
};

struct bt_symfiles {
	const struct bt_src *src; /* borrowed */
	struct bt_symfile *files;
	uint32_t n;
	size_t bytes; /* of all symbols */
};

/* bt_symfiles_init - returns 0 or -ENOMEM. */
int bt_symfiles_init(struct bt_symfiles *c, const struct bt_src *src);

/* bt_symfiles_find - the number of the file of a mapping, new or not, or -ENOMEM, also beyond BT_SYMFILES_MAX. Numbers are
 * valid until bt_symfiles_clear. */
int64_t bt_symfiles_find(struct bt_symfiles *c, const struct bt_procmap *m);

/* bt_symfiles_read - the symbols of file number i that pid has mapped from start to end, unless they are there already and the
 * file is still the same: an inode's number may come again. Beyond a bound on their size it drops those of the other files.
 * Returns 0, also when it has no symbols, or -errno when it cannot be opened; then what was there stays. */
int bt_symfiles_read(struct bt_symfiles *c, uint32_t i, uint32_t pid, uint64_t start, uint64_t end);

void bt_symfiles_clear(struct bt_symfiles *c);
void bt_symfiles_free(struct bt_symfiles *c);

#endif
