/* SPDX-License-Identifier: ISC
 *
 * ownserver - the server of our own process, in a thread, for a run that names no other.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "server.h"

#define PORTS_TRIED 16 /* a port that is free for TCP may be taken for UDP */

static void *serve(void *arg)
{
	struct bnet_server *s = arg;

	(void)bnet_server_run(s);
	return NULL;
}

/* Where only this machine can come. */
static int own_address(enum bt_netaddr_family family, struct bt_netaddr *a)
{
	char path[64];
	uint64_t number;

	if (family != BT_NETADDR_UNIX)
		return bt_netaddr_resolve(family == BT_NETADDR_V6 ? "::1" : "127.0.0.1", 0, family, true, a, 1) == 1 ? 0 : -EAFNOSUPPORT;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	snprintf(path, sizeof(path), "@bnet-%016llx", (unsigned long long)number);
	return bt_netaddr_unix(a, path);
}

static struct bnet_server *new_own(const struct bt_clock *clock, enum bt_netaddr_family family, struct bt_netaddr *address,
				   int *error)
{
	struct bnet_server_opts o = { .n_where = 1, .limits = BNET_LIMITS_INIT };
	struct bnet_server *s = NULL;
	unsigned which;

	o.limits.streams = UINT32_MAX; /* it is for ourselves */
	o.limits.duration_ns = UINT64_MAX;
	*error = -EADDRINUSE;
	for (int i = 0; i < PORTS_TRIED && !s && *error == -EADDRINUSE; i++) {
		*error = own_address(family, &o.where[0]);
		if (*error == 0)
			s = bnet_server_new(&o, clock, error, &which);
	}
	*address = o.where[0];
	return s;
}

/* The signals are for the thread that measures. */
static int start_thread(struct bnet_server *s)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&s->thread, NULL, serve, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -rc;
}

struct bnet_server *bnet_server_start(const struct bt_clock *clock, enum bt_netaddr_family family, struct bt_netaddr *address,
				      int *error)
{
	struct bnet_server *s = new_own(clock, family, address, error);

	if (!s)
		return NULL;
	*error = start_thread(s);
	if (*error == 0)
		return s;
	bnet_server_free(s);
	return NULL;
}

void bnet_server_stop(struct bnet_server *s)
{
	uint64_t one = 1;

	if (!s)
		return;
	while (write(s->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(s->thread, NULL);
	bnet_server_free(s);
}
