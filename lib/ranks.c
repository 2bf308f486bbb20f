/* SPDX-License-Identifier: ISC
 *
 * ranks - the percentiles that were asked for, and their names in records.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "num.h"
#include "ranks.h"

/* The point is left out where custom has it so (99.9 is p999), and is a low line elsewhere (12.5 is p12_5, not p125). */
static int name_rank(struct bt_rank *r)
{
	char digits[BT_FMT_F64_MAX];
	size_t n = bt_fmt_f64(digits, r->p), len = 0;

	if (n + 2 > sizeof(r->name) || memchr(digits, 'e', n))
		return -EINVAL;
	r->name[len++] = 'p';
	for (size_t i = 0; i < n; i++) {
		if (digits[i] != '.')
			r->name[len++] = digits[i];
		else if (r->p < 99.9)
			r->name[len++] = '_';
	}
	r->name[len] = '\0';
	return 0;
}

static int add_rank(struct bt_ranks *r, const char *text, char why[128])
{
	struct bt_rank new;
	unsigned i;

	/* A sign is not part of a name: -0 is in range. */
	if (text[0] == '-' || text[0] == '+' || bt_num_f64(text, 0, 100, &new.p) < 0 || name_rank(&new) < 0) {
		snprintf(why, 128, "'%.60s' is no percentile from 0 to 100", text);
		return -EINVAL;
	}
	for (i = 0; i < r->n; i++)
		if (r->rank[i].p == new.p)
			return 0;
	if (r->n == BT_RANKS_MAX) {
		snprintf(why, 128, "at most %d percentiles", BT_RANKS_MAX);
		return -EINVAL;
	}
	for (i = r->n++; i > 0 && r->rank[i - 1].p > new.p; i--)
		r->rank[i] = r->rank[i - 1];
	r->rank[i] = new;
	return 0;
}

int bt_ranks_parse(struct bt_ranks *r, const char *list, char why[128])
{
	char *copy = strdup(list), *rest = copy, *text;
	int rc = copy ? 0 : -ENOMEM;

	r->n = 0;
	if (!copy)
		snprintf(why, 128, "out of memory");
	while (rc == 0 && (text = strsep(&rest, ",")))
		rc = add_rank(r, text, why);
	free(copy);
	return rc;
}
