/* SPDX-License-Identifier: ISC
 *
 * simd_avx2 - 32-byte vectors.
 */
#if defined(__x86_64__)
#include <immintrin.h>

#define VECTOR 32
#define TARGET __attribute__((target("avx2")))
#define STREAM(p, v, w) (_mm256_stream_pd((double *)(p), v), _mm256_stream_pd((double *)((p) + 1), w))
#define FENCE() _mm_sfence()
#include "simd.h"

static bool usable(void)
{
	return __builtin_cpu_supports("avx2");
}

const struct bmem_isa bmem_avx2 = { "avx2", usable, LOOPS };
#else
typedef int simd_avx2_is_for_x86;
#endif
