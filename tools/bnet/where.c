/* SPDX-License-Identifier: ISC
 *
 * where - the peer: its addresses, and which interface leads there; and what is said when it cannot be had.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "near.h"

static int say(struct bnet *b, enum bnet_code code, int error, const char *text)
{
	b->failure = code;
	b->tool.fail_status = bnet_code_status(code);
	bt_progress_clear(&b->tool.progress);
	bt_out_warn(&b->tool.out, bnet_code_word(code), text);
	bt_warn("%s", text);
	return -(error ? error : EIO);
}

int bnet_fail(struct bnet *b, enum bnet_code code, int error)
{
	const char *where = b->to ? b->to : "own server", *more = error ? strerror(error) : "";
	char text[512];

	snprintf(text, sizeof(text), "%.200s: %s%s%s%s", where, bnet_code_text(code), error ? " (" : "", more, error ? ")" : "");
	if (code != BNET_OK)
		return say(b, code, error, text);
	b->failure = code;
	return -EINTR;
}

int bnet_fail_option(struct bnet *b, const char *option, int error)
{
	char text[128];

	snprintf(text, sizeof(text), "--%s: %s", option, strerror(error));
	return say(b, BNET_UNABLE, error, text);
}

enum bnet_code bnet_resolve(struct bnet *b, int *error)
{
	int n;

	if (b->n_peers > 0)
		return BNET_OK;
	n = bt_netaddr_resolve(b->host, b->port, b->family, false, b->peers, BNET_PEERS_MAX);
	b->n_peers = n > 0 ? n : 0;
	*error = n < 0 && n != -ENOENT ? -n : 0;
	return n > 0 ? BNET_OK : BNET_UNRESOLVED;
}

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	if (!a || a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return a->sa_family == AF_INET6 && !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
						   &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr));
}

/* The address from which we would speak to the peer. Nothing is sent. */
static bool source_address(const struct bt_netaddr *peer, struct bt_netaddr *source)
{
	int fd = socket(peer->sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	source->len = sizeof(source->sa);
	found = fd >= 0 && connect(fd, (const struct sockaddr *)&peer->sa, peer->len) == 0 &&
		getsockname(fd, (struct sockaddr *)&source->sa, &source->len) == 0;
	if (fd >= 0)
		close(fd);
	return found;
}

static void find_interface(const struct bt_netaddr *peer, char name[IF_NAMESIZE])
{
	const struct sockaddr *to = (const struct sockaddr *)&peer->sa;
	struct bt_netaddr source;
	struct ifaddrs *list;

	if (!source_address(peer, &source) || getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		if (same_address(i->ifa_addr, (const struct sockaddr *)&source.sa))
			snprintf(name, IF_NAMESIZE, "%s", i->ifa_name);
		if (same_address(i->ifa_addr, to)) { /* an address of our own: by the loopback, whosever it is */
			snprintf(name, IF_NAMESIZE, "lo");
			break;
		}
	}
	freeifaddrs(list);
}

void bnet_find_resource(struct bnet *b)
{
	char name[IF_NAMESIZE] = "lo";
	int error;

	if (b->to && b->family != BT_NETADDR_UNIX && bnet_resolve(b, &error) == BNET_OK)
		find_interface(&b->peers[0], name);
	snprintf(b->resource, sizeof(b->resource), "net:%s", b->device ? b->device : name);
}
