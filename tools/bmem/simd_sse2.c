/* SPDX-License-Identifier: ISC
 *
 * simd_sse2 - 16-byte vectors, which every x86-64 has.
 */
#if defined(__x86_64__)
#include <emmintrin.h>

#define VECTOR 16
#define TARGET
#define STREAM(p, v, w) (_mm_stream_pd((double *)(p), v), _mm_stream_pd((double *)((p) + 1), w))
#define FENCE() _mm_sfence()
#include "simd.h"

static bool usable(void)
{
	return true;
}

const struct bmem_isa bmem_sse2 = { "sse2", usable, LOOPS };
#else
typedef int simd_sse2_is_for_x86;
#endif
