/* SPDX-License-Identifier: ISC
 *
 * accept - regressions that somebody has accepted, each for a reason and until a day.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "accept.h"
#include "bdiff.h"
#include "err.h"
#include "lines.h"
#include "sig.h"

#define REASON_MAX 1024 /* bytes: what one string of a record may take */

/* Keys of an entry that are no condition. */
static const char *const own_keys[] = { "reason", "expires", "max_pct" };

static bool is_own(const struct bt_json *j, const struct bt_json_field *f)
{
	for (size_t i = 0; i < sizeof(own_keys) / sizeof(own_keys[0]); i++)
		if (bt_json_find(j, own_keys[i]) == f)
			return true;
	return false;
}

static bool has_twice(const struct bt_json *j)
{
	for (size_t i = 0; i < j->n; i++)
		for (size_t k = i + 1; k < j->n; k++)
			if (bt_json_compare_keys(&j->fields[i], &j->fields[k]) == 0)
				return true;
	return false;
}

static int digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + p[i] - '0';
	}
	return v;
}

/* "2027-03-31" as 20270331; -1 for what is no day of the calendar. */
static int parse_day(const char *text)
{
	struct tm tm = { 0 };
	int y, m, d;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return -1;
	y = digits(text, 4);
	m = digits(text + 5, 2);
	d = digits(text + 8, 2);
	if (y < 1970 || m < 1 || d < 1)
		return -1;
	tm.tm_year = y - 1900;
	tm.tm_mon = m - 1;
	tm.tm_mday = d;
	/* The 31st of February becomes a day in March. */
	if (timegm(&tm) < 0 || tm.tm_mon != m - 1 || tm.tm_mday != d)
		return -1;
	return (y * 100 + m) * 100 + d;
}

static int today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	return ((tm.tm_year + 1900) * 100 + tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static bool take_text(const struct bt_json *j, const char *name, char *out, size_t cap)
{
	const struct bt_json_field *f = bt_json_find(j, name);

	if (!f || f->type != BT_JSON_STRING || f->val_len >= cap)
		return false;
	bt_rec_dim_value(f, out, cap);
	return *out != '\0';
}

static const char *take_limit(struct bdiff_accept *a, const struct bt_json *j)
{
	const struct bt_json_field *f = bt_json_find(j, "max_pct");
	struct bt_number v;

	a->max_pct = NAN;
	if (!f)
		return NULL;
	if (f->type != BT_JSON_NUMBER || bt_json_number(f->val, f->val_len, &v) < 0 || !(v.f >= 0))
		return "max_pct is no percentage of 0 or more";
	a->max_pct = v.f;
	return NULL;
}

/* Everything else is a condition. */
static const char *take_match(struct bdiff_accept *a, const struct bt_json *j)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct bt_json_field *f = &j->fields[i];

		if (is_own(j, f))
			continue;
		if (f->type == BT_JSON_NESTED || f->type == BT_JSON_NULL)
			return "a condition is neither a string, a number, true nor false";
		if (!bdiff_id_field(&a->match, f))
			return "a key or its value is too long";
	}
	return a->match.len > 0 ? NULL : "no condition: it would accept everything";
}

/* One line. Returns 0, -ENOMEM, or -EINVAL with *why set. */
static int take_entry(struct bdiff_accept *a, struct bt_json *j, const char *line, size_t len, const char **why)
{
	char reason[REASON_MAX + 1], expires[16];
	int rc = bt_json_parse(j, line, len), day;

	if (rc < 0) {
		*why = j->error;
		return rc;
	}
	if (!take_text(j, "reason", reason, sizeof(reason)))
		*why = "no reason, a text of 1 to 1024 bytes";
	else if (!take_text(j, "expires", expires, sizeof(expires)) || (day = parse_day(expires)) < 0)
		*why = "no date in expires, such as 2027-03-31";
	else if (has_twice(j))
		*why = "a key stands twice";
	else
		*why = take_limit(a, j);
	if (!*why)
		*why = take_match(a, j);
	if (*why)
		return -EINVAL;
	a->reason = strdup(reason);
	a->expired = today() > day;
	return a->reason && !a->match.failed ? 0 : -ENOMEM;
}

