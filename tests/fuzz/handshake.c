/* SPDX-License-Identifier: ISC
 *
 * handshake - fuzz target: any bytes as what a peer sends. They are read as they would arrive, byte by byte and at once, which must
 * come to the same; what is taken for a message must be in range and make the same frame again.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "handshake.h"

static void must(int condition)
{
	if (!condition)
		abort();
}

static void check_job(const struct bt_net_job *j)
{
	must(j->test < BT_NET_TESTS && j->proto < BT_NET_PROTOS && j->way < BT_NET_WAYS && j->engine < BT_NET_ENGINES);
	must(j->threads >= 1 && j->threads <= BT_NET_THREADS_MAX && j->flows >= 1 && j->flows <= BT_NET_FLOWS_MAX);
	must(j->request_bytes >= 1 && j->request_bytes <= BT_NET_MESSAGE_MAX && j->response_bytes <= BT_NET_MESSAGE_MAX);
	must(isfinite(j->rate) && j->rate >= 0);
	must(j->n_cpus <= BT_NET_CPUS_MAX && strlen(j->sock.congestion) < BT_NET_NAME_MAX);
}

static void check(const struct bt_hs_message *m, const uint8_t *data, int len)
{
	uint8_t again[BT_HS_MAX];
	struct bt_hs_message back;

	must(len >= BT_HS_HEAD && len <= BT_HS_MAX && m->type < BT_HS_TYPES);
	if (m->type == BT_HS_REQUEST)
		check_job(&m->request.job);
	must(bt_hs_encode(m, again) == len);
	must(bt_hs_decode(again, (size_t)len, ~0u, &back) == len);
	if (m->type != BT_HS_REQUEST) /* its text may have been cleaned */
		must(memcmp(again, data, (size_t)len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_hs_message m, slow;
	size_t at = 0;
	int rc, early;

	while ((rc = bt_hs_decode(data + at, size - at, ~0u, &m)) > 0) {
		check(&m, data + at, rc);
		for (size_t n = 0; n < (size_t)rc; n++)
			must(bt_hs_decode(data + at, n, ~0u, &slow) == 0);
		at += (size_t)rc;
	}
	must(rc == 0 || rc == -EBADMSG || rc == -EPROTONOSUPPORT || rc == -ENOMSG || rc == -EMSGSIZE || rc == -ENODATA || rc == -EPROTO);
	for (size_t n = 0; n <= size - at; n++) { /* once wrong, wrong for good */
		early = bt_hs_decode(data + at, n, ~0u, &slow);
		must(early == 0 || early == rc);
	}
	must(bt_hs_decode(data, size, 0, &m) <= 0);
	return 0;
}

#define HELLO "bnet\1\0\1\0\21\0\0\0nonce of 16 byte\1"
#define ASK "bnet\1\0\6\0\1\0\0\0\3"
#define JOIN "bnet\1\0\5\0\24\0\0\0cookie of 16 byt\0\0\1\0"

/* Its job: threads, flows and request_bytes of 1, everything else 0. */
static const uint8_t request[12 + 386] = {
	'b', 'n', 'e', 't', 1, 0, 2, 0, 386 & 255, 386 >> 8, 0, 0, [12 + 32 + 17] = 1, [12 + 32 + 21] = 1, [12 + 32 + 25] = 1
};

static const struct fuzz_seed seeds[] = {
	FUZZ_TEXT(HELLO), FUZZ_TEXT(HELLO ASK ASK), FUZZ_TEXT(JOIN), FUZZ_TEXT("bnet\1\0\4\0\4\0\0\0\11\0\156\0"), FUZZ_TEXT("GET / HTTP/1.1\r\n"),
	{ request, sizeof(request) }, { NULL, 0 }
};
FUZZ_MAIN(seeds)
