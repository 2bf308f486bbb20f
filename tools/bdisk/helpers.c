/* SPDX-License-Identifier: ISC
 *
 * helpers - the CPU time of the kernel's threads that work for a worker.
 */
#include <unistd.h>

#include "bdisk.h"
#include "iohelpers.h"

uint64_t bdisk_helpers(struct bt_worker *worker)
{
	const struct bdisk_work *w = worker->state;

	return w->engine == &bdisk_uring ? bt_iohelpers_ns(gettid(), w->b->sqpoll) : 0;
}