static int add_entry(struct bdiff_accepts *all, struct bt_json *j, const struct bt_lines *l, const char *line, size_t len)
{
	size_t cap = all->cap ? all->cap * 2 : 16;
	struct bdiff_accept *v, *a;
	const char *why = NULL;
	int rc;

	if (all->n == all->cap) {
		v = reallocarray(all->v, cap, sizeof(*v));
		if (!v)
			return -ENOMEM;
		all->v = v;
		all->cap = cap;
	}
	a = &all->v[all->n++];
	*a = (struct bdiff_accept){ .match = BT_BUF_INIT, .line = l->number };
	rc = take_entry(a, j, line, len, &why);
	if (rc == -EINVAL)
		bt_warn("%s:%" PRIu64 ": %s", l->name, l->number, why);
	if (rc == 0 && a->expired)
		bt_warn("%s:%" PRIu64 ": has expired and accepts nothing any more: %.200s", l->name, l->number, a->reason);
	return rc;
}

static int take_line(struct bdiff *d, const struct bt_lines *l, int got, const char *line, size_t len)
{
	if (bt_sig_caught())
		return -EINTR;
	if (got == BT_LINE_AGAIN)
		return 0;
	if (got == BT_LINE_TOO_LONG)
		bt_warn("%s:%" PRIu64 ": the line is too long", l->name, l->number);
	else if (got < 0)
		bt_warn("%s: %s", l->name, l->error ? l->error : strerror(-got));
	else
		return add_entry(&d->accepts, &d->json, l, line, len);
	return got < 0 ? got : -EINVAL;
}

int bdiff_accept_read(struct bdiff *d)
{
	struct bt_lines l;
	const char *line;
	size_t len;
	int rc, got;

	if (!d->opts.accept)
		return 0;
	rc = bt_lines_open(&l, d->opts.accept);
	if (rc < 0) {
		bt_warn("%s: %s", d->opts.accept, strerror(-rc));
		return rc;
	}
	l.wait = bt_sig_wait;
	while (rc == 0 && (got = bt_lines_next(&l, &line, &len)) != BT_LINE_EOF)
		rc = take_line(d, &l, got, line, len);
	bt_lines_close(&l);
	return rc;
}

/* Numbers are equal as numbers: 4096 is 4096.0. */
static bool same_value(const struct bdiff_part *a, const struct bdiff_part *b)
{
	struct bt_number x, y;

	if (a->is_string != b->is_string)
		return false;
	if (a->len == b->len && memcmp(a->value, b->value, a->len) == 0)
		return true;
	if (a->is_string || *a->value == 't' || *a->value == 'f' || *b->value == 't' || *b->value == 'f')
		return false;
	if (bt_json_number(a->value, a->len, &x) < 0 || bt_json_number(b->value, b->len, &y) < 0)
		return false;
	return x.integer && y.integer ? x.i == y.i : x.f == y.f;
}

static bool has_part(const char *id, const char *end, const struct bdiff_part *wanted)
{
	struct bdiff_part part;

	while ((id = bdiff_part_next(id, end, &part)))
		if (strcmp(part.name, wanted->name) == 0)
			return same_value(&part, wanted);
	return false;
}

static bool matches(const struct bdiff_accept *a, const char *id, const char *end)
{
	const char *p = a->match.data, *stop = p + a->match.len;
	struct bdiff_part wanted;

	while ((p = bdiff_part_next(p, stop, &wanted)))
		if (!has_part(id, end, &wanted))
			return false;
	return true;
}

const struct bdiff_accept *bdiff_accepted(const struct bdiff *d, const char *id, const char *end, double change_pct)
{
	for (size_t i = 0; i < d->accepts.n; i++) {
		struct bdiff_accept *a = &d->accepts.v[i];

		if (a->expired || !(isnan(a->max_pct) || fabs(change_pct) <= a->max_pct) || !matches(a, id, end))
			continue;
		a->used = true;
		return a;
	}
	return NULL;
}

void bdiff_accept_unused(const struct bdiff *d)
{
	for (size_t i = 0; i < d->accepts.n; i++) {
		const struct bdiff_accept *a = &d->accepts.v[i];

		if (!a->used && !a->expired)
			bt_note("%s:%" PRIu64 ": was not needed: %.200s", d->opts.accept, a->line, a->reason);
	}
}

void bdiff_accept_free(struct bdiff_accepts *a)
{
	for (size_t i = 0; i < a->n; i++) {
		bt_buf_free(&a->v[i].match);
		free((char *)a->v[i].reason);
	}
	free(a->v);
	memset(a, 0, sizeof(*a));
}
