/* SPDX-License-Identifier: ISC
 *
 * netaddr - where a peer is: HOST, HOST:PORT, [V6]:PORT or unix:PATH, resolved, connected to and listened at.
 */
#ifndef BT_NETADDR_H
#define BT_NETADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define BT_NETADDR_TEXT 300 /* bytes of an address as text, its NUL included */

enum bt_netaddr_family { BT_NETADDR_ANY, BT_NETADDR_V4, BT_NETADDR_V6, BT_NETADDR_UNIX };

struct bt_netaddr {
	struct sockaddr_storage sa;
	socklen_t len; /* 0: none */
};

/* bt_netaddr_split - the parts of a peer as the user names it: host (brackets gone; the path behind unix:) and port (0: none was
 * given). Returns whether it is a UNIX socket (1) or not (0), or -EINVAL. */
int bt_netaddr_split(const char *text, char host[256], uint16_t *port);

/* bt_netaddr_resolve - the addresses of host, cap at most, in the order in which to try them. A numeric host is never asked for
 * anywhere. passive: for listening; an empty host is then any address. Returns their number, or -ENOENT (no such name), -EAGAIN
 * (the resolver does not answer), -EAFNOSUPPORT (has no address of that family), -ENAMETOOLONG (path). */
int bt_netaddr_resolve(const char *host, uint16_t port, enum bt_netaddr_family family, bool passive, struct bt_netaddr *out,
		       int cap);

/* bt_netaddr_unix - a UNIX socket at path; one that begins with @ is abstract. 0 or -ENAMETOOLONG. */
int bt_netaddr_unix(struct bt_netaddr *a, const char *path);

/* bt_netaddr_text - "10.0.0.1:5211", "[::1]:5211", "unix:/path". */
void bt_netaddr_text(const struct bt_netaddr *a, char out[BT_NETADDR_TEXT]);

/* bt_netaddr_port, bt_netaddr_set_port - 0 for a UNIX socket. */
uint16_t bt_netaddr_port(const struct bt_netaddr *a);
void bt_netaddr_set_port(struct bt_netaddr *a, uint16_t port);

/* bt_netaddr_same_host - whether both have the same IP address, whatever the port; IPv4 written as IPv6 is IPv4. false for UNIX
 * sockets. */
bool bt_netaddr_same_host(const struct bt_netaddr *a, const struct bt_netaddr *b);

static inline bool bt_netaddr_is_unix(const struct bt_netaddr *a)
{
	return a->sa.ss_family == AF_UNIX;
}

/* bt_netaddr_connect - connect fd, which does not block, until the deadline (bt_clock_monotonic). Returns 0 or -errno: -ETIMEDOUT,
 * -EINTR when a signal was caught. */
int bt_netaddr_connect(int fd, const struct bt_netaddr *a, uint64_t until_ns);

/* bt_netaddr_await - the second half of that: fd is connecting. */
int bt_netaddr_await(int fd, uint64_t until_ns);

/* bt_netaddr_listen - a socket that does not block and listens there; *a is then the address that it has got. Returns it or
 * -errno. */
int bt_netaddr_listen(struct bt_netaddr *a, int backlog);

#endif
