/* SPDX-License-Identifier: ISC
 *
 * handshake - frames and their fields. One table of fields for each type feeds the encoder, the decoder and the checks.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "handshake.h"

#define ROLE_BYTES 6 /* "client", "server" */

static const uint8_t magic[4] = { 'b', 'n', 'e', 't' };

enum field_kind { BYTES, TEXT, NUMBER, REAL };

/* Where a field of the body is in its struct, and what it may be: a number from 0 or min to max, a double from 0 to max. */
struct field {
	uint16_t offset, size; /* size: of one element */
	uint16_t count;        /* elements; 0 ends a table */
	uint16_t kind;         /* enum field_kind */
	uint64_t min, max;
};

#define SIZE(of, name) sizeof(((struct bt_hs_##of *)0)->name)
#define RANGE(of, name, min, max) { offsetof(struct bt_hs_##of, name), SIZE(of, name), 1, NUMBER, min, max }
#define UP_TO(of, name, max) RANGE(of, name, 0, max)
#define ANY(of, name) RANGE(of, name, 0, UINT64_MAX)
#define LIST(of, name) \
	{ offsetof(struct bt_hs_##of, name), SIZE(of, name[0]), SIZE(of, name) / SIZE(of, name[0]), NUMBER, 0, UINT64_MAX }
#define POSITIVE(of, name, max) { offsetof(struct bt_hs_##of, name), SIZE(of, name), 1, REAL, 0, max }
#define RAW(of, name) { offsetof(struct bt_hs_##of, name), SIZE(of, name), 1, BYTES, 0, 0 }
#define WORDS(of, name) { offsetof(struct bt_hs_##of, name), SIZE(of, name), 1, TEXT, 0, 0 }
#define END { 0, 0, 0, 0, 0, 0 }

static const struct field hello[] = { RAW(hello, nonce), UP_TO(hello, wants_token, 1), END };

static const struct field request[] = {
	RAW(request, proof), UP_TO(request, job.test, BT_NET_TESTS - 1), UP_TO(request, job.proto, BT_NET_PROTOS - 1),
	UP_TO(request, job.way, BT_NET_WAYS - 1), UP_TO(request, job.engine, BT_NET_ENGINES - 1), UP_TO(request, job.zerocopy, 1),
	RANGE(request, job.threads, 1, BT_NET_THREADS_MAX), RANGE(request, job.flows, 1, BT_NET_FLOWS_MAX),
	RANGE(request, job.request_bytes, 1, BT_NET_MESSAGE_MAX), UP_TO(request, job.response_bytes, BT_NET_MESSAGE_MAX),
	POSITIVE(request, job.rate, 1000000000), ANY(request, job.lifetime_ns), ANY(request, job.timeout_ns),
	UP_TO(request, job.sock.nodelay, 1), UP_TO(request, job.sock.mss_bytes, 65535),
	UP_TO(request, job.sock.sndbuf_bytes, 1 << 30), UP_TO(request, job.sock.rcvbuf_bytes, 1 << 30),
	UP_TO(request, job.sock.dscp, 63), UP_TO(request, job.sock.busy_poll_us, 1000000), WORDS(request, job.sock.congestion),
	UP_TO(request, job.n_cpus, BT_NET_CPUS_MAX), LIST(request, job.cpus), END
};

static const struct field accepted[] = { RAW(accept, proof), RAW(accept, cookie), END };
static const struct field fail[] = { ANY(fail, code), ANY(fail, error), END };
static const struct field join[] = {
	RAW(join, cookie), UP_TO(join, worker, BT_NET_THREADS_MAX - 1), UP_TO(join, flow, BT_NET_FLOWS_MAX - 1), END
};
static const struct field ask[] = { ANY(ask, what), END };

static const struct field counts[] = {
	ANY(counts, what), UP_TO(counts, done, 1), ANY(counts, counts.at_ns), ANY(counts, counts.ops),
	ANY(counts, counts.in_bytes), ANY(counts, counts.out_bytes), ANY(counts, counts.cpu_ns),
	ANY(counts, counts.errors), ANY(counts, counts.datagrams),
	ANY(counts, counts.lost), ANY(counts, counts.duplicates), ANY(counts, counts.reordered), ANY(counts, counts.jitter_ns),
	ANY(counts, counts.zc_sends), ANY(counts, counts.zc_copied), ANY(counts, counts.features), ANY(counts, counts.tcp.flows),
	ANY(counts, counts.tcp.rtt_ns), ANY(counts, counts.tcp.rttvar_ns), ANY(counts, counts.tcp.retransmits),
	ANY(counts, counts.tcp.cwnd_bytes), ANY(counts, counts.tcp.pacing_rate), ANY(counts, counts.tcp.delivery_rate), END
};

static const struct field *const bodies[BT_HS_TYPES] = {
	[BT_HS_HELLO] = hello, [BT_HS_REQUEST] = request, [BT_HS_ACCEPT] = accepted, [BT_HS_FAIL] = fail, [BT_HS_JOIN] = join,
	[BT_HS_ASK] = ask, [BT_HS_COUNTS] = counts,
};

static uint32_t body_bytes(const struct field *f)
{
	uint32_t sum = 0;

	for (; f->count; f++)
		sum += (uint32_t)f->size * f->count;
	return sum;
}

static void put_le(uint8_t *p, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_le(const uint8_t *p, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)p[i] << 8 * i;
	return value;
}

/* The number in memory, in this machine's order, and back. */
static uint64_t load(const uint8_t *p, unsigned size)
{
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (size) {
	case 1: return *p;
	case 2: memcpy(&two, p, sizeof(two)); return two;
	case 4: memcpy(&four, p, sizeof(four)); return four;
	default: memcpy(&eight, p, sizeof(eight)); return eight;
	}
}

static void store(uint8_t *p, unsigned size, uint64_t value)
{
	uint8_t one = (uint8_t)value;
	uint16_t two = (uint16_t)value;
	uint32_t four = (uint32_t)value;

	switch (size) {
	case 1: memcpy(p, &one, sizeof(one)); break;
	case 2: memcpy(p, &two, sizeof(two)); break;
	case 4: memcpy(p, &four, sizeof(four)); break;
	default: memcpy(p, &value, sizeof(value));
	}
}

static bool fits(const struct field *f, uint64_t value)
{
	double real;

	if (f->kind == NUMBER)
		return value >= f->min && value <= f->max;
	memcpy(&real, &value, sizeof(real));
	return isfinite(real) && real >= 0 && real <= (double)f->max;
}

static bool is_number(const struct field *f)
{
	return f->kind == NUMBER || f->kind == REAL;
}

/* Returns whether all values are in their range. */
static bool put_field(const struct field *f, const void *body, uint8_t *p)
{
	const uint8_t *from = (const uint8_t *)body + f->offset;
	bool good = true;

	if (!is_number(f)) {
		memcpy(p, from, f->size);
		return true;
	}
	for (unsigned i = 0; i < f->count; i++, from += f->size, p += f->size) {
		uint64_t value = load(from, f->size);

		put_le(p, f->size, value);
		good &= fits(f, value);
	}
	return good;
}

/* What a stranger calls text ends within its field and has nothing in it that a terminal would obey. */
static void clean_text(char *text, size_t size)
{
	size_t len;

	text[size - 1] = '\0';
	len = strlen(text);
	memset(text + len, 0, size - len);
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* The same; a value out of its range is not stored. */
static bool get_field(const struct field *f, void *body, const uint8_t *p)
{
	uint8_t *to = (uint8_t *)body + f->offset;

	if (!is_number(f)) {
		memcpy(to, p, f->size);
		if (f->kind == TEXT)
			clean_text((char *)to, f->size);
		return true;
	}
	for (unsigned i = 0; i < f->count; i++, to += f->size, p += f->size) {
		uint64_t value = get_le(p, f->size);

		if (!fits(f, value))
			return false;
		store(to, f->size, value);
	}
	return true;
}

int bt_hs_encode(const struct bt_hs_message *m, uint8_t out[BT_HS_MAX])
{
	const struct field *f = bodies[m->type];
	uint8_t *p = out + BT_HS_HEAD;
	bool good = true;

	memcpy(out, magic, sizeof(magic));
	put_le(out + 4, 2, BT_HS_VERSION);
	out[6] = (uint8_t)m->type;
	out[7] = 0;
	put_le(out + 8, 4, body_bytes(f));
	for (; f->count; p += f->size * f->count, f++)
		good &= put_field(f, &m->hello, p);
	return good ? (int)(p - out) : -ERANGE;
}

/* What is wrong with the head, as far as it has come. */
static int check_head(const uint8_t *bytes, size_t len, unsigned expected)
{
	uint32_t promised, wanted;

	if (memcmp(bytes, magic, len < sizeof(magic) ? len : sizeof(magic)) != 0)
		return -EBADMSG;
	if (len >= 6 && get_le(bytes + 4, 2) != BT_HS_VERSION)
		return -EPROTONOSUPPORT;
	if (len >= 7 && (bytes[6] == 0 || bytes[6] >= BT_HS_TYPES || !(expected & BT_HS_BIT(bytes[6]))))
		return -ENOMSG;
	if (len >= 8 && bytes[7] != 0)
		return -EBADMSG;
	if (len < BT_HS_HEAD)
		return 0;
	promised = (uint32_t)get_le(bytes + 8, 4);
	wanted = body_bytes(bodies[bytes[6]]);
	return promised > wanted ? -EMSGSIZE : promised < wanted ? -ENODATA : 0;
}

int bt_hs_decode(const uint8_t *bytes, size_t len, unsigned expected, struct bt_hs_message *m)
{
	int rc = len ? check_head(bytes, len, expected) : 0;
	const struct field *f;
	const uint8_t *p;

	if (rc < 0 || len < BT_HS_HEAD)
		return rc;
	f = bodies[bytes[6]];
	if (len - BT_HS_HEAD < body_bytes(f))
		return 0;
	memset(m, 0, sizeof(*m));
	m->type = bytes[6];
	for (p = bytes + BT_HS_HEAD; f->count; p += f->size * f->count, f++)
		if (!get_field(f, &m->hello, p))
			return -EPROTO;
	return (int)(p - bytes);
}

size_t bt_hs_missing(const uint8_t *bytes, size_t len)
{
	return (len < BT_HS_HEAD ? BT_HS_HEAD : BT_HS_HEAD + (size_t)get_le(bytes + 8, 4)) - len;
}

static uint8_t *proof_of(struct bt_hs_message *m)
{
	return m->type == BT_HS_REQUEST ? m->request.proof : m->accept.proof;
}

/* The proof is the first field of both messages that have one. */
static void make_proof(const struct bt_hs_message *m, struct bt_hs_token token, const uint8_t client_nonce[BT_HS_NONCE],
		       const uint8_t server_nonce[BT_HS_NONCE], uint8_t out[BT_SHA256_BYTES])
{
	uint8_t frame[BT_HS_MAX] = { 0 }, text[ROLE_BYTES + 2 * BT_HS_NONCE + BT_HS_MAX], *p = text;
	size_t rest = body_bytes(bodies[m->type]) - BT_SHA256_BYTES;

	bt_hs_encode(m, frame);
	memcpy(p, m->type == BT_HS_REQUEST ? "client" : "server", ROLE_BYTES);
	p += ROLE_BYTES;
	memcpy(p, client_nonce, BT_HS_NONCE);
	p += BT_HS_NONCE;
	memcpy(p, server_nonce, BT_HS_NONCE);
	p += BT_HS_NONCE;
	memcpy(p, frame + BT_HS_HEAD + BT_SHA256_BYTES, rest);
	bt_sha256_hmac(token.bytes, token.len, text, (size_t)(p - text) + rest, out);
}

void bt_hs_prove(struct bt_hs_message *m, struct bt_hs_token token, const uint8_t client_nonce[BT_HS_NONCE],
		 const uint8_t server_nonce[BT_HS_NONCE])
{
	if (token.bytes)
		make_proof(m, token, client_nonce, server_nonce, proof_of(m));
	else
		memset(proof_of(m), 0, BT_SHA256_BYTES);
}

bool bt_hs_proven(const struct bt_hs_message *m, struct bt_hs_token token, const uint8_t client_nonce[BT_HS_NONCE],
		  const uint8_t server_nonce[BT_HS_NONCE])
{
	uint8_t right[BT_SHA256_BYTES];

	if (!token.bytes)
		return true;
	make_proof(m, token, client_nonce, server_nonce, right);
	return bt_sha256_equal(right, m->type == BT_HS_REQUEST ? m->request.proof : m->accept.proof);
}
