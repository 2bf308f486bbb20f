/* SPDX-License-Identifier: ISC
 *
 * stamp - blocks that tell what they are.
 */
#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "rng.h"
#include "stamp.h"

#define MAGIC 0x31706d6174737462ull /* "btstamp1" */
#define WORDS (BT_STAMP_SECTOR / 8)
#define NEAR 64 /* a sector with more wrong bytes than that is compared with what its own stamp says too */

/* Words of the stamp at the start of a sector. */
enum { W_MAGIC, W_ID, W_SEED, W_GENERATION, W_PLACE, W_BLOCK, W_CONTENT };

static void make_sector(unsigned char *out, const struct bt_stamp *s, uint32_t at)
{
	uint64_t words[WORDS] = { MAGIC, s->id, s->seed, s->generation, s->offset + at,
				  (uint64_t)(at / BT_STAMP_SECTOR) << 32 | s->bytes };
	struct bt_rng rng;
	uint32_t crc;

	bt_rng_seed(&rng, (s->seed ^ s->id) + s->generation * 0x9e3779b97f4a7c15 + (s->offset + at) * 0xd1342543de82ef95);
	for (unsigned i = W_CONTENT; i < WORDS; i++)
		words[i] = bt_rng_next(&rng);
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = htole64(words[i]);
	memcpy(out, words, BT_STAMP_SECTOR);
	crc = htole32((uint32_t)crc32(0, out, BT_STAMP_SECTOR - sizeof(crc)));
	memcpy(out + BT_STAMP_SECTOR - sizeof(crc), &crc, sizeof(crc));
}

void bt_stamp_write(void *block, const struct bt_stamp *s)
{
	for (uint32_t at = 0; at < s->bytes; at += BT_STAMP_SECTOR)
		make_sector((unsigned char *)block + at, s, at);
}

/* What a sector says of itself, true or not: the stamp of its block, and its own offset in that. False: it cannot be. */
static bool read_stamp(const unsigned char *sector, struct bt_stamp *s, uint32_t *at)
{
	uint64_t words[W_CONTENT];

	memcpy(words, sector, sizeof(words));
	for (unsigned i = 0; i < W_CONTENT; i++)
		words[i] = le64toh(words[i]);
	*at = (uint32_t)(words[W_BLOCK] >> 32) * BT_STAMP_SECTOR;
	*s = (struct bt_stamp){ .id = words[W_ID], .seed = words[W_SEED], .generation = words[W_GENERATION],
				.offset = words[W_PLACE] - *at, .bytes = (uint32_t)words[W_BLOCK] };
	return words[W_MAGIC] == MAGIC && words[W_BLOCK] >> 32 < UINT32_MAX / BT_STAMP_SECTOR && words[W_PLACE] >= *at;
}

/* Whether a sector is exactly what its stamp says. */
static bool intact(const unsigned char *sector, struct bt_stamp *s, uint32_t *at)
{
	unsigned char made[BT_STAMP_SECTOR];

	if (!read_stamp(sector, s, at))
		return false;
	make_sector(made, s, *at);
	return memcmp(sector, made, BT_STAMP_SECTOR) == 0;
}

static bool all_zero(const unsigned char *p)
{
	return p[0] == 0 && memcmp(p, p + 1, BT_STAMP_SECTOR - 1) == 0;
}

/* Compares a sector with one that s gives; keeps in f the comparison that finds fewer bytes wrong. */
static void compare(const unsigned char *sector, const struct bt_stamp *s, uint32_t at, uint64_t place, struct bt_stamp_flip *f)
{
	struct bt_stamp_flip now = { .generation = s->generation };
	unsigned char made[BT_STAMP_SECTOR];

	make_sector(made, s, at);
	for (unsigned i = 0; i < BT_STAMP_SECTOR; i++) {
		if (sector[i] == made[i])
			continue;
		if (now.bytes == 0) {
			now.at = place + i;
			now.bits = sector[i] ^ made[i];
		}
		if (now.bytes < BT_STAMP_PLACES)
			now.places[now.bytes] = (uint16_t)i;
		now.bytes++;
	}
	if (now.bytes < f->bytes)
		*f = now;
}

/* What a damaged sector was: of a generation that its neighbours have, or should have, or that it names itself. */
static void compare_all(const unsigned char *sector, const struct bt_stamp *want, uint32_t at, const struct bt_stamp_verdict *v,
			struct bt_stamp_flip *f)
{
	struct bt_stamp s = *want, own;
	uint32_t own_at;
	bool sane = read_stamp(sector, &own, &own_at);
	const uint64_t generations[] = { want->generation, want->generation + 1, v->newest, v->oldest, own.generation };

