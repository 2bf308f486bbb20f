/* SPDX-License-Identifier: ISC
 *
 * server - what the server listens at, and its loop.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server.h"
#include "sig.h"

#define TICK_NS 100000000u
#define EVENTS_MAX 64      /* taken from epoll at a time */
#define BACKLOG 4096       /* the system has a limit of its own (somaxconn) */
#define SPARE_FILES 64     /* descriptors that are for none of them */
#define STRANGERS_MAX 1024 /* peers without a session */

int bnet_server_watch(struct bnet_server *s, int fd, enum bnet_source *source)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = source };

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* A file for each stream, client and stranger: take all that the hard limit allows, and share it out. */
static void settle_files(struct bnet_server *s)
{
	struct rlimit files;
	uint64_t usable = 0;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
		usable = files.rlim_cur > SPARE_FILES ? files.rlim_cur - SPARE_FILES : 0;
	}
	s->strangers_max = usable / 4 < STRANGERS_MAX ? (uint32_t)(usable / 4) : STRANGERS_MAX;
	s->files_max = usable - s->strangers_max;
}

/* Of a socket in the file system; 0: none. */
static uint64_t inode_of(const struct bt_netaddr *a)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a->sa;
	struct stat st;

	if (!bt_netaddr_is_unix(a) || un->sun_path[0] == '\0' || lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	return st.st_ino;
}

/* A path that nobody listens at any more, left by a server that was killed, is taken over. */
static void clear_path(const struct bt_netaddr *a)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a->sa;
	int fd, rc;

	if (!inode_of(a))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = fd < 0 ? 0 : connect(fd, (const struct sockaddr *)&a->sa, a->len);
	if (rc < 0 && errno == ECONNREFUSED)
		(void)unlink(un->sun_path);
	if (fd >= 0)
		close(fd);
}

static int listen_at(struct bnet_server *s, struct bt_netaddr *a)
{
	struct bnet_listener *l = &s->listeners[s->n_listeners];
	int rc;

	*l = (struct bnet_listener){ .source = BNET_SOURCE_LISTENER, .udp_source = BNET_SOURCE_UDP, .fd = -1, .udp_fd = -1 };
	clear_path(a);
	l->fd = bt_netaddr_listen(a, BACKLOG);
	if (l->fd < 0)
		return l->fd;
	s->n_listeners++;
	l->addr = *a;
	l->inode = inode_of(a);
	rc = bnet_server_watch(s, l->fd, &l->source);
	if (rc < 0 || bt_netaddr_is_unix(a))
		return rc;
	l->udp_fd = bnet_udp_listen(a);
	return l->udp_fd < 0 ? l->udp_fd : bnet_server_watch(s, l->udp_fd, &l->udp_source);
}

static int open_all(struct bnet_server *s, struct bnet_server_opts *o, unsigned *which)
{
	int rc;

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->far_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->stop_fd < 0 || s->far_fd < 0)
		return -errno;
	rc = bnet_server_watch(s, s->stop_fd, &s->stop_source);
	if (rc == 0)
		rc = bnet_server_watch(s, s->far_fd, &s->far_source);
	for (*which = 0; rc == 0 && *which < o->n_where; (*which)++) {
		rc = listen_at(s, &o->where[*which]);
		if (rc < 0)
			break;
	}
	return rc;
}

struct bnet_server *bnet_server_new(struct bnet_server_opts *o, const struct bt_clock *clock, int *error, unsigned *which)
{
	struct bnet_server *s = calloc(1, sizeof(*s));

	*which = 0;
	if (!s)
		return *error = -ENOMEM, NULL;
	s->clock = *clock;
	s->stop_source = BNET_SOURCE_STOP;
	s->far_source = BNET_SOURCE_FAR;
	s->epoll_fd = s->stop_fd = s->far_fd = -1;
	settle_files(s);
	*error = open_all(s, o, which);
	s->opts = *o;
	if (*error == 0)
		return s;
	bnet_server_free(s);
	return NULL;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void close_listener(struct bnet_listener *l)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&l->addr.sa;

