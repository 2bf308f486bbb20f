/* SPDX-License-Identifier: ISC
 *
 * sha256 - SHA-256, HMAC-SHA256 and a comparison that takes the same time for all bytes.
 */
#include <string.h>

#include "sha256.h"

const uint32_t bt_sha256_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t load_be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t rotate(uint32_t v, unsigned by)
{
	return v >> by | v << (32 - by);
}

static void schedule(uint32_t w[64], const uint8_t *block)
{
	for (unsigned i = 0; i < 16; i++)
		w[i] = load_be(block + 4 * i);
	for (unsigned i = 16; i < 64; i++) {
		uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

static void take_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	schedule(w, block);
	for (unsigned i = 0; i < 64; i++) {
		uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + bt_sha256_constants[i] + w[i];
		uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void bt_sha256_blocks(uint32_t state[8], const uint8_t *p, size_t blocks)
{
	for (; blocks > 0; blocks--, p += 64)
		take_block(state, p);
}

void bt_sha256_init(struct bt_sha256 *h)
{
	*h = (struct bt_sha256){ .state = BT_SHA256_START };
}

void bt_sha256_add(struct bt_sha256 *h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len > 0) {
		size_t at = h->bytes % BT_SHA256_BLOCK, room = BT_SHA256_BLOCK - at, n = len < room ? len : room;

		memcpy(h->block + at, p, n);
		h->bytes += n;
		p += n;
		len -= n;
		if (n == room)
			bt_sha256_blocks(h->state, h->block, 1);
	}
}

void bt_sha256_end(struct bt_sha256 *h, uint8_t out[BT_SHA256_BYTES])
{
	static const uint8_t padding[BT_SHA256_BLOCK] = { 0x80 };
	uint64_t bits = h->bytes * 8;
	uint8_t length[8];

	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	bt_sha256_add(h, padding, 1 + (BT_SHA256_BLOCK * 2 - 9 - h->bytes % BT_SHA256_BLOCK) % BT_SHA256_BLOCK);
	bt_sha256_add(h, length, sizeof(length));
	for (unsigned i = 0; i < BT_SHA256_BYTES; i++)
		out[i] = (uint8_t)(h->state[i / 4] >> (24 - 8 * (i % 4)));
}

/* One of the two hashes of the code: the key, its bytes changed by mask, then the message. */
static void keyed(const uint8_t key[BT_SHA256_BLOCK], uint8_t mask, const void *message, size_t len, uint8_t out[BT_SHA256_BYTES])
{
	uint8_t pad[BT_SHA256_BLOCK];
	struct bt_sha256 h;

	for (unsigned i = 0; i < BT_SHA256_BLOCK; i++)
		pad[i] = key[i] ^ mask;
	bt_sha256_init(&h);
	bt_sha256_add(&h, pad, sizeof(pad));
	bt_sha256_add(&h, message, len);
	bt_sha256_end(&h, out);
}

void bt_sha256_hmac(const void *key, size_t key_len, const void *message, size_t len, uint8_t out[BT_SHA256_BYTES])
{
	uint8_t block[BT_SHA256_BLOCK] = { 0 }, inner[BT_SHA256_BYTES];
	struct bt_sha256 h;

	if (key_len > sizeof(block)) {
		bt_sha256_init(&h);
		bt_sha256_add(&h, key, key_len);
		bt_sha256_end(&h, block);
	} else {
		memcpy(block, key, key_len);
	}
	keyed(block, 0x36, message, len, inner);
	keyed(block, 0x5c, inner, sizeof(inner), out);
}

bool bt_sha256_equal(const uint8_t a[BT_SHA256_BYTES], const uint8_t b[BT_SHA256_BYTES])
{
	volatile uint8_t differ = 0; /* volatile: no compiler may leave the loop early */

	for (unsigned i = 0; i < BT_SHA256_BYTES; i++)
		differ = differ | (a[i] ^ b[i]);
	return differ == 0;
}
