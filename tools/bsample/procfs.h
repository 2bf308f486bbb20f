/* SPDX-License-Identifier: ISC
 *
 * procfs - the figures of tasks from /proc, with as few calls as it takes: the directory is opened once, each file costs an open, a
 * read and a close. To keep the files open would save two of the three, but cost the kernel a page for each and us a descriptor.
 *
 * With --root the dump may change from pass to pass.
 */
#ifndef BSAMPLE_PROCFS_H
#define BSAMPLE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src.h"
#include "taskfig.h"

#define PROCFS_TEXT 16384 /* bytes of a file that are read */

struct procfs {
	const struct bt_src *src; /* borrowed */
	const char *root;         /* of what is open */
	int dir;                  /* /proc; -1: not open */
	uint32_t page_bytes;
	uint32_t fields;          /* bits of taskfig.known that are wanted; those of stat come in any case */
	bool processes, threads;  /* what is wanted: kind PROCESS, kind THREAD, or both */
	const uint32_t *pids;     /* the only processes to read; borrowed */
	size_t n_pids;            /* 0: all that there are */
	/* same: whether all is known of a process of one thread that has run for run_ns so far: who has not run has used
	 * nothing. Then it is not read, and take is not called. NULL: all are read. */
	bool (*same)(void *arg, uint32_t pid, uint64_t run_ns, uint64_t read_ns);
	uint32_t refused;         /* bits of known: files of some process may not be read */
	char text[PROCFS_TEXT];
	char entries[32768] __attribute__((aligned(8)));
};

/* procfs_open - returns 0 or -errno; close it in either case. The caller has set what is not its own. */
int procfs_open(struct procfs *p, const struct bt_src *src);

/* procfs_pass - take(arg, ...) for each task: f is valid during the call and was read at read_ns of CLOCK_MONOTONIC. Those that
 * end meanwhile are left out. Returns 0 or -errno when /proc itself cannot be read. */
int procfs_pass(struct procfs *p, void (*take)(void *arg, const struct taskfig *f, uint64_t read_ns), void *arg);

/* procfs_pss, procfs_fds - of one process: its proportional share of memory in bytes, its open descriptors. Return 0 or -errno:
 * -ESRCH when it has ended, -EACCES when it is another user's. */
int procfs_pss(struct procfs *p, uint32_t pid, uint64_t *bytes);
int procfs_fds(struct procfs *p, uint32_t pid, uint64_t *count);

/* procfs_command - its command line with blanks between the words, cut to fit; "" for a kernel thread. Returns the length or
 * -errno. */
int procfs_command(struct procfs *p, uint32_t pid, char *out, size_t cap);

/* procfs_files - take(arg, path) for each descriptor of the process. Returns 0 or -errno. */
int procfs_files(struct procfs *p, uint32_t pid, void (*take)(void *arg, const char *path), void *arg);

void procfs_close(struct procfs *p);

#endif
