/* SPDX-License-Identifier: ISC
 *
 * sha256 - SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104) in plain C, and a comparison that takes the same time for all bytes.
 *
 * Pure: no I/O, no allocation, no error. A message may be any length below 2^61 bytes.
 */
#ifndef BT_SHA256_H
#define BT_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_SHA256_BYTES 32
#define BT_SHA256_BLOCK 64
#define BT_SHA256_START \
	{ 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }

extern const uint32_t bt_sha256_constants[64];

/* bt_sha256_blocks - take whole blocks of 64 bytes into state, which begins as BT_SHA256_START. */
void bt_sha256_blocks(uint32_t state[8], const uint8_t *p, size_t blocks);

struct bt_sha256 {
	uint32_t state[8];
	uint64_t bytes; /* taken so far */
	uint8_t block[BT_SHA256_BLOCK];
};

void bt_sha256_init(struct bt_sha256 *h);
void bt_sha256_add(struct bt_sha256 *h, const void *bytes, size_t len);
void bt_sha256_end(struct bt_sha256 *h, uint8_t out[BT_SHA256_BYTES]);

/* bt_sha256_hmac - the code of len bytes of message under key. */
void bt_sha256_hmac(const void *key, size_t key_len, const void *message, size_t len, uint8_t out[BT_SHA256_BYTES]);

/* bt_sha256_equal - whether two codes are the same. The time it takes does not tell where they differ. */
bool bt_sha256_equal(const uint8_t a[BT_SHA256_BYTES], const uint8_t b[BT_SHA256_BYTES]);

#endif
