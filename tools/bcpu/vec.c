/* SPDX-License-Identifier: ISC
 *
 * vec - integer and floating-point lanes in the widest vectors the CPU has.
 *
 * One kernel in the compiler's vector extensions, made once per width; each element goes its own way, so all widths give
 * the same answer. Four floating-point and four integer vectors are in flight at a time.
 *
 * Shape: throughput-bound on the vector units, IPC 2 to 3; data stay in the L1 cache.
 */
#include <string.h>

#include "bcpu.h"
#include "rng.h"

#define ELEMENTS 1024
#define STEPS 512
#define UNROLL 4

struct vec {
	float in_f[ELEMENTS], out_f[ELEMENTS];
	uint32_t in_u[ELEMENTS], out_u[ELEMENTS];
};

static const uint64_t golden[] = { 0x89e7847461def2ed };

static int setup(struct bcpu_work *k)
{
	struct vec *v = k->data;
	struct bt_rng rng;

	bt_rng_seed(&rng, 1);
	for (unsigned i = 0; i < ELEMENTS; i++) {
		v->in_f[i] = (float)(bt_rng_next(&rng) >> 40) * 0x1p-24f; /* exact: 24 bits in [0,1) */
		v->in_u[i] = (uint32_t)bt_rng_next(&rng);
	}
	return 0;
}

static uint64_t checksum(const struct vec *v)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < ELEMENTS; i++) {
		uint32_t f;

		memcpy(&f, &v->out_f[i], sizeof(f));
		sum = sum * 0x9e3779b97f4a7c15u + (v->out_u[i] ^ (uint64_t)f << 32);
	}
	return sum;
}

/*
 * One width. Each step: f follows a chaotic map that keeps it within [0,3.9]; u is rotated, added to, mixed with its own
 * high bits, and counts how often f lies in the upper half (a comparison gives -1 per lane).
 */
#define VEC_BATCH(name, bytes, attribute) \
	attribute static void name##_run(struct vec *v) \
	{ \
		typedef float vf __attribute__((vector_size(bytes))); \
		typedef uint32_t vu __attribute__((vector_size(bytes))); \
		enum { lanes = (bytes) / 4 }; \
\
		for (unsigned at = 0; at < ELEMENTS; at += UNROLL * lanes) { \
			vf f[UNROLL]; \
			vu u[UNROLL]; \
\
			memcpy(f, v->in_f + at, sizeof(f)); \
			memcpy(u, v->in_u + at, sizeof(u)); \
			for (unsigned step = 0; step < STEPS; step++) \
				for (unsigned j = 0; j < UNROLL; j++) { \
					f[j] = f[j] * (3.9f - f[j]); \
					u[j] = (u[j] << 5 | u[j] >> 27) + 0x9e3779b9u; \
					u[j] ^= u[j] >> 9; \
					u[j] -= (vu)(f[j] > 1.95f); \
				} \
			memcpy(v->out_f + at, f, sizeof(f)); \
			memcpy(v->out_u + at, u, sizeof(u)); \
		} \
	} \
\
	static uint64_t name##_batch(struct bcpu_work *k) \
	{ \
		name##_run(k->data); \
		return checksum(k->data); \
	}

#if defined(__x86_64__)
VEC_BATCH(avx512, 64, __attribute__((target("avx512f"))))
VEC_BATCH(avx2, 32, __attribute__((target("avx2"))))
#define BASE_ISA "sse2"

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f");
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#elif defined(__aarch64__)
#define BASE_ISA "neon"
#else
#define BASE_ISA "generic"
#endif

VEC_BATCH(base, 16, )

static const struct bcpu_isa isas[] = {
#if defined(__x86_64__)
	{ "avx512", has_avx512, avx512_batch },
	{ "avx2", has_avx2, avx2_batch },
#endif
	{ BASE_ISA, NULL, base_batch },
};

const struct bcpu_kernel bcpu_vec = {
	.name = "vec", .id = "vec.1", .help = "integer and float lanes in the widest vectors the CPU has",
	.work = "512 steps over 1024 float and 1024 integer lanes", .golden = golden, .rounds = 1,
	.size = sizeof(struct vec), .setup = setup, .isas = isas,
};
