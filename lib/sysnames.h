/* SPDX-License-Identifier: ISC
 *
 * sysnames - system calls by number and by name, for each ABI that a kernel of x86-64 or arm64 can run.
 */
#ifndef BT_SYSNAMES_H
#define BT_SYSNAMES_H

#include <stdint.h>

enum bt_abi {
	BT_ABI_X86_64,
	BT_ABI_I386,
	BT_ABI_X32,
	BT_ABI_ARM64,
	BT_ABI_ARM, /* EABI */
	BT_ABI_COUNT
};

#define BT_SYS_X32_BIT 0x40000000u    /* set in the numbers of x32 as programs pass them */
#define BT_SYS_ARM_PRIVATE 0xf0000u   /* where the few private calls of ARM start */

/* bt_sysname - the name as in the kernel's headers, without __NR_. The number of x32 is taken with and without its bit.
 * Returns NULL for a number that was not in use when the table was made. Constant time. */
const char *bt_sysname(enum bt_abi abi, uint32_t nr);

/* bt_sysnr - the number, for x32 without its bit. Returns -ENOENT when the ABI has no call of that name. */
int bt_sysnr(enum bt_abi abi, const char *name);

/* bt_sysnames_max - one more than the largest number with a name, those of ARM's private calls and the bit of x32 not
 * counted: the room that an array by number needs. */
uint32_t bt_sysnames_max(enum bt_abi abi);

/* bt_abi_name - "x86_64", "i386", "x32", "arm64", "arm". */
const char *bt_abi_name(enum bt_abi abi);

#endif
