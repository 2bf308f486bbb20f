/* SPDX-License-Identifier: ISC
 *
 * simd_neon - 16-byte vectors, which every arm64 has. STNP is only a hint there: a CPU may keep such a store in its caches.
 */
#if defined(__aarch64__)
#define VECTOR 16
#define TARGET
#define STREAM(p, v, w) __asm__ volatile("stnp %q1, %q2, [%0]" : : "r"(p), "w"(v), "w"(w) : "memory")
#define FENCE() __asm__ volatile("dmb ishst" : : : "memory")
#include "simd.h"

static bool usable(void)
{
	return true;
}

const struct bmem_isa bmem_neon = { "neon", usable, LOOPS };
#else
typedef int simd_neon_is_for_arm64;
#endif
