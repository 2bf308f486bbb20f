/* SPDX-License-Identifier: ISC
 *
 * simd_generic - what the compiler makes of 16-byte vectors on any other architecture; its stores go through the caches.
 */
#if !defined(__x86_64__) && !defined(__aarch64__)
#define VECTOR 16
#define TARGET
#define STREAM(p, v, w) ((p)[0] = (v), (p)[1] = (w))
#define FENCE() ((void)0)
#include "simd.h"

static bool usable(void)
{
	return true;
}

const struct bmem_isa bmem_generic = { "generic", usable, LOOPS };
#else
typedef int simd_generic_is_for_others;
#endif
