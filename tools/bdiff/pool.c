/* SPDX-License-Identifier: ISC
 *
 * pool - the counts of many histograms, added up and packed: two or three bytes for each bucket that is not empty.
 */
#include <errno.h>
#include <stdlib.h>

#include "pool.h"

#define NUMBER_MAX 10 /* bytes of a packed number */

static uint8_t *put(uint8_t *p, uint64_t v)
{
	for (; v > 127; v >>= 7)
		*p++ = (uint8_t)(v | 128);
	*p++ = (uint8_t)v;
	return p;
}

static const uint8_t *get(const uint8_t *p, uint64_t *v)
{
	unsigned shift = 0;

	*v = 0;
	do
		*v |= (uint64_t)(*p & 127) << shift;
	while (shift += 7, *p++ & 128);
	return p;
}

static int pack(struct bdiff_pool *p, const struct bt_hist *h)
{
	uint32_t used = bt_hist_used(h), filled = 0, last = 0;
	uint8_t *bytes, *at, *fit;

	for (uint32_t i = 0; i < used; i++)
		filled += h->counts[i] > 0;
	bytes = at = malloc((size_t)filled * 2 * NUMBER_MAX + 1);
	if (!bytes)
		return -ENOMEM;
	for (uint32_t i = 0; i < used; i++) {
		if (h->counts[i] == 0)
			continue;
		at = put(put(at, i - last), h->counts[i]);
		last = i;
	}
	fit = realloc(bytes, (size_t)(at - bytes) + 1);
	free(p->bytes);
	p->len = (uint32_t)(at - bytes);
	p->bytes = fit ? fit : bytes;
	p->digits = h->digits;
	return 0;
}

/* In another scale a bucket is counted where its middle comes to lie. */
static uint64_t value_of(const struct bt_hist *layout, uint32_t i, double factor)
{
	double middle;

	if (factor == 1)
		return bt_hist_low(layout, i);
	middle = ((double)bt_hist_low(layout, i) + (double)bt_hist_high(layout, i)) / 2 * factor;
	return middle < 0x1p63 ? (uint64_t)(middle + 0.5) : BT_HIST_VALUE_MAX;
}

int bdiff_pool_load(const struct bdiff_pool *p, struct bt_hist *h, double scale)
{
	const uint8_t *at = p->bytes, *end = p->bytes + p->len;
	uint64_t step, count, dropped = h->dropped;
	struct bt_hist layout;
	uint32_t i = 0;

	if (p->len == 0)
		return 0;
	if (bt_hist_reduce(h, p->digits) < 0)
		return -ENOMEM;
	bt_hist_init(&layout, p->digits);
	while (at < end) {
		at = get(get(at, &step), &count);
		i += (uint32_t)step;
		bt_hist_add_n(h, value_of(&layout, i, scale / p->scale), count);
	}
	return h->dropped > dropped ? -ENOMEM : 0;
}

int bdiff_pool_add(struct bdiff_pool *p, struct bt_hist *h, double scale)
{
	int rc;

	if (p->len == 0)
		p->scale = scale;
	if (scale == p->scale) {
		rc = bdiff_pool_load(p, h, scale);
	} else {
		/* What came first keeps its buckets. */
		struct bdiff_pool other = { .scale = scale };
		struct bt_hist both;

		bt_hist_init(&both, p->digits);
		rc = pack(&other, h);
		if (rc == 0)
			rc = bdiff_pool_load(p, &both, p->scale);
		if (rc == 0)
			rc = bdiff_pool_load(&other, &both, p->scale);
		bt_hist_free(h);
		*h = both;
		bdiff_pool_free(&other);
	}
	return rc == 0 ? pack(p, h) : rc;
}

void bdiff_pool_free(struct bdiff_pool *p)
{
	free(p->bytes);
	*p = (struct bdiff_pool){ .scale = 1 };
}
