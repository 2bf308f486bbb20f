/* SPDX-License-Identifier: ISC
 *
 * udpdoor - where UDP flows join: a datagram with the cookie of a session gets a socket of its own, bound to the address that it
 * was sent to and connected to its sender. Everything else is dropped without an answer, and so is what does not come from where
 * the session's control connection comes from: an address can be forged in a datagram, and we would flood whoever has it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define DATAGRAMS 64 /* at a time */

/* SO_REUSEPORT: all flows have the same port, and nobody else's socket can have it. */
static int new_socket(const struct bt_netaddr *a)
{
	int fd = socket(a->sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, off = 0;

	if (fd < 0)
		return -errno;
	if (a->sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 || bind(fd, (const struct sockaddr *)&a->sa, a->len) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

int bnet_udp_listen(const struct bt_netaddr *a)
{
	int fd = new_socket(a), on = 1;

	if (fd < 0)
		return fd;
	if (a->sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	else
		(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	return fd;
}

/* Where the datagram was sent to, for a socket that listens on all addresses. */
static void take_target(struct msghdr *m, struct bt_netaddr *local)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)&local->sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&local->sa;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in6_pktinfo info6;
		struct in_pktinfo info;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO && local->sa.ss_family == AF_INET) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			in4->sin_addr = info.ipi_addr;
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO && local->sa.ss_family == AF_INET6) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			in6->sin6_addr = info6.ipi6_addr;
			in6->sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(&info6.ipi6_addr) ? info6.ipi6_ifindex : 0;
		}
	}
}

/* The socket of a flow, which answers with the JOIN itself. */
static int open_flow(const struct bt_netaddr *local, const struct bt_netaddr *from, const uint8_t *join, size_t len)
{
	int fd = new_socket(local), rc;

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&from->sa, from->len) == 0 && send(fd, join, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static void take_datagram(struct bnet_server *s, const struct bt_netaddr *local, const struct bt_netaddr *from, const uint8_t *data,
			  size_t len)
{
	struct bt_hs_message m;
	struct bnet_session *z;
	int fd;

	if (bt_hs_decode(data, len, BT_HS_BIT(BT_HS_JOIN), &m) != (int)len || len == 0)
		return;
	z = bnet_session_find(s, m.join.cookie);
	if (!z || z->job.proto != BT_NET_UDP_PROTO || !bt_netaddr_same_host(from, &z->control->addr))
		return;
	fd = open_flow(local, from, data, len);
	if (fd >= 0)
		(void)bnet_session_join(z, &m.join, fd);
}

void bnet_udp_input(struct bnet_server *s, struct bnet_listener *l)
{
	for (int i = 0; i < DATAGRAMS; i++) {
		struct bt_netaddr from = { 0 }, local = l->addr;
		uint8_t data[BT_NET_JOIN_BYTES + 1];
		_Alignas(struct cmsghdr) uint8_t control[128];
		struct iovec iov = { data, sizeof(data) };
		struct msghdr m = { .msg_name = &from.sa, .msg_namelen = sizeof(from.sa), .msg_iov = &iov, .msg_iovlen = 1,
				    .msg_control = control, .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(l->udp_fd, &m, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			continue;
		from.len = m.msg_namelen;
		take_target(&m, &local);
		take_datagram(s, &local, &from, data, (size_t)n);
	}
}
