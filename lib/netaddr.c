/* SPDX-License-Identifier: ISC
 *
 * netaddr - where a peer is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "netaddr.h"
#include "num.h"
#include "sig.h"

#define HOST_MAX 256      /* bytes of host, its NUL included */
#define LOOK_NS 100000000 /* how often one who waits looks for a signal */

static int copy_host(char host[HOST_MAX], const char *text, size_t len)
{
	if (len == 0 || len >= HOST_MAX)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	return 0;
}

static int take_port(const char *text, uint16_t *port)
{
	uint64_t value;

	if (bt_num_u64(text, 1, 65535, &value) < 0)
		return -EINVAL;
	*port = (uint16_t)value;
	return 0;
}

int bt_netaddr_split(const char *text, char host[HOST_MAX], uint16_t *port)
{
	const char *colon = strrchr(text, ':'), *bracket;

	*port = 0;
	if (!strncmp(text, "unix:", 5))
		return copy_host(host, text + 5, strlen(text + 5)) < 0 ? -EINVAL : 1;
	if (text[0] == '[') {
		bracket = strchr(text, ']');
		if (!bracket || (bracket[1] != '\0' && bracket[1] != ':'))
			return -EINVAL;
		if (copy_host(host, text + 1, (size_t)(bracket - text - 1)) < 0)
			return -EINVAL;
		return bracket[1] ? take_port(bracket + 2, port) : 0;
	}
	/* More than one colon without brackets: an IPv6 address, whole. */
	if (!colon || strchr(text, ':') != colon)
		return copy_host(host, text, strlen(text));
	return copy_host(host, text, (size_t)(colon - text)) < 0 ? -EINVAL : take_port(colon + 1, port);
}

int bt_netaddr_unix(struct bt_netaddr *a, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&a->sa;
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(un->sun_path))
		return -ENAMETOOLONG;
	*a = (struct bt_netaddr){ .len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] != '@')) };
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, len);
	if (path[0] == '@')
		un->sun_path[0] = '\0';
	return 0;
}

/* What getaddrinfo says, as errno has it. */
static int error_of(int gai)
{
	switch (gai) {
	case EAI_AGAIN:
		return -EAGAIN;
	case EAI_FAMILY:
#ifdef EAI_ADDRFAMILY
	case EAI_ADDRFAMILY:
#endif
		return -EAFNOSUPPORT;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_SYSTEM:
		return errno ? -errno : -EIO;
	default:
		return -ENOENT;
	}
}

int bt_netaddr_resolve(const char *host, uint16_t port, enum bt_netaddr_family family, bool passive, struct bt_netaddr *out,
		       int cap)
{
	static const int families[] = { [BT_NETADDR_ANY] = AF_UNSPEC, [BT_NETADDR_V4] = AF_INET, [BT_NETADDR_V6] = AF_INET6 };
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | (passive ? AI_PASSIVE : 0), .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char service[8];
	int rc, n = 0;

	if (family == BT_NETADDR_UNIX)
		return bt_netaddr_unix(out, host) < 0 ? -ENAMETOOLONG : 1;
	hints.ai_family = families[family];
	snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host[0] ? host : NULL, service, &hints, &list);
	if (rc == EAI_NONAME && host[0]) {
		hints.ai_flags &= ~AI_NUMERICHOST;
		rc = getaddrinfo(host, service, &hints, &list);
	}
	if (rc != 0)
		return error_of(rc);
	for (const struct addrinfo *ai = list; ai && n < cap; ai = ai->ai_next, n++) {
		out[n] = (struct bt_netaddr){ .len = ai->ai_addrlen };
		memcpy(&out[n].sa, ai->ai_addr, ai->ai_addrlen);
	}
	freeaddrinfo(list);
	return n;
}

static void unix_text(const struct bt_netaddr *a, char out[BT_NETADDR_TEXT])
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a->sa;
	int len = (int)a->len - (int)offsetof(struct sockaddr_un, sun_path);

	if (len > 0 && un->sun_path[0] == '\0')
		snprintf(out, BT_NETADDR_TEXT, "unix:@%.*s", len - 1, un->sun_path + 1);
	else
		snprintf(out, BT_NETADDR_TEXT, "unix:%.*s", len > 0 ? len : 0, un->sun_path);
}

void bt_netaddr_text(const struct bt_netaddr *a, char out[BT_NETADDR_TEXT])
{
	char host[INET6_ADDRSTRLEN + 20] = "?";

	if (bt_netaddr_is_unix(a)) {
		unix_text(a, out);
		return;
	}
	(void)getnameinfo((const struct sockaddr *)&a->sa, a->len, host, sizeof(host), NULL, 0, NI_NUMERICHOST);
	snprintf(out, BT_NETADDR_TEXT, a->sa.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, bt_netaddr_port(a));
}

uint16_t bt_netaddr_port(const struct bt_netaddr *a)
{
	if (a->sa.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&a->sa)->sin_port);
	if (a->sa.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&a->sa)->sin6_port);
	return 0;
}

void bt_netaddr_set_port(struct bt_netaddr *a, uint16_t port)
{
	if (a->sa.ss_family == AF_INET)
		((struct sockaddr_in *)&a->sa)->sin_port = htons(port);
	else if (a->sa.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&a->sa)->sin6_port = htons(port);
}

/* Returns whether it has an IP address; IPv4 as IPv6 writes it. */
static bool ip_of(const struct bt_netaddr *a, struct in6_addr *ip)
{
	*ip = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	if (a->sa.ss_family == AF_INET6)
		*ip = ((const struct sockaddr_in6 *)&a->sa)->sin6_addr;
	else
		memcpy(ip->s6_addr + 12, &((const struct sockaddr_in *)&a->sa)->sin_addr, sizeof(struct in_addr));
	return a->sa.ss_family == AF_INET || a->sa.ss_family == AF_INET6;
}

bool bt_netaddr_same_host(const struct bt_netaddr *a, const struct bt_netaddr *b)
{
	struct in6_addr one, other;

	return ip_of(a, &one) && ip_of(b, &other) && !memcmp(&one, &other, sizeof(one));
}

/* Until fd is connected or has failed. */
static int wait_connected(int fd, uint64_t until_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	for (;;) {
		uint64_t now = bt_clock_monotonic(), left = until_ns > now ? until_ns - now : 0;
		struct timespec ts = { .tv_nsec = (long)(left < LOOK_NS ? left : LOOK_NS) };

		if (bt_sig_caught())
			return -EINTR;
		if (ppoll(&p, 1, &ts, NULL) > 0)
			return 0;
		if (left == 0)
			return -ETIMEDOUT;
	}
}

int bt_netaddr_await(int fd, uint64_t until_ns)
{
	socklen_t len = sizeof(int);
	int error = 0, rc = wait_connected(fd, until_ns);

	if (rc == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	return rc ? rc : -error;
}

int bt_netaddr_connect(int fd, const struct bt_netaddr *a, uint64_t until_ns)
{
	if (connect(fd, (const struct sockaddr *)&a->sa, a->len) == 0)
		return 0;
	return errno == EINPROGRESS ? bt_netaddr_await(fd, until_ns) : -errno;
}

int bt_netaddr_listen(struct bt_netaddr *a, int backlog)
{
	int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, rc = 0;

	if (fd < 0)
		return -errno;
	if (!bt_netaddr_is_unix(a))
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&a->sa, a->len) < 0 || listen(fd, backlog) < 0)
		rc = -errno;
	if (rc == 0) {
		a->len = sizeof(a->sa);
		rc = getsockname(fd, (struct sockaddr *)&a->sa, &a->len) < 0 ? -errno : 0;
	}
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}
