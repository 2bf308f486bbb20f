/* SPDX-License-Identifier: ISC
 *
 * kernel - which loops there are, what they read and must leave behind.
 *
 * All inputs are small whole numbers, so every result is exact whatever the vector width and whether or not the CPU rounds once or
 * twice. x repeats after 8 words, y after 16; no array equals another one, and `to` is poisoned before.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

/* Words of read: an odd multiple of the index, so that sums have a closed form and no word equals another one. */
#define WORD_STEP 0x9e3779b97f4a7c15ull
#define WORD_FIRST 0x243f6a8885a308d3ull

const struct bmem_isa *const bmem_isas[] = {
#if defined(__x86_64__)
	&bmem_avx512, &bmem_avx2, &bmem_sse2,
#elif defined(__aarch64__)
	&bmem_neon,
#else
	&bmem_generic,
#endif
	NULL
};

const struct bmem_isa *bmem_isa_find(const char *name)
{
	const struct bmem_isa *const *isa = bmem_isas;

	for (; *isa; isa++) {
		if (!strcmp((*isa)->name, name) || (!strcmp(name, "best") && (*isa)->usable()))
			return *isa;
		if (!strcmp(name, "portable") && !isa[1])
			return *isa;
	}
	return NULL;
}

/* Called through a pointer that the compiler cannot see through. */
uint64_t bmem_memcpy(void *to, const void *x, const void *y, size_t bytes)
{
	static void *(*volatile call)(void *, const void *, size_t) = memcpy;

	(void)y;
	call(to, x, bytes);
	return 0;
}

/* The op without regard to how it stores. */
static enum bmem_op plain(enum bmem_op op)
{
	if (op == BMEM_NTWRITE)
		return BMEM_WRITE;
	if (op == BMEM_MEMCPY)
		return BMEM_COPY;
	return op >= BMEM_NT ? op - BMEM_NT : op;
}

unsigned bmem_arrays_read(enum bmem_op op)
{
	static const unsigned counts[] = {
		[BMEM_COPY] = 1, [BMEM_SCALE] = 1, [BMEM_ADD] = 2, [BMEM_TRIAD] = 2, [BMEM_READ] = 1, [BMEM_WRITE] = 0
	};

	return counts[plain(op)];
}

unsigned bmem_arrays_written(enum bmem_op op)
{
	return op != BMEM_READ;
}

static double x_at(uint64_t i)
{
	return (double)(i % 8 + 1);
}

static double y_at(uint64_t i)
{
	return (double)(i / 2 % 8 + 20);
}

void bmem_fill(enum bmem_op op, void *x, void *y, size_t bytes)
{
	double *a = x, *b = y;
	uint64_t *words = x;

	for (uint64_t i = 0; x && i < bytes / sizeof(*a); i++)
		if (op == BMEM_READ)
			words[i] = WORD_FIRST + i * WORD_STEP;
		else
			a[i] = x_at(i);
	for (uint64_t i = 0; y && i < bytes / sizeof(*b); i++)
		b[i] = y_at(i);
}

uint64_t bmem_expected(enum bmem_op op, uint64_t i)
{
	double value = 0;
	uint64_t word;

	switch (plain(op)) {
	case BMEM_COPY: value = x_at(i); break;
	case BMEM_SCALE: value = BMEM_Q * x_at(i); break;
	case BMEM_ADD: value = x_at(i) + y_at(i); break;
	case BMEM_TRIAD: value = x_at(i) + BMEM_Q * y_at(i); break;
	default: return BMEM_PATTERN;
	}
	memcpy(&word, &value, sizeof(word));
	return word;
}

uint64_t bmem_wrong(enum bmem_op op, const void *to, uint64_t first, uint64_t count)
{
	const uint64_t *words = to;
	uint64_t wrong = 0, period[16];

	for (uint64_t i = 0; i < 16; i++)
		period[i] = bmem_expected(op, i);
	for (uint64_t i = first; i < first + count; i++)
		wrong += words[i] != period[i % 16];
	return wrong;
}

/* FIRST + FIRST + step * STEP + ... is an arithmetic series, modulo 2^64. Of n and n - 1 the even one is halved before they are
 * multiplied. */
uint64_t bmem_read_sum(uint64_t count, uint64_t step)
{
	uint64_t n = count / step, pairs = n % 2 ? (n - 1) / 2 * n : n / 2 * (n - 1);

	return n * WORD_FIRST + pairs * step * WORD_STEP;
}

/* The sums of the 512 words that each op leaves, or reads; computed apart from this program, with whole numbers of any length. */
static const uint64_t golden_sums[BMEM_WRITE + 1] = {
	[BMEM_COPY] = 0x1c00000000000000, [BMEM_SCALE] = 0x4dc0000000000000, [BMEM_ADD] = 0x77b0000000000000,
	[BMEM_TRIAD] = 0xa558000000000000, [BMEM_READ] = 0x3ace5620f3bf9100, [BMEM_WRITE] = 0xa3e85a992afe5a00,
};

static uint64_t sum_of(const uint64_t *words, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += words[i];
	return sum;
}

bool bmem_golden(const struct bmem_isa *isa, enum bmem_op op)
{
	_Alignas(64) uint64_t arrays[3][BMEM_CHUNK / 8];
	uint64_t words = BMEM_CHUNK / 8, sum, returned, wrong = 0;

	memset(arrays, 0xff, sizeof(arrays));
	bmem_fill(op, arrays[1], arrays[2], BMEM_CHUNK);
	returned = isa->loops[op](arrays[0], arrays[1], arrays[2], BMEM_CHUNK);
	sum = op == BMEM_READ ? returned : sum_of(arrays[0], words);
	if (op != BMEM_READ)
		wrong = bmem_wrong(op, arrays[0], 0, words);
	return wrong == 0 && sum == golden_sums[plain(op)];
}
