/* SPDX-License-Identifier: ISC
 *
 * handshake - tests of the frames between the two ends of a network test.
 */
#include <errno.h>
#include <math.h>

#include "handshake.h"
#include "unit.h"

#define ALL (~0u)

static const uint8_t client[BT_HS_NONCE] = "client's nonce", server[BT_HS_NONCE] = "server's nonce";
static const struct bt_hs_token token = { (const uint8_t *)"secret", 6 };

static struct bt_hs_message a_request(void)
{
	struct bt_hs_message m = { .type = BT_HS_REQUEST };

	m.request.job = (struct bt_net_job){
		.test = BT_NET_STREAM, .proto = BT_NET_TCP, .way = BT_NET_BOTH, .engine = BT_NET_URING, .zerocopy = true, .threads = 3,
		.flows = 7, .request_bytes = 65536, .response_bytes = 0, .rate = 1234.5, .lifetime_ns = 0x123456789abcdef,
		.timeout_ns = 5, .sock = { true, 1400, 1 << 20, 1 << 21, 46, 50, "cubic" }, .n_cpus = 2, .cpus = { 1, 1023 },
	};
	return m;
}

/* A frame, encoded. */
static int encoded(const struct bt_hs_message *m, uint8_t out[BT_HS_MAX])
{
	int len = bt_hs_encode(m, out);

	CHECK(len >= BT_HS_HEAD && len <= BT_HS_MAX);
	return len;
}

static void test_bytes(void)
{
	struct bt_hs_message m = { .type = BT_HS_JOIN, .join = { "0123456789abcde", 0x0102, 0x0304 } };
	static const uint8_t want[] = "bnet\1\0\5\0\x14\0\0\0" "0123456789abcde\0" "\2\1\4\3";
	uint8_t out[BT_HS_MAX];

	CHECK_EQ(encoded(&m, out), BT_NET_JOIN_BYTES);
	CHECK(memcmp(out, want, BT_NET_JOIN_BYTES) == 0);
}

static void test_round(void)
{
	struct bt_hs_message m = a_request(), back;
	uint8_t out[BT_HS_MAX];
	int len = encoded(&m, out);
	const struct bt_net_job *job = &back.request.job;

	CHECK_EQ(bt_hs_decode(out, (size_t)len, BT_HS_BIT(BT_HS_REQUEST), &back), len);
	CHECK_EQ(back.type, BT_HS_REQUEST);
	CHECK(job->test == BT_NET_STREAM && job->way == BT_NET_BOTH && job->engine == BT_NET_URING && job->zerocopy);
	CHECK(job->threads == 3 && job->flows == 7 && job->request_bytes == 65536 && job->response_bytes == 0);
	CHECK(job->rate == 1234.5 && job->lifetime_ns == 0x123456789abcdef && job->timeout_ns == 5);
	CHECK(job->sock.nodelay && job->sock.mss_bytes == 1400 && job->sock.sndbuf_bytes == 1 << 20 && job->sock.rcvbuf_bytes == 1 << 21);
	CHECK(job->sock.dscp == 46 && job->sock.busy_poll_us == 50);
	CHECK_STR(job->sock.congestion, "cubic");
	CHECK(job->n_cpus == 2 && job->cpus[0] == 1 && job->cpus[1] == 1023 && job->cpus[2] == 0);
}

/* Every type comes back as it was, whatever is in it, and so do two frames in a row. */
static void test_types(void)
{
	for (int type = BT_HS_HELLO; type < BT_HS_TYPES; type++) {
		struct bt_hs_message m = { .type = (enum bt_hs_type)type }, back;
		uint8_t out[2 * BT_HS_MAX], again[BT_HS_MAX];
		int len;

		if (type == BT_HS_REQUEST)
			m = a_request();
		len = encoded(&m, out);
		encoded(&m, out + len);
		CHECK_EQ(bt_hs_decode(out, (size_t)len * 2, ALL, &back), len);
		CHECK_EQ(encoded(&back, again), len);
		CHECK(memcmp(out, again, (size_t)len) == 0);
	}
}

static void test_counts(void)
{
	struct bt_hs_message m = { .type = BT_HS_COUNTS }, back;
	uint8_t out[BT_HS_MAX];

	memset(&m.counts.counts, 0xa5, sizeof(m.counts.counts));
	m.counts.done = true;
	CHECK_EQ(bt_hs_decode(out, (size_t)encoded(&m, out), ALL, &back), encoded(&m, out));
	/* Field by field, since the bytes between them do not travel. */
	CHECK(back.counts.done);
	CHECK(back.counts.counts.at_ns == m.counts.counts.at_ns && back.counts.counts.ops == m.counts.counts.ops);
	CHECK(back.counts.counts.out_bytes == m.counts.counts.out_bytes && back.counts.counts.cpu_ns == m.counts.counts.cpu_ns);
	CHECK(back.counts.counts.jitter_ns == m.counts.counts.jitter_ns && back.counts.counts.reordered == m.counts.counts.reordered);
	CHECK(back.counts.counts.features == m.counts.counts.features && back.counts.counts.zc_copied == m.counts.counts.zc_copied);
	CHECK(back.counts.counts.tcp.flows == m.counts.counts.tcp.flows);
	CHECK(back.counts.counts.tcp.delivery_rate == m.counts.counts.tcp.delivery_rate);
}

/* Byte by byte: nothing is wrong, nothing is ready before the last one. */
static void test_slowly(void)
{
	struct bt_hs_message m = a_request(), back;
	uint8_t out[BT_HS_MAX];
	int len = encoded(&m, out);

	for (int n = 0; n < len; n++) {
		CHECK_EQ(bt_hs_decode(out, (size_t)n, BT_HS_BIT(BT_HS_REQUEST), &back), 0);
		CHECK_EQ(bt_hs_missing(out, (size_t)n), (n < BT_HS_HEAD ? BT_HS_HEAD : len) - n);
	}
	CHECK_EQ(bt_hs_decode(out, (size_t)len, BT_HS_BIT(BT_HS_REQUEST), &back), len);
}

