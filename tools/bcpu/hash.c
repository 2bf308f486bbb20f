/* SPDX-License-Identifier: ISC
 *
 * hash - SHA-256 (FIPS 180-4) and CRC32C (Castagnoli, RFC 3720) of 64 KiB, in plain C or with the instructions made for it.
 *
 * The input is what "seq 1 20000 | head -c 65536" prints, so that sha256sum can tell the right answer.
 *
 * Shape: SHA-256 is one long dependency chain of cheap operations, IPC about 3 in plain C, bound by the latency of
 * SHA256RNDS2 with SHA-NI; CRC32C is bound by the latency of its instruction or by table look-ups in L1.
 */
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "bcpu.h"
#include "sha256.h"

#define INPUT_BYTES 65536

struct hash {
	uint8_t input[INPUT_BYTES];
	uint32_t crc_table[8][256];
};

/* The first 64 bits of the SHA-256 of the input. */
static const uint64_t golden[] = { 0x0136344a2c720245 };
#define CRC_GOLDEN 0x96ce45fdu

/* Eight bytes a step through eight tables ("slicing by 8"). */
static uint32_t crc32c_plain(const struct hash *h)
{
	const uint32_t (*t)[256] = h->crc_table;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < INPUT_BYTES; i += 8) {
		const uint8_t *p = h->input + i;

		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = t[7][crc & 255] ^ t[6][crc >> 8 & 255] ^ t[5][crc >> 16 & 255] ^ t[4][crc >> 24] ^
		      t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
	}
	return ~crc;
}

static int setup(struct bcpu_work *k)
{
	struct hash *h = k->data;
	char line[16];
	size_t at = 0;

	for (unsigned i = 1; at < INPUT_BYTES; i++) {
		size_t len = (size_t)snprintf(line, sizeof(line), "%u\n", i);

		len = len < INPUT_BYTES - at ? len : INPUT_BYTES - at;
		memcpy(h->input + at, line, len);
		at += len;
	}
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
		h->crc_table[0][i] = crc;
	}
	for (unsigned t = 1; t < 8; t++)
		for (unsigned i = 0; i < 256; i++)
			h->crc_table[t][i] = h->crc_table[t - 1][i] >> 8 ^ h->crc_table[0][h->crc_table[t - 1][i] & 255];
	return 0;
}

/* The whole batch, given the two parts that differ. */
static inline uint64_t digest(const struct hash *h, void (*sha256)(uint32_t *, const uint8_t *, size_t), uint32_t crc)
{
	static const uint8_t padding[64] = { [0] = 0x80, [61] = INPUT_BYTES * 8 >> 16 }; /* length in bits, big-endian */
	uint32_t state[8] = BT_SHA256_START;
	uint64_t first;

	sha256(state, h->input, INPUT_BYTES / 64);
	sha256(state, padding, 1);
	first = (uint64_t)state[0] << 32 | state[1];
	return crc == CRC_GOLDEN ? first : ~first;
}

static uint64_t batch_plain(struct bcpu_work *k)
{
	return digest(k->data, bt_sha256_blocks, crc32c_plain(k->data));
}

#if defined(__x86_64__)
/* SHA256RNDS2 wants the state as ABEF and CDGH and takes two rounds a time; four message words live in each of m[]. */
__attribute__((target("sha,sse4.1,ssse3"))) static void sha256_ni(uint32_t state[8], const uint8_t *p, size_t blocks)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(dcba, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
	__m128i m[4], feba, dchg;

	for (; blocks > 0; blocks--, p += 64) {
		__m128i abef_before = abef, cdgh_before = cdgh;

#pragma GCC unroll 16
		for (unsigned i = 0; i < 16; i++) {
			__m128i *now = &m[i % 4], after = m[(i + 1) % 4], before = m[(i + 3) % 4], wk;

			if (i < 4)
				*now = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 16 * i)), swap);
			else
				*now = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(*now, after),
									  _mm_alignr_epi8(before, m[(i + 2) % 4], 4)), before);
			wk = _mm_add_epi32(*now, _mm_loadu_si128((const __m128i *)(bt_sha256_constants + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0e));
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	feba = _mm_shuffle_epi32(abef, 0x1b);
	dchg = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_ni(const struct hash *h)
{
	uint64_t crc = 0xffffffff, v;

	for (size_t i = 0; i < INPUT_BYTES; i += sizeof(v)) {
		memcpy(&v, h->input + i, sizeof(v));
		crc = _mm_crc32_u64(crc, v);
	}
	return ~(uint32_t)crc;
}

static uint64_t batch_ni(struct bcpu_work *k)
{
	return digest(k->data, sha256_ni, crc32c_ni(k->data));
}

/* CPUID leaf 7, EBX bit 29. Not every compiler's __builtin_cpu_supports knows "sha". */
static bool has_sha_ni(void)
{
	unsigned a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b >> 29 & 1 && __builtin_cpu_supports("sse4.2");
}
#endif

static const struct bcpu_isa isas[] = {
#if defined(__x86_64__)
	{ "sha_ni", has_sha_ni, batch_ni },
#endif
	{ "portable", NULL, batch_plain },
};

const struct bcpu_kernel bcpu_hash = {
	.name = "hash", .id = "hash.1", .help = "SHA-256 and CRC32C of 64 KiB", .work = "64 KiB through both",
	.bytes = INPUT_BYTES, .golden = golden, .rounds = 1, .size = sizeof(struct hash), .setup = setup, .isas = isas,
};
