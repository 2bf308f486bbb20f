/* SPDX-License-Identifier: ISC
 *
 * zipf - skewed choices: a rank 0..n-1, of which low ones come up more often. Constant time and memory, however large n is.
 *
 * Zipf's law: rank k with a probability proportional to 1 / (k+1)^theta; by rejection-inversion (W. Hoermann, G. Derflinger,
 * ACM TOMACS 6, 1996). Pareto as storage benchmarks use it: the share h of the ranks has the share 1-h of the choices,
 * and so again within them.
 */
#ifndef BT_ZIPF_H
#define BT_ZIPF_H

#include <stdint.h>

#include "rng.h"

#define BT_ZIPF_THETA_MIN 0.01
#define BT_ZIPF_THETA_MAX 10.0
#define BT_PARETO_MIN 0.01
#define BT_PARETO_MAX 0.99

struct bt_zipf {
	uint64_t n;
	double theta, low, high, squeeze;
};

/* bt_zipf_init - ranks 0..n-1; theta within the range above. bt_zipf_next - one rank. */
void bt_zipf_init(struct bt_zipf *z, uint64_t n, double theta);
uint64_t bt_zipf_next(const struct bt_zipf *z, struct bt_rng *rng);

/* bt_pareto_power - of h, for bt_pareto_next: one rank of 0..n-1. */
double bt_pareto_power(double h);
uint64_t bt_pareto_next(uint64_t n, double power, struct bt_rng *rng);

#endif
