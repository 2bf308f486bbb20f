/* SPDX-License-Identifier: ISC
 *
 * iohelpers - the CPU time of the threads that io_uring has in this process beside our own: the one that submits (SQPOLL) and
 * those that wait in our place (io-wq). They carry the id of the thread they work for in their names, and are seen in
 * /proc/self/task like any other.
 */
#ifndef BT_IOHELPERS_H
#define BT_IOHELPERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* bt_iohelpers_ns - CPU time so far, ns, of the kernel's threads that work for our thread tid. sqpoll: one of its rings has a
 * thread that submits. 0 where that cannot be read. */
uint64_t bt_iohelpers_ns(pid_t tid, bool sqpoll);

#endif
