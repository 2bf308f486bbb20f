/* SPDX-License-Identifier: ISC
 *
 * sysargs - what the arguments of the common system calls mean, and which calls return a number of bytes moved.
 */
#ifndef BT_SYSARGS_H
#define BT_SYSARGS_H

#include <stdint.h>

#include "sysnames.h"

#define BT_SYSARGS_MAX 6

enum bt_arg {
	BT_ARG_NONE,   /* there are no more */
	BT_ARG_FD,     /* a file descriptor, -1 for none */
	BT_ARG_DIRFD,  /* the same, or AT_FDCWD: where the PATH after it starts */
	BT_ARG_PATH,   /* address of a NUL-terminated path in the traced process */
	BT_ARG_SIZE,   /* bytes of data that the call may move */
	BT_ARG_OFFSET, /* bytes from the start of a file, signed */
	BT_ARG_HIGH,   /* on 32-bit ABIs the upper half of the OFFSET beside it, else without meaning; not to be shown */
	BT_ARG_PAGES,  /* an offset in units of 4096 bytes */
	BT_ARG_LEN,    /* any other length in bytes: of a range, of a structure */
	BT_ARG_COUNT,  /* elements of an array */
	BT_ARG_OPEN,   /* O_* flags */
	BT_ARG_MODE,   /* permissions, in octal */
	BT_ARG_FLAGS,  /* other bits or codes, in hexadecimal */
	BT_ARG_INT,    /* any other signed number of 32 bits */
	BT_ARG_PTR     /* an address */
};

enum bt_moves {
	BT_MOVES_NONE, /* the result is no number of bytes */
	BT_MOVES_IN,   /* bytes that came into the process's memory */
	BT_MOVES_OUT,  /* bytes that left it */
	BT_MOVES_OVER  /* bytes that went from one file to another */
};

struct bt_sysargs {
	const char *name;
	uint8_t arg[BT_SYSARGS_MAX]; /* enum bt_arg, in the order of the kernel's prototype */
	uint8_t moves;               /* enum bt_moves: what a result >= 0 counts */
	uint8_t wide;                /* bit i: arg[i] has 64 bits also on 32-bit ABIs, where it takes two registers */
};

/* bt_sysargs - of the call with this name, as bt_sysname gives it. Returns NULL for a call that is not in the table. */
const struct bt_sysargs *bt_sysargs(enum bt_abi abi, const char *name);

/* bt_sysarg - the value of arg[i], from the six registers as a tracepoint gives them: sign or zero extended as its kind wants,
 * and put together where the ABI splits it. Addresses and sizes are to be read as unsigned. */
int64_t bt_sysarg(const struct bt_sysargs *a, enum bt_abi abi, unsigned i, const uint64_t regs[BT_SYSARGS_MAX]);

#endif
