/* SPDX-License-Identifier: ISC
 *
 * sort - heapsort of pseudo-random 64-bit numbers.
 *
 * Shape: dependent loads from L1 and comparisons that go either way; IPC about 1. Sixteen different arrays in turn, for the
 * reason given in branch.c.
 */
#include "bcpu.h"
#include "rng.h"

#define NUMBERS 2048

static const uint64_t golden[16] = {
	0xc1926fc771148681, 0x74af704adc4d9b5c, 0xdde2e05435af1dbf, 0x527b802917bd9c62,
	0xe4d0b1c94a26bf2b, 0xade9fa8730a62e1f, 0x93aaa208299819f4, 0xf8abf830a2ad9bc7,
	0x20fe677eec268d9f, 0xe828cb25f19c6256, 0xa2bd24fdcaf28074, 0x00c47ed533751d87,
	0x9bc1453771902bcc, 0x0ce003438e6eb63b, 0x9cd1da0eb278f1e0, 0x511943471a3f0737
};

static void sift(uint64_t *heap, size_t at, size_t count)
{
	uint64_t v = heap[at];
	size_t child;

	while ((child = 2 * at + 1) < count) {
		child += child + 1 < count && heap[child + 1] > heap[child];
		if (v >= heap[child])
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = v;
}

static void heapsort(uint64_t *v, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift(v, i, count);
	while (--count > 0) {
		uint64_t largest = v[0];

		v[0] = v[count];
		v[count] = largest;
		sift(v, 0, count);
	}
}

static uint64_t batch(struct bcpu_work *k)
{
	uint64_t *v = k->data, sum = 0;
	struct bt_rng rng;

	bt_rng_seed(&rng, 200 + k->round % 16);
	for (size_t i = 0; i < NUMBERS; i++)
		v[i] = bt_rng_next(&rng);
	heapsort(v, NUMBERS);
	for (size_t i = 0; i < NUMBERS; i++)
		sum = sum * 0x9e3779b97f4a7c15u + v[i]; /* depends on the order */
	return sum;
}

static const struct bcpu_isa isas[] = { { NULL, NULL, batch } };

const struct bcpu_kernel bcpu_sort = {
	.name = "sort", .id = "sort.1", .help = "heapsort of random numbers", .work = "2048 64-bit numbers sorted",
	.golden = golden, .rounds = 16, .size = NUMBERS * sizeof(uint64_t), .isas = isas,
};
