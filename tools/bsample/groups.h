/* SPDX-License-Identifier: ISC
 *
 * groups - the groups of figures, and what several of them need.
 */
#ifndef BSAMPLE_GROUPS_H
#define BSAMPLE_GROUPS_H

#include <dirent.h>

#include "bsample.h"

extern const struct bsample_group bsample_cpu, bsample_mem, bsample_disk, bsample_net, bsample_psi, bsample_irq, bsample_temp,
	bsample_freq, bsample_cgroup, bsample_gpu, bsample_proc, bsample_thread;

/* bsample_missing - t->why, made like printf. */
void bsample_missing(struct bsample_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* bsample_open_file - open() of a group whose state is one struct bt_reread. Returns 0, or -errno with t->why set. */
int bsample_open_file(struct bsample *s, struct bsample_table *t, const char *path);
void bsample_close_file(struct bsample_table *t);

/* bsample_more_files - allow ourselves as many open files as we may have. */
void bsample_more_files(void);

/* bsample_opendir - a directory below the source's root, or NULL. */
DIR *bsample_opendir(const struct bsample *s, const char *path);

/* bsample_psi_total - microseconds of the line that begins with how ("some" or "full") in a file of PSI; BSAMPLE_NONE without. */
uint64_t bsample_psi_total(const char *text, const char *how);

#endif
