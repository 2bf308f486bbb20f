/* SPDX-License-Identifier: ISC
 *
 * calls - which system calls are to be traced, and what the BPF programs must know of each.
 */
#ifndef BSYS_CALLS_H
#define BSYS_CALLS_H

#include <stdint.h>

#include "sysnames.h"

/* bsys_calls_check - whether every word of the comma list is the name of a call in an ABI that this machine's kernel can have, or a
 * number. Returns 0, or -ENOENT with *bad (cap 64) the first that is not. */
int bsys_calls_check(const char *list, char bad[64]);

/* bsys_calls_flags - fill the table of BSYS_ABIS * BSYS_CALLS flags. list: as above; NULL: all. Returns how many calls with a name
 * are wanted. */
uint32_t bsys_calls_flags(const char *list, uint8_t *flags);

/* bsys_calls_abi - the ABI of a `what` of the BPF programs, and in *nr the number. */
enum bt_abi bsys_calls_abi(uint32_t what, uint32_t *nr);

/* bsys_calls_name - the name, or the number as text in room. */
const char *bsys_calls_name(uint32_t what, char room[16]);

#endif
