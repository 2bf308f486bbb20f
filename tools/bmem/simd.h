/* SPDX-License-Identifier: ISC
 *
 * simd - the loops of one vector width, once written. The including file defines:
 *	VECTOR          bytes of a vector
 *	TARGET          the attribute that lets the compiler use them
 *	STREAM(p, v, w) stores v and w to p[0] and p[1] past the caches
 *	FENCE()         what makes these stores visible to others
 *
 * Four vectors are done at a time, each two stored before the next are loaded. The barrier after each block keeps the compiler from
 * taking a loop for memcpy or memset.
 */
#include "kernel.h"

typedef double vd __attribute__((vector_size(VECTOR), may_alias));
typedef uint64_t vu __attribute__((vector_size(VECTOR), may_alias));

#define BARRIER() __asm__ volatile("" : : : "memory")
#define STORE(p, v, w) ((p)[0] = (v), (p)[1] = (w))
#define NO_FENCE() ((void)0)

/* to[i] = value of the i-th vectors of x and y. */
#define LOOP(name, store, fence, value) \
	TARGET static uint64_t name(void *to, const void *x, const void *y, size_t bytes) \
	{ \
		vd *d = to; \
		const vd *a = x, *b = y; \
\
		(void)a, (void)b; \
		for (size_t i = 0; i < bytes / VECTOR; i += 4) { \
			vd v = value(a, b, i), w = value(a, b, i + 1); \
\
			store(d + i, v, w); \
			v = value(a, b, i + 2), w = value(a, b, i + 3); \
			store(d + i + 2, v, w); \
			BARRIER(); \
		} \
		fence(); \
		return 0; \
	}

#define COPIED(a, b, i) ((a)[i])
#define SCALED(a, b, i) (BMEM_Q * (a)[i])
#define ADDED(a, b, i) ((a)[i] + (b)[i])
#define TRIAD(a, b, i) ((a)[i] + BMEM_Q * (b)[i])
#define PATTERN(a, b, i) ((vd)(BMEM_PATTERN - (vu){ 0 }))

LOOP(copy_loop, STORE, NO_FENCE, COPIED)
LOOP(scale_loop, STORE, NO_FENCE, SCALED)
LOOP(add_loop, STORE, NO_FENCE, ADDED)
LOOP(triad_loop, STORE, NO_FENCE, TRIAD)
LOOP(write_loop, STORE, NO_FENCE, PATTERN)
LOOP(nt_copy_loop, STREAM, FENCE, COPIED)
LOOP(nt_scale_loop, STREAM, FENCE, SCALED)
LOOP(nt_add_loop, STREAM, FENCE, ADDED)
LOOP(nt_triad_loop, STREAM, FENCE, TRIAD)
LOOP(nt_write_loop, STREAM, FENCE, PATTERN)

TARGET static uint64_t read_loop(void *to, const void *x, const void *y, size_t bytes)
{
	vu s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 };
	const vu *a = x;
	uint64_t sum = 0;

	(void)to, (void)y;
	for (size_t i = 0; i < bytes / VECTOR; i += 4)
		s0 += a[i], s1 += a[i + 1], s2 += a[i + 2], s3 += a[i + 3];
	s0 += s1 + s2 + s3;
	for (unsigned k = 0; k < VECTOR / 8; k++)
		sum += s0[k];
	return sum;
}

#define LOOPS \
	{ [BMEM_COPY] = copy_loop, [BMEM_SCALE] = scale_loop, [BMEM_ADD] = add_loop, [BMEM_TRIAD] = triad_loop, \
	  [BMEM_READ] = read_loop, [BMEM_WRITE] = write_loop, [BMEM_NTCOPY] = nt_copy_loop, [BMEM_NTSCALE] = nt_scale_loop, \
	  [BMEM_NTADD] = nt_add_loop, [BMEM_NTTRIAD] = nt_triad_loop, [BMEM_NTWRITE] = nt_write_loop, [BMEM_MEMCPY] = bmem_memcpy }
