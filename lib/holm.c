/* SPDX-License-Identifier: ISC
 *
 * holm - p-values of one family, so that chance alone passes for a finding no more often in all of them than in one.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "shift.h"

struct member {
	double p;
	size_t at;
};

static int ascending(const void *a, const void *b)
{
	double x = ((const struct member *)a)->p, y = ((const struct member *)b)->p;

	return (x > y) - (x < y);
}

int bt_holm(double *p, size_t n)
{
	struct member *family;
	size_t size = 0;
	double least = 0;

	if (n == 0)
		return 0;
	family = calloc(n, sizeof(*family));
	if (!family)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			family[size++] = (struct member){ p[i], i };
	qsort(family, size, sizeof(*family), ascending);
	for (size_t i = 0; i < size; i++) {
		least = fmax(least, fmin(1, (double)(size - i) * family[i].p));
		p[family[i].at] = least;
	}
	free(family);
	return 0;
}
