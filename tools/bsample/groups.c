/* SPDX-License-Identifier: ISC
 *
 * groups - the groups of figures, and what several of them need.
 */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "groups.h"

const struct bsample_group *const bsample_groups[] = {
	&bsample_cpu, &bsample_mem, &bsample_disk, &bsample_net, &bsample_psi, &bsample_irq, &bsample_temp, &bsample_freq,
	&bsample_cgroup, &bsample_gpu, &bsample_proc, &bsample_thread,
};
const unsigned bsample_group_count = sizeof(bsample_groups) / sizeof(bsample_groups[0]);

void bsample_missing(struct bsample_table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
}

int bsample_open_file(struct bsample *s, struct bsample_table *t, const char *path)
{
	struct bt_reread *f = calloc(1, sizeof(*f));
	int rc = f ? bt_reread_open(f, &s->src, "%s", path) : -ENOMEM;

	t->state = f;
	if (rc < 0)
		bsample_missing(t, "%s: %s", path, strerror(-rc));
	return rc;
}

void bsample_close_file(struct bsample_table *t)
{
	if (t->state)
		bt_reread_close(t->state);
	free(t->state);
	t->state = NULL;
}

uint64_t bsample_now(const struct bsample *s)
{
	return bsample_live(s) ? bt_clock_monotonic() : s->dump_ns;
}

const char *bsample_text(const struct bsample *s, struct bsample_table *t, struct bt_reread *f)
{
	int rc = bt_reread(f);

	if (rc < 0) {
		errno = -rc;
		return NULL;
	}
	t->read_ns = bsample_live(s) ? f->begin_ns + (f->end_ns - f->begin_ns) / 2 : s->dump_ns;
	return f->data;
}

void bsample_more_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

DIR *bsample_opendir(const struct bsample *s, const char *path)
{
	char full[PATH_MAX];

	if (snprintf(full, sizeof(full), "%s%s", s->src.root, path) >= (int)sizeof(full))
		return NULL;
	return opendir(full);
}

bool bsample_dev_wanted(const struct bsample *s, const char *name, bool usual)
{
	bool any_allowed = false, allowed = false;

	for (unsigned i = 0; i < s->n_globs; i++) {
		if (s->globs_deny[i] && fnmatch(s->globs[i], name, 0) == 0)
			return false;
		any_allowed |= !s->globs_deny[i];
		allowed |= !s->globs_deny[i] && fnmatch(s->globs[i], name, 0) == 0;
	}
	return any_allowed ? allowed : usual;
}
