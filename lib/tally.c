/* SPDX-License-Identifier: ISC
 *
 * tally - what one worker counted in one span (declared in load.h).
 */
#include "load.h"

void bt_tally_init(struct bt_tally *t)
{
	*t = (struct bt_tally){ .ops = 0 };
	bt_hist_init(&t->lat, 3);
	bt_hist_init(&t->svc, 3);
	bt_hist_init(&t->late, 3);
	bt_hist_init(&t->extra, 3);
	bt_hist_init(&t->extra2, 3);
	bt_hist_init(&t->extra3, 3);
}

void bt_tally_free(struct bt_tally *t)
{
	bt_hist_free(&t->lat);
	bt_hist_free(&t->svc);
	bt_hist_free(&t->late);
	bt_hist_free(&t->extra);
	bt_hist_free(&t->extra2);
	bt_hist_free(&t->extra3);
}

void bt_tally_reset(struct bt_tally *t)
{
	bt_hist_reset(&t->lat);
	bt_hist_reset(&t->svc);
	bt_hist_reset(&t->late);
	bt_hist_reset(&t->extra);
	bt_hist_reset(&t->extra2);
	bt_hist_reset(&t->extra3);
	t->extra_count = t->extra_count2 = t->ops = t->failed = t->errors = t->migrations = t->busy_ns = t->preemptions = 0;
}

int bt_tally_merge(struct bt_tally *t, const struct bt_tally *from)
{
	int rc;

	if ((rc = bt_hist_merge(&t->lat, &from->lat)) != 0 || (rc = bt_hist_merge(&t->svc, &from->svc)) != 0 ||
	    (rc = bt_hist_merge(&t->late, &from->late)) != 0 || (rc = bt_hist_merge(&t->extra, &from->extra)) != 0 ||
	    (rc = bt_hist_merge(&t->extra2, &from->extra2)) != 0 || (rc = bt_hist_merge(&t->extra3, &from->extra3)) != 0)
		return rc;
	t->extra_count += from->extra_count;
	t->extra_count2 += from->extra_count2;
	t->ops += from->ops;
	t->failed += from->failed;
	t->errors += from->errors;
	t->migrations += from->migrations;
	t->busy_ns += from->busy_ns;
	t->preemptions += from->preemptions;
	return 0;
}
