/* SPDX-License-Identifier: ISC
 *
 * kernel - the loops that move memory, one set for each vector width, and what they must leave behind.
 *
 * Arrays are made of 64-bit words or doubles, 64-byte aligned, a multiple of BMEM_CHUNK bytes long, and do not overlap. Whoever
 * changes what a loop does raises the version in the id of its test.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BMEM_CHUNK 4096u /* bytes; all lengths are multiples */
#define BMEM_Q 3.0       /* the scalar of scale and triad, as in STREAM */
#define BMEM_PATTERN 0x5851f42d4c957f2dull /* what write and ntwrite write */

/* What a loop does to `to`, x and y; read returns a sum, the others 0. */
typedef uint64_t bmem_loop(void *to, const void *x, const void *y, size_t bytes);

enum bmem_op {
	BMEM_COPY,  /* to = x */
	BMEM_SCALE, /* to = q * x */
	BMEM_ADD,   /* to = x + y */
	BMEM_TRIAD, /* to = x + q * y */
	BMEM_READ,  /* the sum of all 64-bit words of x */
	BMEM_WRITE, /* to = the pattern */
	BMEM_NT,    /* from here on the same with stores that pass the caches by */
	BMEM_NTCOPY = BMEM_NT, BMEM_NTSCALE, BMEM_NTADD, BMEM_NTTRIAD,
	BMEM_NTWRITE,
	BMEM_MEMCPY, /* the C library's */
	BMEM_OPS
};

/* The loops of one vector width. */
struct bmem_isa {
	const char *name;     /* dimension `isa` */
	bool (*usable)(void); /* whether this CPU can */
	bmem_loop *loops[BMEM_OPS];
};

/* bmem_isas - the best first, the last one usable everywhere, NULL at the end. */
extern const struct bmem_isa *const bmem_isas[];

#if defined(__x86_64__)
extern const struct bmem_isa bmem_sse2, bmem_avx2, bmem_avx512;
#elif defined(__aarch64__)
extern const struct bmem_isa bmem_neon;
#else
extern const struct bmem_isa bmem_generic;
#endif

/* bmem_isa_find - "best", "portable" (the last one) or the name of one; NULL when there is none of that name. */
const struct bmem_isa *bmem_isa_find(const char *name);

/* bmem_memcpy - BMEM_MEMCPY. */
uint64_t bmem_memcpy(void *to, const void *x, const void *y, size_t bytes);

/* bmem_arrays_read - how many arrays the op reads, bmem_arrays_written - writes. */
unsigned bmem_arrays_read(enum bmem_op op);
unsigned bmem_arrays_written(enum bmem_op op);

/* What the arrays hold before: small whole numbers as doubles, so that every result is exact; for read, words that differ. */
void bmem_fill(enum bmem_op op, void *x, void *y, size_t bytes);

/* bmem_expected - word number i (of the whole array) that the op leaves in `to`. */
uint64_t bmem_expected(enum bmem_op op, uint64_t i);

/* bmem_wrong - how many of the words first..first+count of `to` are not as expected. */
uint64_t bmem_wrong(enum bmem_op op, const void *to, uint64_t first, uint64_t count);

/* bmem_read_sum - the sum of every step-th word of count words that bmem_fill has written for read, count a multiple of step. */
uint64_t bmem_read_sum(uint64_t count, uint64_t step);

/* bmem_golden - whether the loop does what the op says on arrays of BMEM_CHUNK bytes: every word, and the sum of all against a
 * constant. */
bool bmem_golden(const struct bmem_isa *isa, enum bmem_op op);

#endif
