/* SPDX-License-Identifier: ISC
 *
 * openfiles - --open: which of the files that somebody asks for a process has open, and how often.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "tasks.h"

#define PATHS 64 /* of a process, told apart */

struct found {
	const struct proc_opts *opts;
	char *paths[PATHS];
	uint64_t counts[PATHS];
	size_t n;
	uint64_t more; /* descriptors of files beyond those */
};

static bool matches(const struct proc_opts *o, const char *path)
{
	for (unsigned i = 0; i < o->n_open; i++)
		if (fnmatch(o->open[i], path, 0) == 0)
			return true;
	return false;
}

static void take(void *arg, const char *path)
{
	struct found *f = arg;

	if (!matches(f->opts, path))
		return;
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->paths[i], path) == 0) {
			f->counts[i]++;
			return;
		}
	if (f->n < PATHS && (f->paths[f->n] = strdup(path)))
		f->counts[f->n++] = 1;
	else
		f->more++;
}

static void emit(struct bsample *s, const struct bsample_row *row, uint32_t pid, const char *path, uint64_t count)
{
	struct bt_rec r;

	bsample_start(s, &r, BT_KIND_SAMPLE, "proc", row->read_ns, 0);
	bt_rec_u64(&r, "pid", pid);
	bt_rec_text(&r, "comm", row->dims[1], row->dim_len[1]);
	if (path)
		bt_rec_str(&r, "path", path);
	bt_rec_count(&r, "open", "count", BT_BETTER_NONE, count);
	bsample_emit(s, &r);
}

void openfiles_emit(struct bsample *s, const struct bsample_row *row)
{
	struct found f = { .opts = &s->proc };
	uint32_t pid = (uint32_t)strtoul(row->dims[0], NULL, 10);

	if (procfs_files(&s->tasks->procfs, pid, take, &f) < 0 && f.n == 0)
		return;
	for (size_t i = 0; i < f.n; i++) {
		emit(s, row, pid, f.paths[i], f.counts[i]);
		free(f.paths[i]);
	}
	if (f.more)
		emit(s, row, pid, NULL, f.more);
}