/* The first len bytes of a HELLO with one byte changed. */
static int spoilt(size_t at, uint8_t value, size_t len, unsigned expected)
{
	struct bt_hs_message m = { .type = BT_HS_HELLO };
	uint8_t out[BT_HS_MAX];

	encoded(&m, out);
	out[at] = value;
	return bt_hs_decode(out, len, expected, &m);
}

static void test_wrong(void)
{
	static const char get[] = "GET / HTTP/1.0\r\n\r\n", ssh[] = "b";
	struct bt_hs_message m;

	CHECK_EQ(bt_hs_decode((const uint8_t *)get, 1, ALL, &m), -EBADMSG); /* at the first byte */
	CHECK_EQ(bt_hs_decode((const uint8_t *)get, sizeof(get), ALL, &m), -EBADMSG);
	CHECK_EQ(bt_hs_decode((const uint8_t *)ssh, 1, ALL, &m), 0);
	for (size_t i = 0; i < 4; i++)
		CHECK_EQ(spoilt(i, 'x', i + 1, ALL), -EBADMSG);
	CHECK_EQ(spoilt(4, 2, 6, ALL), -EPROTONOSUPPORT);
	CHECK_EQ(spoilt(5, 1, 6, ALL), -EPROTONOSUPPORT);
	CHECK_EQ(spoilt(6, 0, 7, ALL), -ENOMSG);
	CHECK_EQ(spoilt(6, BT_HS_TYPES, 7, ALL), -ENOMSG);
	CHECK_EQ(spoilt(6, 255, 7, ALL), -ENOMSG);
	CHECK_EQ(spoilt(6, BT_HS_JOIN, 7, BT_HS_BIT(BT_HS_HELLO)), -ENOMSG);
	CHECK_EQ(spoilt(7, 1, 8, ALL), -EBADMSG);
	CHECK_EQ(spoilt(8, 16, 12, ALL), -ENODATA);
	CHECK_EQ(spoilt(8, 18, 12, ALL), -EMSGSIZE);
	CHECK_EQ(spoilt(11, 0x80, 12, ALL), -EMSGSIZE); /* two gigabytes are not waited for */
	CHECK_EQ(spoilt(28, 2, 29, ALL), -EPROTO);
	CHECK_EQ(spoilt(28, 1, 29, ALL), 29);
}

/* Values that no reader takes are not written either. */
static void test_ranges(void)
{
	uint8_t out[BT_HS_MAX];
	struct bt_hs_message m;

#define REFUSED(field, value) \
	do { \
		m = a_request(); \
		m.request.job.field = value; \
		CHECK_EQ(bt_hs_encode(&m, out), -ERANGE); \
	} while (0)
	REFUSED(threads, 0);
	REFUSED(threads, BT_NET_THREADS_MAX + 1);
	REFUSED(flows, 0);
	REFUSED(flows, BT_NET_FLOWS_MAX + 1);
	REFUSED(request_bytes, 0);
	REFUSED(request_bytes, BT_NET_MESSAGE_MAX + 1);
	REFUSED(rate, NAN);
	REFUSED(rate, INFINITY);
	REFUSED(rate, -1);
	REFUSED(sock.dscp, 64);
	REFUSED(n_cpus, BT_NET_CPUS_MAX + 1);
	REFUSED(test, BT_NET_TESTS);
	m = a_request();
	CHECK(bt_hs_encode(&m, out) > 0);
}

static void test_text(void)
{
	struct bt_hs_message m = a_request(), back;
	char *name = m.request.job.sock.congestion;
	uint8_t out[BT_HS_MAX];
	int len;

	memset(name, 'x', BT_NET_NAME_MAX); /* no end */
	name[0] = '\033';
	name[1] = '\n';
	name[2] = (char)0xff;
	len = encoded(&m, out);
	CHECK_EQ(bt_hs_decode(out, (size_t)len, ALL, &back), len);
	CHECK_STR(back.request.job.sock.congestion, "???xxxxxxxxxxxx");
}

static void test_proof(void)
{
	const struct bt_hs_token none = { NULL, 0 }, other = { (const uint8_t *)"secreT", 6 };
	struct bt_hs_message m = a_request(), accept = { .type = BT_HS_ACCEPT };

	bt_hs_prove(&m, token, client, server);
	CHECK(bt_hs_proven(&m, token, client, server));
	CHECK(bt_hs_proven(&m, none, client, server));
	CHECK(!bt_hs_proven(&m, other, client, server));
	CHECK(!bt_hs_proven(&m, token, server, client)); /* another exchange */
	m.request.job.threads++;
	CHECK(!bt_hs_proven(&m, token, client, server)); /* another job */
	bt_hs_prove(&m, none, client, server);
	CHECK(!bt_hs_proven(&m, token, client, server));
	bt_hs_prove(&accept, token, client, server);
	CHECK(bt_hs_proven(&accept, token, client, server));
	accept.accept.proof[BT_SHA256_BYTES - 1] ^= 1;
	CHECK(!bt_hs_proven(&accept, token, client, server));
}

static const struct unit_test tests[] = {
	{ "bytes of a JOIN", test_bytes },
	{ "a REQUEST comes back", test_round },
	{ "every type comes back", test_types },
	{ "COUNTS come back", test_counts },
	{ "byte by byte", test_slowly },
	{ "what is wrong has an error of its own", test_wrong },
	{ "values out of range", test_ranges },
	{ "text of a stranger", test_text },
	{ "proofs", test_proof },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
