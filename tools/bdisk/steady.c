/* SPDX-License-Identifier: ISC
 *
 * steady - whether the last intervals look like a steady state, by the rule of SNIA's Solid State Storage Performance Test
 * Specification: over five of them no two differ by more than 20 % of the mean, and a line through them rises or falls by no
 * more than 10 % of it from the first to the last.
 */
#include <math.h>
#include <string.h>

#include "bdisk.h"

static bool judge(struct bdisk_steady *s)
{
	double least = s->iops[0], most = s->iops[0], sum = 0, slope = 0;

	for (int i = 0; i < BDISK_STEADY; i++) {
		sum += s->iops[i];
		slope += (i - (BDISK_STEADY - 1) / 2.0) * s->iops[i];
		least = fmin(least, s->iops[i]);
		most = fmax(most, s->iops[i]);
	}
	s->mean = sum / BDISK_STEADY;
	slope /= BDISK_STEADY * (BDISK_STEADY * BDISK_STEADY - 1) / 12.0; /* least squares over evenly spaced points */
	return s->mean > 0 && most - least <= 0.2 * s->mean && fabs(slope) * (BDISK_STEADY - 1) <= 0.1 * s->mean;
}

void bdisk_steady_add(struct bdisk_steady *s, double iops)
{
	if (s->settled)
		return;
	if (s->n == BDISK_STEADY)
		memmove(s->iops, s->iops + 1, (BDISK_STEADY - 1) * sizeof(*s->iops));
	else
		s->n++;
	s->iops[s->n - 1] = iops;
	s->settled = s->n == BDISK_STEADY && judge(s);
}

bool bdisk_steady_enough(struct bt_loadtool *t)
{
	return ((const struct bdisk *)t)->settling.settled;
}
