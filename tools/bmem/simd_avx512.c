/* SPDX-License-Identifier: ISC
 *
 * simd_avx512 - 64-byte vectors: a whole cache line each.
 */
#if defined(__x86_64__)
#include <immintrin.h>

#define VECTOR 64
#define TARGET __attribute__((target("avx512f")))
#define STREAM(p, v, w) (_mm512_stream_pd((double *)(p), v), _mm512_stream_pd((double *)((p) + 1), w))
#define FENCE() _mm_sfence()
#include "simd.h"

static bool usable(void)
{
	return __builtin_cpu_supports("avx512f");
}

const struct bmem_isa bmem_avx512 = { "avx512", usable, LOOPS };
#else
typedef int simd_avx512_is_for_x86;
#endif
