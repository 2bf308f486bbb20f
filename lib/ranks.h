/* SPDX-License-Identifier: ISC
 *
 * ranks - the percentiles that were asked for, and their names in records.
 */
#ifndef BT_RANKS_H
#define BT_RANKS_H

#define BT_RANKS_MAX 16

struct bt_rank {
	double p;      /* 0..100 */
	char name[24]; /* p50, p99; p999 for 99.9; p12_5 for 12.5 */
};

struct bt_ranks {
	unsigned n;
	struct bt_rank rank[BT_RANKS_MAX]; /* ascending, each once */
};

/* bt_ranks_parse - a list such as "50,99,99.9". Returns 0, or -EINVAL or -ENOMEM with a sentence in why. */
int bt_ranks_parse(struct bt_ranks *r, const char *list, char why[128]);

#endif
