/* SPDX-License-Identifier: ISC
 *
 * tests - the table of tests, and what a worker of the client does in each; crr.c has the longest.
 */
#include <errno.h>

#include "near.h"

const struct bnet_test *const bnet_tests[BT_NET_TESTS] = { &bnet_rr, &bnet_stream, &bnet_crr, &bnet_udp };

/* --- rr: the answer carries the number of the request --- */

static int rr_begin(struct bnet_near *n, struct bnet_flow *f)
{
	int rc;

	f->got_bytes = 0;
	bnet_rr_head(f, ++f->number);
	rc = bnet_io_send(&n->end.io, f, n->end.job->request_bytes, 8);
	return rc < 0 ? rc : 0;
}

/* As many of its bytes as both messages hold. */
static uint64_t expected(const struct bnet_near *n, uint64_t number)
{
	const struct bt_net_job *job = n->end.job;
	uint32_t bytes = job->request_bytes < job->response_bytes ? job->request_bytes : job->response_bytes;

	return bytes < 8 ? number & ((UINT64_C(1) << 8 * bytes) - 1) : number;
}

static uint64_t answered(const struct bnet_near *n, const struct bnet_flow *f)
{
	return expected(n, bnet_rr_number(f, n->end.job->response_bytes));
}

static void rr_done(struct bnet_near *n, struct bnet_flow *f)
{
	uint64_t want = bnet_near_plant(n, expected(n, f->number));

	n->in_bytes += n->end.job->response_bytes;
	n->out_bytes += n->end.job->request_bytes;
	bnet_near_land(n, f, (answered(n, f) == want ? BT_LANDED_OK : BT_LANDED_FAILED) | BT_LANDED_FREE);
}

/* Datagrams may come late or twice; a stream brings the one answer that is due, or is wrong. */
static void rr_got(struct bnet_near *n, struct bnet_flow *f, const char *data, size_t len)
{
	const struct bt_net_job *job = n->end.job;
	bool whole, datagrams = job->proto == BT_NET_UDP_PROTO;

	if (datagrams && (len != job->response_bytes || f->got_bytes == job->response_bytes))
		return;
	if (len > job->response_bytes - f->got_bytes) {
		n->error = -EPROTO;
		return;
	}
	bnet_rr_take(f, data, len, job->response_bytes, &whole);
	if (!whole)
		return;
	if (datagrams && answered(n, f) != expected(n, f->number))
		f->got_bytes = 0;
	else
		rr_done(n, f);
}

const struct bnet_test bnet_rr = {
	.name = "rr", .id = "rr.1", .help = "requests and answers, one at a time", .operation = "a round trip",
	.test = BT_NET_RR, .request_bytes = 64, .response_bytes = 64, .request_min = 1, .nodelay = true,
	.begin = rr_begin, .got = rr_got,
};

/* --- stream --- */

/* The end that receives has nothing to begin: it waits. */
static int stream_begin(struct bnet_near *n, struct bnet_flow *f)
{
	int rc;

	if (n->end.job->way == BT_NET_IN)
		return 0;
	rc = bnet_stream_send(&n->end, f);
	if (rc > 0)
		n->test->sent(n, f);
	return rc < 0 ? rc : 0;
}

static void flood_sent(struct bnet_near *n, struct bnet_flow *f)
{
	n->out_bytes += n->end.job->request_bytes;
	if (n->end.job->test == BT_NET_STREAM)
		bnet_bump(&n->end.tally.out_bytes, n->end.job->request_bytes);
	bnet_near_land(n, f, BT_LANDED_OK | BT_LANDED_FREE);
}

/* An operation of the end that receives: whatever has come. */
static void land_received(struct bnet_near *n, struct bnet_flow *f, size_t len)
{
	n->in_bytes += len;
	if (n->end.job->way == BT_NET_IN && f->under_way)
		bnet_near_land(n, f, BT_LANDED_OK | BT_LANDED_FREE);
}

static void stream_got(struct bnet_near *n, struct bnet_flow *f, const char *data, size_t len)
{
	(void)data;
	land_received(n, f, len);
}

const struct bnet_test bnet_stream = {
	.name = "stream", .id = "stream.1", .help = "as many bytes as the network takes", .operation = "a message sent, or a receive",
	.test = BT_NET_STREAM, .request_bytes = 256u << 10, .response_bytes = 1, .request_min = 1, .flood = true,
	.begin = stream_begin, .sent = flood_sent, .got = stream_got,
};

/* --- udp --- */

static int udp_begin(struct bnet_near *n, struct bnet_flow *f)
{
	int rc;

	if (n->end.job->way == BT_NET_IN)
		return 0;
	rc = bnet_udp_send(&n->end, f);
	if (rc > 0)
		n->test->sent(n, f);
	return rc < 0 ? rc : 0;
}

static void udp_got(struct bnet_near *n, struct bnet_flow *f, const char *data, size_t len)
{
	bnet_udp_take(&n->end, f, data, len);
	land_received(n, f, len);
}

const struct bnet_test bnet_udp = {
	.name = "udp", .id = "udp.1", .help = "numbered datagrams: what is lost, doubled, out of order", .operation = "a datagram",
	.test = BT_NET_UDP, .request_bytes = 1400, .response_bytes = 1, .request_min = BNET_UDP_HEAD, .flood = true,
	.begin = udp_begin, .sent = flood_sent, .got = udp_got,
};
