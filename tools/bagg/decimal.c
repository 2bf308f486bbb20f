/* SPDX-License-Identifier: ISC
 *
 * decimal - numbers moved by powers of ten as text, so that nanoseconds become seconds without rounding.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "view.h"

/* 0.DIGITS times 10^point; no zero at either end. */
struct decimal {
	bool negative;
	int n, point;
	char digits[BT_FMT_I128_MAX];
};

/* s: a JSON number of at most BT_FMT_I128_MAX bytes. */
static void parse(struct decimal *d, const char *s)
{
	bool fraction = false;

	*d = (struct decimal){ .negative = *s == '-' };
	for (s += d->negative; *s && *s != 'e'; s++) {
		if (*s == '.') {
			fraction = true;
			continue;
		}
		if (*s != '0' || d->n > 0)
			d->digits[d->n++] = *s;
		d->point += (fraction ? 0 : d->n > 0) - (fraction && d->n == 0);
	}
	if (*s == 'e')
		d->point += (int)strtol(s + 1, NULL, 10);
	while (d->n > 0 && d->digits[d->n - 1] == '0')
		d->n--;
	d->point = d->n > 0 ? d->point : 1;
}

static void put_plain(struct bt_buf *b, const struct decimal *d)
{
	int whole = d->point > 0 ? d->point : 0, known = whole < d->n ? whole : d->n;

	bt_buf_str(b, whole == 0 || d->n == 0 ? "0" : "");
	bt_buf_add(b, d->digits, (size_t)known);
	if (d->n > 0)
		bt_buf_fill(b, '0', (size_t)(whole - known));
	if (d->n <= whole)
		return;
	bt_buf_char(b, '.');
	bt_buf_fill(b, '0', (size_t)(whole - d->point));
	bt_buf_add(b, d->digits + known, (size_t)(d->n - known));
}

static void put_exponent(struct bt_buf *b, const struct decimal *d)
{
	bt_buf_char(b, d->digits[0]);
	if (d->n > 1) {
		bt_buf_char(b, '.');
		bt_buf_add(b, d->digits + 1, (size_t)d->n - 1);
	}
	bt_buf_printf(b, "e%c%02d", d->point < 1 ? '-' : '+', abs(d->point - 1));
}

static bool put_special(struct bt_buf *b, const struct bt_number *v)
{
	if (v->integer || isfinite(v->f))
		return false;
	bt_buf_str(b, isnan(v->f) ? "NaN" : v->f > 0 ? "+Inf" : "-Inf");
	return true;
}

static void put(struct bt_buf *b, const struct decimal *d, int least, int most)
{
	if (d->negative)
		bt_buf_char(b, '-');
	if (d->n > 0 && (d->point - 1 < least || d->point - 1 >= most))
		put_exponent(b, d);
	else
		put_plain(b, d);
}

static void take(struct decimal *d, const struct bt_number *v, int shift)
{
	char text[BT_FMT_I128_MAX + 1];

	text[v->integer ? bt_fmt_i128(text, v->i) : bt_fmt_f64(text, v->f)] = '\0';
	parse(d, text);
	d->point -= d->n > 0 ? shift : 0;
}

void bagg_decimal(struct bt_buf *b, const struct bt_number *v, int shift)
{
	struct decimal d;

	if (put_special(b, v))
		return;
	take(&d, v, shift);
	put(b, &d, -6, 21);
}

void bagg_canonical(struct bt_buf *b, const struct bt_number *v, int shift)
{
	struct bt_buf exact = BT_BUF_INIT;
	struct bt_number nearest = { 0 };
	struct decimal d;
	size_t start = b->len;

	if (put_special(b, v))
		return;
	bagg_decimal(&exact, v, shift);
	nearest.f = strtod(bt_buf_cstr(&exact), NULL);
	bt_buf_free(&exact);
	take(&d, &nearest, 0);
	put(b, &d, -4, 6);
	if (!b->failed && !memchr(b->data + start, '.', b->len - start) && !memchr(b->data + start, 'e', b->len - start))
		bt_buf_str(b, ".0");
}
