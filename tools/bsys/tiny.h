/* SPDX-License-Identifier: ISC
 *
 * tiny - the smallest program for this architecture: an ELF header, one segment, exit(42).
 */
#ifndef TINY_H
#define TINY_H

#if defined(__x86_64__)
#define TINY_MACHINE 0x3e, 0
#define TINY_CODE \
	0xbf, 42, 0, 0, 0,  /* mov $42, %edi */ \
	0xb8, 231, 0, 0, 0, /* mov $231, %eax: exit_group */ \
	0x0f, 0x05          /* syscall */
#elif defined(__aarch64__)
#define TINY_MACHINE 0xb7, 0
#define TINY_CODE \
	0x40, 0x05, 0x80, 0xd2, /* mov x0, #42 */ \
	0xc8, 0x0b, 0x80, 0xd2, /* mov x8, #94: exit_group */ \
	0x01, 0x00, 0x00, 0xd4  /* svc #0 */
#else
#error "bsys exec: the tiny program is missing for this architecture"
#endif

/* Little-endian words. */
#define TINY_16(v) (v) & 0xff, (v) >> 8
#define TINY_32(v) TINY_16((v) & 0xffff), TINY_16((v) >> 16)
#define TINY_64(v) TINY_32(v), 0, 0, 0, 0

#define TINY_BASE 0x400000
#define TINY_HEADERS (64 + 56)
#define TINY_SIZE (TINY_HEADERS + 12)

static const unsigned char bsys_tiny[TINY_SIZE] = {
	0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 64 bits, little-endian, System V */
	TINY_16(2), TINY_MACHINE, TINY_32(1),                    /* executable, version 1 */
	TINY_64(TINY_BASE + TINY_HEADERS), TINY_64(64), TINY_64(0), /* entry; program header; no sections */
	TINY_32(0), TINY_16(64), TINY_16(56), TINY_16(1), TINY_16(64), TINY_16(0), TINY_16(0),
	TINY_32(1), TINY_32(5), TINY_64(0),                      /* load, readable and executable, from the start of the file */
	TINY_64(TINY_BASE), TINY_64(TINY_BASE), TINY_64(TINY_SIZE), TINY_64(TINY_SIZE), TINY_64(0x10000),
	TINY_CODE
};

#endif
