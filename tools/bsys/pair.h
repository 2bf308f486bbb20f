/* SPDX-License-Identifier: ISC
 *
 * pair - a worker's partner: a thread on the same CPU, or on the next one, that answers.
 */
#ifndef PAIR_H
#define PAIR_H

#include <pthread.h>
#include <stdatomic.h>

#include "bsys.h"

struct bsys_pair {
	pthread_t thread;
	bool running;
	void (*serve)(struct bsys_work *w); /* the partner's life */
	char *data; /* the partner's buffer, as large as the worker's */
	_Alignas(64) _Atomic uint32_t ping; /* futex: the worker writes it */
	_Alignas(64) _Atomic uint32_t pong; /* futex: the partner writes it */
};

/* bsys_pair_start - start the partner of w on the CPU that the job's variant asks for; it runs serve(w). w->size must be final. 0
 * or -errno. */
int bsys_pair_start(struct bsys_work *w, void (*serve)(struct bsys_work *w));

/* bsys_pair_stop - w has told the partner to end: wait until it has, and free it. Takes none. */
void bsys_pair_stop(struct bsys_work *w);

#endif
