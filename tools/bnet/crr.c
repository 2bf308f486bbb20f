/* SPDX-License-Identifier: ISC
 *
 * crr - connect, one request, its answer, close: from the call of connect to the last byte of the answer. The connection is reset
 * rather than closed, so that no port of ours has to wait (TIME_WAIT) and the next run finds all of them.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "near.h"

static int open_connection(const struct bnet_near *n)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	const struct bt_netaddr *server = &n->run->server;
	const char *what;
	int fd = bnet_near_socket(n->b, n->run, &what);

	if (fd < 0)
		return fd;
	if (!bt_netaddr_is_unix(server))
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, (const struct sockaddr *)&server->sa, server->len) < 0 && errno != EINPROGRESS) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

/* The request begins with what tells the server whose it is. */
static int crr_begin(struct bnet_near *n, struct bnet_flow *f)
{
	uint8_t join[BT_NET_JOIN_BYTES];
	int fd = open_connection(n), rc;

	if (fd < 0)
		return fd;
	rc = bnet_io_add(&n->end.io, f, fd);
	if (rc < 0)
		return rc;
	bnet_join(join, &n->run->link, n->worker->index, 0);
	memcpy(f->head, join, sizeof(join));
	rc = bnet_io_send(&n->end.io, f, n->end.job->request_bytes, sizeof(join));
	return rc < 0 ? rc : 0;
}

static void crr_got(struct bnet_near *n, struct bnet_flow *f, const char *data, size_t len)
{
	uint32_t size = n->end.job->response_bytes;
	bool whole, wrong;

	wrong = bnet_rr_take(f, data, len, size, &whole) < len;
	if (!whole && !wrong)
		return;
	wrong |= bnet_rr_number(f, size) != bnet_near_plant(n, 0); /* that of the first and only request */
	n->in_bytes += size;
	n->out_bytes += n->end.job->request_bytes;
	bnet_near_land(n, f, (wrong ? BT_LANDED_FAILED : BT_LANDED_OK) | BT_LANDED_FREE);
	bnet_io_drop(&n->end.io, f);
}

const struct bnet_test bnet_crr = {
	.name = "crr", .id = "crr.1", .help = "a new connection for each request and answer", .operation = "connect, request, answer",
	.test = BT_NET_CRR, .request_bytes = 64, .response_bytes = 64, .request_min = BT_NET_JOIN_BYTES, .nodelay = true,
	.begin = crr_begin, .got = crr_got,
};
