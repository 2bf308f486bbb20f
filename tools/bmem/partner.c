/* SPDX-License-Identifier: ISC
 *
 * partner - a thread beside the engine's workers, on a CPU of its own. It inherits their mask, which blocks all signals.
 */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bmem.h"

static void *partner_main(void *arg)
{
	struct bmem_partner *p = arg;
	int rc = bt_cpus_pin(p->cpu);

	if (rc == 0)
		p->body(p->arg);
	else
		bmem_partner_ready(p, rc);
	return NULL;
}

int bmem_partner_start(struct bmem_partner *p)
{
	int rc = pthread_create(&p->thread, NULL, partner_main, p);

	p->started = rc == 0;
	return -rc;
}

void bmem_partner_ready(struct bmem_partner *p, int error)
{
	p->error = error;
	atomic_store(&p->ready, 1);
	syscall(SYS_futex, &p->ready, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

int bmem_partner_wait(struct bmem_partner *p)
{
	while (atomic_load(&p->ready) == 0)
		syscall(SYS_futex, &p->ready, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return p->error;
}

void bmem_partner_join(struct bmem_partner *p)
{
	if (p->started)
		pthread_join(p->thread, NULL);
	p->started = false;
}
