/* SPDX-License-Identifier: ISC
 *
 * num - numbers as people type them: range-checked, complete, without locale.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "num.h"

struct suffix {
	const char *name;
	double factor;
};

static const struct suffix size_suffixes[] = {
	{ "", 1 }, { "B", 1 }, { "k", 0x1p10 }, { "M", 0x1p20 }, { "G", 0x1p30 }, { "T", 0x1p40 }, { "P", 0x1p50 },
	{ "kB", 0x1p10 }, { "MB", 0x1p20 }, { "GB", 0x1p30 }, { "TB", 0x1p40 }, { "PB", 0x1p50 },
	{ "kiB", 0x1p10 }, { "MiB", 0x1p20 }, { "GiB", 0x1p30 }, { "TiB", 0x1p40 }, { "PiB", 0x1p50 }, { NULL, 0 }
};

static const struct suffix time_suffixes[] = {
	{ "", 1e9 }, { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
	{ "d", 86400e9 }, { NULL, 0 }
};

static const struct suffix rate_suffixes[] = {
	{ "", 1 }, { "/s", 1 }, { "k", 1e3 }, { "k/s", 1e3 }, { "M", 1e6 }, { "M/s", 1e6 }, { "G", 1e9 }, { "G/s", 1e9 },
	{ NULL, 0 }
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int bt_num_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (!is_digit(*s))
		return -EINVAL;
	for (; is_digit(*s); s++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return -ERANGE;
	if (*s)
		return -EINVAL;
	if (v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

/* Length of a plain decimal number at s: digits, a fraction, an exponent when allowed; 0 if there is none. Keeps
 * strtod's nan, inf and hexadecimal forms out. */
static size_t decimal_length(const char *s, bool exponent)
{
	size_t i = 0, digits = 0;

	for (; is_digit(s[i]); i++)
		digits++;
	if (s[i] == '.')
		for (i++; is_digit(s[i]); i++)
			digits++;
	if (!digits)
		return 0;
	if (exponent && (s[i] == 'e' || s[i] == 'E')) {
		size_t e = i + 1 + (s[i + 1] == '+' || s[i + 1] == '-');

		if (!is_digit(s[e]))
			return i;
		while (is_digit(s[e]))
			e++;
		return e;
	}
	return i;
}

int bt_num_f64(const char *s, double min, double max, double *out)
{
	size_t sign = *s == '-' || *s == '+', len = decimal_length(s + sign, true);
	double v;

	if (!len || s[sign + len])
		return -EINVAL;
	v = strtod(s, NULL);
	if (!(v >= min && v <= max))
		return -ERANGE;
	*out = v;
	return 0;
}

/* A number with a suffix of the table, in the table's base unit. fold: upper and lower case are the same. */
static int scaled(const char *s, const struct suffix *table, bool fold, double *out)
{
	size_t len = decimal_length(s, false);

	if (!len)
		return -EINVAL;
	for (; table->name; table++)
		if (fold ? !strcasecmp(s + len, table->name) : !strcmp(s + len, table->name)) {
			*out = strtod(s, NULL) * table->factor;
			return 0;
		}
	return -EINVAL;
}

/* Whole numbers stay exact beyond 2^53; only fractions and suffixed values pass through a double. */
static int scaled_u64(const char *s, const struct suffix *table, bool fold, uint64_t min, uint64_t max, uint64_t *out)
{
	int rc = table->factor == 1 ? bt_num_u64(s, min, max, out) : -EINVAL;
	double v;

	if (rc != -EINVAL)
		return rc;
	rc = scaled(s, table, fold, &v);
	if (rc < 0)
		return rc;
	v = nearbyint(v);
	if (v >= 0x1p64 || (uint64_t)v < min || (uint64_t)v > max)
		return -ERANGE;
	*out = (uint64_t)v;
	return 0;
}

int bt_num_size(const char *s, uint64_t min, uint64_t max, uint64_t *out_bytes)
{
	return scaled_u64(s, size_suffixes, true, min, max, out_bytes);
}

int bt_num_time(const char *s, uint64_t min_ns, uint64_t max_ns, uint64_t *out_ns)
{
	return scaled_u64(s, time_suffixes, false, min_ns, max_ns, out_ns);
}

int bt_num_rate(const char *s, double min, double max, double *out_per_s)
{
	double v;
	int rc = scaled(s, rate_suffixes, true, &v);

	if (rc < 0)
		return rc;
	if (!(v >= min && v <= max))
		return -ERANGE;
	*out_per_s = v;
	return 0;
}

/* One unsigned number at *s, moving *s behind it. */
static int list_number(const char **s, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;

	if (!is_digit(**s))
		return -EINVAL;
	for (; is_digit(**s); (*s)++) {
		v = v * 10 + (uint64_t)(**s - '0');
		if (v > max)
			return -ERANGE;
	}
	*out = (uint32_t)v;
	return 0;
}

/* One item, "3" or "2-5", appended to out. */
static int list_item(const char **s, uint32_t max, uint32_t *out, size_t cap, size_t *n)
{
	uint32_t first, last;
	int rc = list_number(s, max, &first);

	last = first;
	if (rc == 0 && **s == '-') {
		(*s)++;
		rc = list_number(s, max, &last);
	}
	if (rc < 0)
		return rc;
	if (last < first)
		return -EINVAL;
	if (last - first >= cap - *n)
		return -E2BIG;
	for (uint64_t v = first; v <= last; v++)
		out[(*n)++] = (uint32_t)v;
	return 0;
}

int bt_num_list(const char *s, uint32_t max, uint32_t *out, size_t cap)
{
	size_t n = 0;

	for (;;) {
		int rc = list_item(&s, max, out, cap, &n);

		if (rc < 0)
			return rc;
		if (!*s)
			return (int)n;
		if (*s++ != ',')
			return -EINVAL;
	}
}