	*f = (struct bt_stamp_flip){ .bytes = UINT32_MAX };
	for (unsigned i = 0; i < sizeof(generations) / sizeof(*generations); i++) {
		s.generation = generations[i];
		if (s.generation > 0)
			compare(sector, &s, at, want->offset + at, f);
	}
	if (f->bytes > NEAR && sane)
		compare(sector, &own, own_at, want->offset + at, f);
}

static bool is_ours(const struct bt_stamp *s, const struct bt_stamp *want)
{
	return s->id == want->id && s->seed == want->seed && s->bytes == want->bytes;
}

/* What each sector is. Returns whether some are damaged. */
static bool classify(const unsigned char *block, const struct bt_stamp *want, struct bt_stamp_verdict *v)
{
	*v = (struct bt_stamp_verdict){ .oldest = UINT64_MAX };
	for (uint32_t at = 0; at < want->bytes; at += BT_STAMP_SECTOR) {
		struct bt_stamp s;
		uint32_t own_at;

		if (all_zero(block + at)) {
			v->zero++;
		} else if (!intact(block + at, &s, &own_at)) {
			v->flipped++;
		} else if (s.offset + own_at != want->offset + at || (s.id == want->id && !is_ours(&s, want))) {
			v->from = v->misplaced++ ? v->from : s.offset;
		} else if (s.id != want->id) {
			v->old++;
		} else {
			v->good++;
			v->newest = s.generation > v->newest ? s.generation : v->newest;
			v->oldest = s.generation < v->oldest ? s.generation : v->oldest;
		}
	}
	if (v->good == 0)
		v->oldest = 0;
	return v->flipped > 0;
}

static void find_flips(const unsigned char *block, const struct bt_stamp *want, const struct bt_stamp_verdict *v,
		       void (*flip)(void *arg, const struct bt_stamp_flip *f), void *arg)
{
	for (uint32_t at = 0; at < want->bytes; at += BT_STAMP_SECTOR) {
		struct bt_stamp_flip f;
		struct bt_stamp s;
		uint32_t own_at;

		if (all_zero(block + at) || intact(block + at, &s, &own_at))
			continue;
		compare_all(block + at, want, at, v, &f);
		flip(arg, &f);
	}
}

/* The usual case, in one comparison for each sector: whole, of one generation, and new enough. */
static bool all_right(const unsigned char *block, const struct bt_stamp *want, struct bt_stamp_verdict *v)
{
	unsigned char made[BT_STAMP_SECTOR];
	struct bt_stamp s;
	uint32_t at;

	if (!read_stamp(block, &s, &at) || at != 0 || s.offset != want->offset || !is_ours(&s, want) || s.generation < want->generation ||
	    s.generation == 0)
		return false;
	for (at = 0; at < want->bytes; at += BT_STAMP_SECTOR) {
		make_sector(made, &s, at);
		if (memcmp(block + at, made, BT_STAMP_SECTOR) != 0)
			return false;
	}
	*v = (struct bt_stamp_verdict){ .good = want->bytes / BT_STAMP_SECTOR, .newest = s.generation, .oldest = s.generation };
	return true;
}

unsigned bt_stamp_check(const void *block, const struct bt_stamp *want, struct bt_stamp_verdict *v,
			void (*flip)(void *arg, const struct bt_stamp_flip *f), void *arg)
{
	if (all_right(block, want, v))
		return 0;
	if (classify(block, want, v) && flip)
		find_flips(block, want, v, flip, arg);
	v->how = (v->flipped ? BT_STAMP_FLIPPED : 0) | (v->misplaced ? BT_STAMP_MISPLACED : 0);
	if (v->good > 0 && (v->newest != v->oldest || v->zero + v->old > 0))
		v->how |= BT_STAMP_TORN;
	else if (v->good > 0 ? v->newest < want->generation : v->old > 0 && want->generation > 0)
		v->how |= BT_STAMP_STALE;
	else if (v->good + v->old == 0 && v->zero > 0 && want->generation > 0)
		v->how |= BT_STAMP_MISSING;
	if (v->zero + v->old > 0)
		v->oldest = 0;
	return v->how;
}

const char *bt_stamp_how_name(enum bt_stamp_how how)
{
	switch (how) {
	case BT_STAMP_TORN: return "torn";
	case BT_STAMP_STALE: return "stale";
	case BT_STAMP_MISPLACED: return "misplaced";
	case BT_STAMP_FLIPPED: return "flipped";
	case BT_STAMP_MISSING: return "missing";
	}
	return "unknown";
}
