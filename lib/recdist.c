/* SPDX-License-Identifier: ISC
 *
 * recdist - the distribution that a record holds: its histogram, or the values of an agg record of scalars.
 */
#include <errno.h>
#include <stdlib.h>

#include "recdist.h"

/* Only agg records of scalars have a scale. */
static int read_scale(const struct bt_rec_in *r, double *scale)
{
	const struct bt_json_field *f = r->kind == BT_KIND_AGG ? bt_json_find(r->json, "scale") : NULL;
	struct bt_number v;

	*scale = 1;
	if (!f || f->type == BT_JSON_NULL)
		return 0;
	if (f->type != BT_JSON_NUMBER || bt_json_number(f->val, f->val_len, &v) < 0 || !(v.f > 0))
		return -EINVAL;
	*scale = v.f;
	return 0;
}

/* Base64 has a slash, which some writers of JSON escape. */
static int decode(struct bt_histcodec *codec, struct bt_span s, struct bt_hist *h)
{
	char *plain;
	int rc;

	if (!s.escaped)
		return bt_hist_decode(codec, s.p, s.len, h);
	plain = malloc((size_t)s.len + 1);
	if (!plain)
		return -ENOMEM;
	rc = bt_hist_decode(codec, plain, bt_json_unescape(s.p, s.len, plain), h);
	free(plain);
	return rc;
}

int bt_rec_hist(const struct bt_rec_in *r, struct bt_histcodec **codec, struct bt_hist *h, double *scale)
{
	int rc = read_scale(r, scale);

	if (!r->hist.p)
		return -ENOENT;
	if (rc < 0)
		return rc;
	if (!*codec)
		*codec = bt_histcodec_new();
	if (!*codec)
		return -ENOMEM;
	rc = decode(*codec, r->hist, h);
	if (rc == 0 && h->n == r->n)
		return 0;
	return rc == -ENOMEM ? rc : -EINVAL;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* rest begins with the bracket or comma before the element. That the array is valid JSON the parser has seen to. */
int bt_rec_values_next(struct bt_span *rest, struct bt_number *v)
{
	const char *end = rest->p + rest->len, *p, *stop;

	if (rest->len == 0)
		return 0;
	p = stop = skip_blanks(rest->p + 1, end);
	while (stop < end && *stop != ',' && *stop != ']' && skip_blanks(stop, end) == stop)
		stop++;
	if (stop == p)
		return 0;
	if ((*p != '-' && (*p < '0' || *p > '9')) || bt_json_number(p, (size_t)(stop - p), v) < 0)
		return -EINVAL;
	rest->p = skip_blanks(stop, end);
	rest->len = (uint32_t)(end - rest->p);
	return 1;
}
