/* SPDX-License-Identifier: ISC
 *
 * errnames - names of error numbers as system calls return them.
 */
#ifndef BT_ERRNAMES_H
#define BT_ERRNAMES_H

/* bt_errname - "ENOENT" for 2 and so on, with the numbers that x86 and arm64 share; EAGAIN, EDEADLK and EOPNOTSUPP for those
 * with two names. Also those that only the kernel and its tracers see, such as ERESTARTSYS, 512. Returns NULL for others and
 * for 0. */
const char *bt_errname(unsigned errno_value);

#endif
