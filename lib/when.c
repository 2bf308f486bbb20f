/* SPDX-License-Identifier: ISC
 *
 * when - points in time as other programs write them.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "when.h"

#define SECOND_US 1000000
#define DAY_S 86400
#define LIMIT_US 9223372036854775 /* 2^63 ns */

/* Text that is being read. */
struct cursor {
	const char *p, *end;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly n digits. */
static bool take_digits(struct cursor *c, unsigned n, int *out)
{
	int v = 0;

	if (c->end - c->p < (long)n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (!is_digit(c->p[i]))
			return false;
		v = v * 10 + (c->p[i] - '0');
	}
	c->p += n;
	*out = v;
	return true;
}

static bool take_char(struct cursor *c, char want)
{
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

/* Days since 1970-01-01 in the Gregorian calendar, years beginning in March so that leap days come last (Hinnant,
 * "chrono-compatible low-level date algorithms"). */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static bool take_date(struct cursor *c, int64_t *days)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day;
	bool leap;

	if (!take_digits(c, 4, &year) || !take_char(c, '-') || !take_digits(c, 2, &month) || !take_char(c, '-') ||
	    !take_digits(c, 2, &day))
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1] + (month == 2 && leap))
		return false;
	*days = days_of(year, month, day);
	return true;
}

/* Behind the seconds. What is beyond microseconds is dropped. */
static bool take_fraction(struct cursor *c, int *us)
{
	int unit = SECOND_US / 10;

	*us = 0;
	if (c->p == c->end || (*c->p != '.' && *c->p != ','))
		return true;
	c->p++;
	if (c->p == c->end || !is_digit(*c->p))
		return false;
	for (; c->p < c->end && is_digit(*c->p); c->p++, unit /= 10)
		*us += (*c->p - '0') * unit;
	return true;
}

static bool take_clock(struct cursor *c, int64_t *us)
{
	int hour, minute, second = 0, fraction = 0;

	if (!take_digits(c, 2, &hour) || !take_char(c, ':') || !take_digits(c, 2, &minute))
		return false;
	if (take_char(c, ':') && (!take_digits(c, 2, &second) || !take_fraction(c, &fraction)))
		return false;
	if (hour > 24 || minute > 59 || second > 60 || (hour == 24 && (minute || second || fraction)))
		return false;
	*us = (int64_t)(hour * 3600 + minute * 60 + second) * SECOND_US + fraction;
	return true;
}

/* Seconds east of UTC. */
static bool take_zone(struct cursor *c, int *east)
{
	int hours, minutes = 0, sign;

	*east = 0;
	take_char(c, ' ');
	if (c->p == c->end || take_char(c, 'Z') || take_char(c, 'z'))
		return true;
	sign = *c->p == '-' ? -1 : 1;
	if (*c->p != '+' && *c->p != '-')
		return false;
	c->p++;
	if (!take_digits(c, 2, &hours))
		return false;
	if (c->p < c->end && (take_char(c, ':') || is_digit(*c->p)) && !take_digits(c, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*east = sign * (hours * 3600 + minutes * 60);
	return true;
}

static int number_text(const char *text, size_t len, int64_t *us)
{
	struct bt_number v;
	unsigned points = 0;

	if (len == 0 || len > 32 || !is_digit(text[len - 1]))
		return -EINVAL;
	for (size_t i = text[0] == '-'; i < len; i++) {
		points += text[i] == '.';
		if (!is_digit(text[i]) && (text[i] != '.' || points > 1))
			return -EINVAL;
	}
	return bt_json_number(text, len, &v) < 0 ? -EINVAL : bt_when_number(&v, us);
}

int bt_when_text(const char *text, size_t len, int64_t *us)
{
	struct cursor c = { text, text + len };
	int64_t days, clock = 0;
	int east = 0;

	if (!take_date(&c, &days))
		return number_text(text, len, us);
	if (c.p < c.end) {
		if (*c.p != 'T' && *c.p != 't' && *c.p != ' ')
			return -EINVAL;
		c.p++;
		if (!take_clock(&c, &clock) || !take_zone(&c, &east) || c.p != c.end)
			return -EINVAL;
	}
	days *= DAY_S;
	if (days <= -LIMIT_US / SECOND_US + DAY_S * 2 || days >= LIMIT_US / SECOND_US - DAY_S * 2)
		return -EINVAL;
	*us = (days - east) * SECOND_US + clock;
	return 0;
}

int bt_when_number(const struct bt_number *v, int64_t *us)
{
	double size = fabs(v->f);
	/* Microseconds in one unit of v, or how many units make a microsecond. */
	int64_t times = size < 1e11 ? 1000000 : size < 1e14 ? 1000 : 1, over = size < 1e17 ? 1 : 1000;
	double scaled = floor(v->f * (double)times / (double)over);
	__int128 exact;

	if (!(size < 9.2e18) || !(fabs(scaled) < (double)LIMIT_US))
		return -EINVAL;
	if (v->integer) {
		exact = v->i * times;
		*us = (int64_t)(exact / over - (exact % over < 0));
	} else {
		/* Seconds with six decimals are no multiples of 2^-n: rounding down would lose one in two. */
		*us = times == 1000000 ? (int64_t)llround(v->f * 1e6) : (int64_t)scaled;
	}
	return 0;
}
