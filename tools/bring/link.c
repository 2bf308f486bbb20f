/* SPDX-License-Identifier: ISC
 *
 * link - two threads that send numbers to each other: the table of engines.
 */
#include "bring.h"

const struct bring_engine *const bring_engines[BRING_ENGINES] = {
	&bring_pipe, &bring_eventfd, &bring_futex, &bring_socketpair, &bring_spsc, &bring_msgring, &bring_doorbell, &bring_queue,
	&bring_plain, &bring_uring
};

/* No link of their own: what the test itself does is all there is. */

static int open_nothing(struct bring_link *l)
{
	(void)l;
	return 0;
}

static void close_nothing(struct bring_link *l)
{
	(void)l;
}

static int send_nothing(struct bring_end *e, const uint64_t *values, uint32_t n)
{
	(void)e;
	(void)values;
	(void)n;
	return 0;
}

const struct bring_engine bring_plain = {
	.name = "plain", .help = "no message: the worker does it alone, or by system calls", .no_link = true, .open = open_nothing,
	.close = close_nothing, .send = send_nothing,
};

const struct bring_engine bring_uring = {
	.name = "uring", .help = "io_uring alone, no message", .no_link = true, .uring = true
};

uint64_t bring_spin_until(const struct bring_link *l)
{
	uint64_t ns = l->spin->ns;

	return ns == 0 || ns == BRING_ALWAYS ? ns : bt_clock_now(l->clock) + ns;
}

int bring_link_open(struct bring_link *l)
{
	l->state = NULL;
	atomic_store(&l->broken, false);
	for (uint32_t side = 0; side < 2; side++)
		l->ends[side] = (struct bring_end){ .link = l, .side = side };
	return l->engine->open(l);
}

void bring_link_close(struct bring_link *l)
{
	l->engine->close(l);
	l->state = NULL;
}
