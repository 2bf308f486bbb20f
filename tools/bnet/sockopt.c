/* SPDX-License-Identifier: ISC
 *
 * sockopt - the options of a data socket, the same at both ends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "bnet.h"
#include "end.h"

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int family_of(int fd)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);

	(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	return family;
}

static int set_tcp(int fd, const struct bt_net_sockopts *o, const char **what)
{
	int rc = 0;

	*what = "nodelay";
	if (o->nodelay)
		rc = set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	*what = "mss";
	if (rc == 0 && o->mss_bytes)
		rc = set(fd, IPPROTO_TCP, TCP_MAXSEG, (int)o->mss_bytes);
	*what = "congestion";
	if (rc == 0 && o->congestion[0] && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, o->congestion,
						      (socklen_t)strnlen(o->congestion, BT_NET_NAME_MAX)) < 0)
		rc = -errno;
	return rc;
}

/* The kernel doubles sizes, and asks nobody for more than its limit: what came of them getsockopt tells. */
static int set_buffers(int fd, const struct bt_net_sockopts *o, const char **what)
{
	int rc = 0;

	*what = "sndbuf";
	if (o->sndbuf_bytes)
		rc = set(fd, SOL_SOCKET, SO_SNDBUF, (int)(o->sndbuf_bytes / 2));
	*what = "rcvbuf";
	if (rc == 0 && o->rcvbuf_bytes)
		rc = set(fd, SOL_SOCKET, SO_RCVBUF, (int)(o->rcvbuf_bytes / 2));
	return rc;
}

int bnet_bind(int fd, const struct bt_netaddr *peer, const struct bt_netaddr *local, const char *device, const char **what)
{
	if (bt_netaddr_is_unix(peer))
		return 0;
	*what = "device";
	if (device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0)
		return -errno;
	*what = "bind";
	return local && bind(fd, (const struct sockaddr *)&local->sa, local->len) < 0 ? -errno : 0;
}

int bnet_sockopts(int fd, const struct bt_net_job *job, const char **what)
{
	const struct bt_net_sockopts *o = &job->sock;
	int family = family_of(fd), rc;

	rc = set_buffers(fd, o, what);
	if (rc < 0 || family == AF_UNIX)
		return rc;
	*what = "dscp";
	if (o->dscp)
		rc = family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_TCLASS, (int)o->dscp << 2) : set(fd, IPPROTO_IP, IP_TOS, (int)o->dscp << 2);
	/* More than the system's default takes a privilege; polling by ourselves does not. */
	if (rc == 0 && o->busy_poll_us)
		(void)set(fd, SOL_SOCKET, SO_BUSY_POLL, (int)o->busy_poll_us);
	if (rc == 0 && job->proto == BT_NET_TCP)
		rc = set_tcp(fd, o, what);
	if (rc == 0 && job->proto == BT_NET_TCP)
		bnet_watch_link(fd, job->timeout_ns);
	/* Whoever wants whole messages is not woken for less: on a loopback that is half of the work. */
	if (rc == 0 && job->proto == BT_NET_TCP && job->test == BT_NET_STREAM)
		(void)set(fd, SOL_SOCKET, SO_RCVLOWAT, (int)(job->request_bytes < BNET_RECEIVE ? job->request_bytes : BNET_RECEIVE));
	return rc;
}
