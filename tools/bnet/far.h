/* SPDX-License-Identifier: ISC
 *
 * far - a thread of the server that serves one worker of a client. far.c is what the server does with it, farwork.c what the thread
 * does.
 */
#ifndef BNET_FAR_H
#define BNET_FAR_H

#include "bnet.h"
#include "end.h"
#include "pace.h"

struct bnet_inbox {
	int fd;
	uint32_t flow;
};

struct bnet_far {
	struct bnet_end end;
	struct bt_net_job job;
	uint32_t worker, n_flows;
	struct bnet_flow *flows;
	bool sends, receives;
	pthread_t thread;
	bool started;
	int notify_fd;
	pthread_mutex_t lock;         /* of what follows, and held while a flow is closed */
	struct bnet_inbox *inbox;          /* connections to take over */
	uint32_t n_inbox, cap_inbox;
	uint8_t *taken;               /* by flow: there was one */
	struct bt_net_tcp past;       /* of flows that have ended */
	uint64_t cpu_ns;              /* of the thread, once it has ended */
	bool over;                    /* it has */
	_Atomic uint32_t joined;
	_Atomic bool stop, finish, done;
	_Atomic int error;
	/* the thread's own */
	uint32_t ended;               /* flows */
	uint64_t finish_ns;           /* when it was told to finish; 0: not yet */
	struct bt_pace pace;
	bool paced;
	uint32_t turn;                /* whose turn it is to send */
};

/* bnet_far_main - the thread. arg: struct bnet_far. */
void *bnet_far_main(void *arg);

/* What the engine tells; arg: struct bnet_far. */
extern const struct bnet_events bnet_far_events;

#endif
