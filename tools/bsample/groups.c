/* SPDX-License-Identifier: ISC
 *
 * groups - the groups of figures, and what several of them need.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "groups.h"

const struct bsample_group *const bsample_groups[] = {
	&bsample_cpu,
};
const unsigned bsample_group_count = sizeof(bsample_groups) / sizeof(bsample_groups[0]);

void bsample_missing(struct bsample_table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
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