	if (l->inode && l->inode == inode_of(&l->addr)) /* and not that of another server by now */
		(void)unlink(un->sun_path);
	close_if_open(l->fd);
	close_if_open(l->udp_fd);
}

static void close_listeners(struct bnet_server *s)
{
	for (unsigned i = 0; i < s->n_listeners; i++)
		close_listener(&s->listeners[i]);
	s->n_listeners = 0;
}

void bnet_server_free(struct bnet_server *s)
{
	if (!s)
		return;
	close_listeners(s);
	close_if_open(s->epoll_fd);
	close_if_open(s->stop_fd);
	close_if_open(s->far_fd);
	free(s);
}

static void handle(struct bnet_server *s, enum bnet_source *source)
{
	switch (*source) {
	case BNET_SOURCE_LISTENER:
		bnet_door_accept(s, (struct bnet_listener *)source);
		break;
	case BNET_SOURCE_UDP:
		bnet_udp_input(s, (struct bnet_listener *)((char *)source - offsetof(struct bnet_listener, udp_source)));
		break;
	case BNET_SOURCE_PEER:
		bnet_peer_input(s, (struct bnet_peer *)source);
		break;
	case BNET_SOURCE_FAR:
		bnet_session_news(s);
		break;
	case BNET_SOURCE_STOP:
		s->stopping = true;
		break;
	}
}

/* Until something happens, or it is time to look. Nobody's deadline runs while nobody is there. */
static void wait_for_news(struct bnet_server *s, uint64_t next_tick_ns)
{
	bool busy = s->peers || s->sessions || s->paused;
	uint64_t until_ns = busy ? next_tick_ns : UINT64_MAX;
	struct pollfd p = { .fd = s->epoll_fd, .events = POLLIN };

	if (s->opts.until_ns && s->opts.until_ns < until_ns)
		until_ns = s->opts.until_ns;
	if (s->opts.signals)
		(void)bt_sig_wait_until(s->epoll_fd, until_ns);
	else
		(void)poll(&p, 1, busy ? (int)(TICK_NS / 1000000u) : -1);
}

static void tick(struct bnet_server *s, uint64_t now_ns)
{
	if (s->paused)
		for (unsigned i = 0; i < s->n_listeners; i++)
			(void)bnet_server_watch(s, s->listeners[i].fd, &s->listeners[i].source);
	s->paused = false;
	bnet_peer_tick(s, now_ns);
	bnet_session_tick(s, now_ns);
}

static bool over(const struct bnet_server *s, uint64_t now_ns)
{
	return s->stopping || (s->opts.signals && bt_sig_caught()) || (s->opts.broken && *s->opts.broken) ||
	       (s->opts.until_ns && now_ns >= s->opts.until_ns) || (s->opts.visits && s->visited >= s->opts.visits);
}

/* Tell everyone, and leave. */
static void wind_up(struct bnet_server *s)
{
	close_listeners(s);
	while (s->sessions)
		bnet_session_end(s->sessions, BNET_STOPPED, 0);
	while (s->peers)
		bnet_peer_close(s, s->peers);
	bnet_peer_reap(s);
}

int bnet_server_run(struct bnet_server *s)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t next_ns = 0, now_ns = bt_clock_monotonic();
	int n;

	while (!over(s, now_ns)) {
		n = epoll_wait(s->epoll_fd, events, EVENTS_MAX, 0);
		if (n <= 0)
			wait_for_news(s, next_ns);
		for (int i = 0; i < n; i++)
			handle(s, events[i].data.ptr);
		bnet_peer_reap(s);
		now_ns = bt_clock_monotonic();
		if (now_ns >= next_ns) {
			tick(s, now_ns);
			bnet_peer_reap(s);
			next_ns = now_ns + TICK_NS;
		}
	}
	wind_up(s);
	return 0;
}
