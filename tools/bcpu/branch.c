/* SPDX-License-Identifier: ISC
 *
 * branch - branches that nobody can predict.
 *
 * Shape: half of 16384 branches on random bits are mispredicted; the time is nearly all refilling of the pipeline, IPC below
 * 1 on wide cores. The bits are made on the fly and repeat only after 16 batches, 262144 branches: more than the history of
 * any predictor, which would learn a short array by heart.
 */
#include "bcpu.h"
#include "rng.h"

#define NUMBERS 4096

static const uint64_t golden[16] = {
	0xb530a163ed0c4483, 0xbafc80501fc6c729, 0xab2afb58a2aa51ee, 0xeca8ec5c75eb17f4,
	0x63a95cdf552c1010, 0xf629dcf271fe7e97, 0x621414248c89be45, 0xe9dc53ab2cb219d4,
	0xf62fc5b6facf4b75, 0x38d652961b243e68, 0x1275fd9add045560, 0xb648552f9af91e3c,
	0x949c7ec45035126d, 0xb8ec8d44a0295b7a, 0x449444fd37d4873e, 0x302bb70033ddc334
};

/* One branch that must stay one: an arm that holds an asm statement cannot become a conditional move. */
#define FORK(condition, yes, no) \
	do { \
		if (condition) { \
			yes; \
			__asm__ volatile("" : "+r"(sum)); \
		} else { \
			no; \
			__asm__ volatile("" : "+r"(sum)); \
		} \
	} while (0)

static uint64_t batch(struct bcpu_work *k)
{
	struct bt_rng rng;
	uint64_t sum = 0;

	bt_rng_seed(&rng, 100 + k->round % 16);
	for (unsigned i = 0; i < NUMBERS; i++) {
		uint64_t v = bt_rng_next(&rng);

		FORK(v & 1, sum += v, sum ^= v);
		FORK(v & 1 << 15, sum -= 3, sum = ~sum);
		FORK(v & 1u << 31, sum ^= sum >> 7, sum += sum << 3);
		FORK(v & 1ull << 47, sum += i, sum ^= v >> 9);
	}
	return sum;
}

static const struct bcpu_isa isas[] = { { NULL, NULL, batch } };

const struct bcpu_kernel bcpu_branch = {
	.name = "branch", .id = "branch.1", .help = "unpredictable branches", .work = "16384 branches on random bits",
	.golden = golden, .rounds = 16, .isas = isas,
};
