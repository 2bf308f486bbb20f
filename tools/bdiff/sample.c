/* SPDX-License-Identifier: ISC
 *
 * sample - the observations of one side as the numbers that are judged: one of each run, or one of each repetition. Pure.
 */
#include <math.h>
#include <stdlib.h>

#include "sample.h"
#include "stat.h"

#define LEVEL 0.95          /* of the confidence intervals */
#define MAD_TO_SD 1.4826022 /* of a normal distribution */

/* Runs are numbered as they are read, so those of one file follow each other. */
static int compare(const void *a, const void *b)
{
	const struct bdiff_obs *x = a, *y = b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

size_t bdiff_sample_order(struct bdiff_values *s)
{
	size_t runs = 0;

	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), compare);
	for (uint32_t i = 0; i < s->n; i++)
		runs += i == 0 || s->v[i].run != s->v[i - 1].run;
	return runs;
}

/* The number of the run, or of the repetition, at v[*i]; moves *i behind it. */
static double next_number(const struct bdiff_values *s, uint32_t *i, enum bdiff_level level)
{
	uint32_t from = *i, middle;

	++*i;
	if (level == BDIFF_BY_REP)
		return s->v[from].value;
	while (*i < s->n && s->v[*i].run == s->v[from].run)
		++*i;
	middle = from + (*i - from) / 2;
	if ((*i - from) % 2 == 1)
		return s->v[middle].value;
	return s->v[middle - 1].value / 2 + s->v[middle].value / 2;
}

static double median_of(double *v, size_t n)
{
	bt_stat_sort(v, n);
	return bt_stat_median(v, n);
}

/* From the median absolute deviation, which few outliers cannot move. */
static double robust_spread(const double *v, size_t n, double median, double *work)
{
	if (n < 2 || median == 0)
		return NAN;
	for (size_t i = 0; i < n; i++)
		work[i] = fabs(v[i] - median);
	return MAD_TO_SD * median_of(work, n) / fabs(median);
}

/* Baselines are identical code, so what tells their medians apart is noise; but one that met a busy machine must not pass for
 * it: no regression smaller than that would ever be seen again. medians: n of them, overwritten. */
static double drift_of(double *medians, size_t n)
{
	double median = median_of(medians, n);

	return robust_spread(medians, n, median, medians);
}

/* The numbers of all files into room, the median of each file into medians. Returns how many files; *n: numbers, *before: how
 * many of them are of files before the last smooth. */
static size_t files_of(const struct bdiff_values *s, const struct bdiff_runs *runs, enum bdiff_level level, unsigned smooth,
		       double *room, size_t *n, size_t *before, double *medians)
{
	size_t files = 0, all = 0;

	for (uint32_t i = 0; i < s->n; i++)
		all += i == 0 || runs->v[s->v[i].run].file != runs->v[s->v[i - 1].run].file;
	*n = *before = 0;
	for (uint32_t i = 0; i < s->n; files++) {
		uint16_t file = runs->v[s->v[i].run].file;
		size_t start = *n;

		if (smooth > 0 && files + smooth == all)
			*before = start;
		while (i < s->n && runs->v[s->v[i].run].file == file)
			room[(*n)++] = next_number(s, &i, level);
		medians[files] = median_of(room + start, *n - start);
	}
	return files;
}

struct bdiff_sample bdiff_sample(const struct bdiff_values *s, const struct bdiff_runs *runs, enum bdiff_level level,
				 unsigned smooth, double *room, double *work)
{
	struct bdiff_sample sample = { .v = room };
	struct bdiff_figures *f = &sample.figures;
	size_t files, last, n, before;

	*f = (struct bdiff_figures){ .median = NAN, .lo = NAN, .hi = NAN, .spread = NAN };
	if (s->n == 0)
		return sample;
	files = files_of(s, runs, level, smooth, room, &n, &before, work);
	last = smooth > 0 && smooth < files ? smooth : files;
	sample.v += before;
	f->n = n - before;
	bt_stat_sort(sample.v, f->n);
	f->median = smooth > 0 ? median_of(work + files - last, last) : bt_stat_median(sample.v, f->n);
	f->drift = drift_of(work, files);
	if (bt_stat_median_ci(sample.v, f->n, LEVEL, &f->lo, &f->hi) <= 0)
		f->lo = f->hi = NAN;
	f->spread = robust_spread(sample.v, f->n, f->median, work);
	return sample;
}
