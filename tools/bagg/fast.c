/* SPDX-License-Identifier: ISC
 *
 * fast - folds lines that are like earlier ones without taking them apart: compares them with a shape, word by word.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "fast.h"
#include "when.h"

#define BYTES(c) (0x0101010101010101u * (unsigned char)(c))
#define HIGH BYTES(0x80)

/* The first byte is the lowest. */
static inline uint64_t load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/* Marks the high bit of the bytes of w that are zero; above the first of them also of some that are not. */
static inline uint64_t zero_bytes(uint64_t w)
{
	return (w - BYTES(1)) & ~w & HIGH;
}

/* Bytes before the first one marked. */
static inline unsigned first(uint64_t marks)
{
	return (unsigned)__builtin_ctzll(marks) / 8;
}

/* Whether sixteen bytes are the same. */
static inline bool same_16(const char *a, const char *b)
{
#ifdef __SSE2__
	__m128i x = _mm_loadu_si128((const __m128i *)a), y = _mm_loadu_si128((const __m128i *)b);

	return _mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) == 0xffff;
#else
	return ((load(a) ^ load(b)) | (load(a + 8) ^ load(b + 8))) == 0;
#endif
}

/* len bytes; a literal of less than eight has zeros up to there. */
static inline bool same(const char *p, const char *literal, unsigned len)
{
	unsigned i = 0;

	if (len < 8)
		return len == 0 || (load(p) ^ load(literal)) << (64 - 8 * len) == 0;
	if (len < 16)
		return load(p) == load(literal) && load(p + len - 8) == load(literal + len - 8);
	for (; i + 16 < len; i += 16)
		if (!same_16(p + i, literal + i))
			return false;
	return same_16(p + len - 16, literal + len - 16);
}

/* Marks the bytes of w that are no digits, exactly. */
static inline uint64_t no_digits(uint64_t w)
{
	return ((w ^ BYTES('0')) | (((w ^ BYTES('0')) & ~HIGH) + BYTES(0x76))) & HIGH;
}

/* The number that the digits of w are, the first one lowest (after W. Mula and D. Lemire). */
static inline uint64_t eight_digits(uint64_t w)
{
	w = (w & BYTES(0x0f)) * 2561 >> 8;
	w = (w & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	return (w & 0x0000ffff0000ffffu) * 42949672960001 >> 32;
}

/* Digits at p, appended to *v: at most 19 in all make sense. Returns what follows. */
static inline const char *digits(const char *p, uint64_t *v)
{
	static const uint64_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };

	for (;;) {
		uint64_t w = load(p), other = no_digits(w);
		unsigned n;

		if (other) {
			n = first(other);
			if (n > 0)
				*v = *v * tens[n] + eight_digits(w << (64 - 8 * n));
			return p + n;
		}
		*v = *v * 100000000 + eight_digits(w);
		p += 8;
	}
}

#define DIGITS_MAX 18
#define LONG_MAX 64 /* bytes; with two digits of exponent such a number is finite */

/* The rest of a number that has an exponent or too many digits, which is left to bt_json_number. Returns as number. */
static const char *long_number(const char *p, struct bagg_digits *d)
{
	uint64_t ignored = 0;
	const char *start;

	if ((*p | 0x20) == 'e') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		start = p;
		p = digits(p, &ignored);
		if (p == start || p - start > 2)
			return NULL;
	}
	d->digits = UINT64_MAX;
	d->fraction = UINT8_MAX;
	if (p - d->at > LONG_MAX)
		return NULL;
	d->len = (uint8_t)(p - d->at);
	return p;
}

/* Takes the number at p apart. Returns what follows it, or NULL: it is none, or one that is better taken the long way. */
static inline const char *number(const char *p, struct bagg_digits *d)
{
	const char *start, *point;

	d->at = p;
	d->negative = *p == '-';
	start = p += d->negative;
	d->digits = 0;
	d->fraction = 0;
	p = digits(p, &d->digits);
	if (p == start || (*start == '0' && p - start > 1))
		return NULL;
	if (*p == '.') {
		point = p + 1;
		p = digits(point, &d->digits);
		if (p == point)
			return NULL;
		d->fraction = (uint8_t)(p - point);
	}
	if (p - start > DIGITS_MAX || (*p | 0x20) == 'e')
		return long_number(p, d);
	d->len = (uint8_t)(p - d->at);
	return p;
}

/* The quotient of two exact doubles is rounded once (Clinger 1990). */
static double fraction(const struct bagg_digits *d)
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
		1e16, 1e17, 1e18 };
	double f = (double)d->digits / tens[d->fraction];

	return d->negative ? -f : f;
}

static struct bt_number value_of(const struct bagg_digits *d)
{
	struct bt_number v = { .integer = d->fraction == 0 };

	if (v.integer) {
		v.i = d->negative ? -(__int128)d->digits : (__int128)d->digits;
		v.f = (double)v.i;
	} else if (d->digits <= 1ull << 53) {
		v.f = fraction(d);
	} else {
		bt_json_number(d->at, d->len, &v);
	}
	return v;
}

/* Microseconds, as bagg_fold_us has them. */
static inline int64_t to_time(const struct bagg_digits *d)
{
	static const uint64_t tens[] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };

	/* Below 2^51 two roundings to double do not move a whole number of them. */
	if (d->fraction <= 6 && !d->negative && d->digits < (1ull << 51) / tens[d->fraction])
		return (int64_t)(d->digits * tens[d->fraction]);
	return bagg_fold_us(value_of(d).f);
}

/* Bytes that end a string or make it one for the long way: the quote, a backslash, control bytes. */
static inline uint64_t ends_string(uint64_t w)
{
	return zero_bytes(w ^ BYTES('"')) | zero_bytes(w ^ BYTES('\\')) | zero_bytes(w & BYTES(0xe0));
}

/* The bytes of a key up to the one expected behind it, as words, the last one filled up with zeros, and always one that
 * is not full: so where one key ends and the next begins is part of the words. Whether they are a key, and of which kind,
 * need not be asked: words that the long way has not seen lead nowhere. Returns what follows the key, or NULL. */
static inline const char *take_key(const char *p, char stop, struct bagg_match *m)
{
	for (;;) {
		uint64_t w = load(p), ends = zero_bytes(w ^ BYTES(stop)) | zero_bytes(w);
		unsigned n = ends ? first(ends) : 8;

		if (m->n_words == BAGG_SHAPE_KEY_WORDS)
			return NULL;
		if (n < 8)
			w = n ? w << (64 - 8 * n) >> (64 - 8 * n) : 0;
		m->words[m->n_words++] = w;
		m->hash = (m->hash ^ w) * 0x9e3779b97f4a7c15u;
		m->hash ^= m->hash >> 32;
		p += n;
		if (n < 8)
			return p;
	}
}

static inline const char *skip_string(const char *p)
{
	const char *start = p;

	while (p - start < 256) {
		uint64_t ends = ends_string(load(p));

		if (ends)
			return p + first(ends);
		p += 8;
	}
	return NULL;
}

static const char *skip_word(const char *p)
{
	static const char *const words[] = { "true", "false" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(p, words[i], strlen(words[i])) == 0)
			return p + strlen(words[i]);
	return NULL;
}

/* A time in any form, as bagg_foreign_take reads it. */
static const char *take_when(const char *p, bool string, struct bagg_match *m)
{
	struct bagg_digits d;
	const char *end = string ? skip_string(p) : number(p, &d);
	struct bt_number v;
	int64_t us;
	int rc;

	if (!end || (string && end - p >= BAGG_WHEN_TEXT))
		return NULL;
	if (!string)
		v = value_of(&d);
	rc = string ? bt_when_text(p, (size_t)(end - p), &us) : bt_when_number(&v, &us);
	m->ts_us = rc == 0 ? bagg_fold_us((double)us / 1e6) : 0;
	return rc == 0 ? end : NULL;
}

/* The seconds that lines have in common: their text, and where they are in time. */
static void remember_second(struct bagg_second *s, const struct bagg_digits *d, int64_t ts_us)
{
	s->len = (uint8_t)(d->len - d->fraction);
	if (d->fraction == 0 || d->fraction > 6 || d->negative || s->len < 8 || ts_us >> 51) {
		s->len = 8;
		s->head = s->tail = 0;
		return;
	}
	s->head = load(d->at);
	s->tail = load(d->at + s->len - 8);
	s->us = ts_us - ts_us % 1000000;
}

/* A time: most are in the same second as the one before. */
static inline const char *take_time(struct bagg_second *s, const char *p, struct bagg_match *m)
{
	static const uint64_t tens[] = { 0, 100000, 10000, 1000, 100, 10, 1 };
	struct bagg_digits d = { 0 };
	const char *end, *point = p + s->len;

	if (s->head && load(p) == s->head && load(point - 8) == s->tail) {
		end = digits(point, &d.digits);
		if (end > point && end - point <= 6 && (*end | 0x20) != 'e') {
			m->ts_us = s->us + (int64_t)(d.digits * tens[end - point]);
			return end;
		}
	}
	end = number(p, &d);
	if (!end)
		return NULL;
	m->ts_us = to_time(&d);
	remember_second(s, &d, m->ts_us);
	return end;
}

static inline const char *take_number(const char *p, enum bagg_role role, struct bagg_match *m)
{
	struct bagg_digits d, *to = role == BAGG_VALUE ? &m->values[m->n_values++] : &d;
	const char *end = number(p, to);

	if (!end)
		return NULL;
	if (role == BAGG_DUR)
		m->dur_ns = bagg_fold_ns(value_of(to).f);
	else if (role == BAGG_LOST)
		m->lost = to->digits;
	/* The last two are counts. */
	return role >= BAGG_LOST && (to->fraction || to->negative) ? NULL : end;
}

static inline const char *take_slot(struct bagg_shape *s, const struct bagg_slot *slot, const char *p, struct bagg_match *m)
{
	if (slot->role == BAGG_KEY)
		return take_key(p, slot->stop, m);
	if (slot->role == BAGG_TIME)
		return take_time(&s->second, p, m);
	if (slot->role == BAGG_WHEN)
		return take_when(p, slot->type == BAGG_STRING, m);
	if (slot->type == BAGG_NUMBER)
		return take_number(p, (enum bagg_role)slot->role, m);
	return slot->type == BAGG_STRING ? skip_string(p) : skip_word(p);
}

/* Whether what starts at p is a line of that shape: what is in its slots, into m. Returns what follows the newline, or
 * NULL. */
static inline const char *match(struct bagg_shape *s, uint64_t seed, const char *p, struct bagg_match *m)
{
	m->hash = seed;
	m->n_words = m->n_values = 0;
	m->ts_us = INT64_MIN;
	m->dur_ns = m->lost = 0;
	for (unsigned i = 0; i < s->n_slots; i++) {
		const struct bagg_slot *slot = &s->slots[i];

		if (!same(p, s->literals + slot->literal, slot->literal_len))
			return NULL;
		p = take_slot(s, slot, p + slot->literal_len, m);
		if (!p)
			return NULL;
	}
	if (!same(p, s->literals + s->tail, s->tail_len))
		return NULL;
	p += s->tail_len;
	p += *p == '\r';
	return *p == '\n' ? p + 1 : NULL;
}

static inline const char *match_shape(const struct bagg_fast *f, struct bagg_shape *s, const char *p, const char *end,
				      struct bagg_match *m)
{
	const char *behind = match(s, f->seed, p, m);

	return behind && behind <= end && (size_t)(behind - p) <= f->line_max ? behind : NULL;
}

/* Tries the shape expected, then all others; f->current becomes the one that fits. */
static inline const char *match_any(struct bagg_fast *f, const char *p, const char *end, struct bagg_match *m)
{
	unsigned expected = f->next[f->current];
	const char *behind = match_shape(f, f->shapes[expected], p, end, m);
	unsigned i = expected;

	for (unsigned k = 0; !behind && k < f->n; k++) {
		i = k;
		if (k != expected)
			behind = match_shape(f, f->shapes[k], p, end, m);
	}
	if (behind) {
		f->next[f->current] = (uint8_t)i;
		f->current = i;
	}
	return behind;
}

static inline int fold_value(const struct bagg_target *t, const struct bagg_digits *d)
{
	struct bt_number v;

	if (!t->unit && d->fraction == 0 && !d->negative)
		return bagg_fold_int(&t->group->fold, d->digits);
	v = value_of(d);
	if (t->unit)
		v = bt_unit_number(t->unit, v);
	if (v.integer && v.i >= 0 && v.i <= (__int128)BAGG_QUICK_MAX)
		return bagg_fold_int(&t->group->fold, (uint64_t)v.i);
	return bagg_fold_value(&t->group->fold, v);
}

/* Returns the number of measurements folded, or -ENOMEM. */
static inline int fold_match(const struct bagg_target *targets, const struct bagg_match *m)
{
	int folded = 0;

	for (unsigned i = 0; i < m->n_values; i++) {
		if (!targets[i].group)
			continue;
		bagg_fold_span(&targets[i].group->fold, m->ts_us, m->dur_ns, m->lost);
		if (fold_value(&targets[i], &m->values[i]) < 0)
			return -ENOMEM;
		folded++;
	}
	return folded;
}

int64_t bagg_fast_run(struct bagg_fast *f, const char *p, size_t len, uint64_t *lines, uint64_t *folded)
{
	const char *start = p, *end = p + len;
	struct bagg_match m;

	while (p < end && f->n > 0) {
		const struct bagg_target *targets;
		const char *behind;
		int rc;

		if (*p == '\n') {
			p++;
			++*lines;
			continue;
		}
		behind = match_any(f, p, end, &m);
		targets = behind ? bagg_shape_find(f->shapes[f->current], &m) : NULL;
		if (!targets)
			break;
		rc = fold_match(targets, &m);
		if (rc < 0)
			return rc;
		*folded += (unsigned)rc;
		++*lines;
		f->untimed += f->shapes[f->current]->untimed;
		p = behind;
		f->wasted = 0;
	}
	return p - start;
}

const char *bagg_fast_match(const struct bagg_fast *f, struct bagg_shape *s, const char *p, const char *end,
			    struct bagg_match *m)
{
	return match_shape(f, s, p, end, m);
}

const char *bagg_fast_match_any(struct bagg_fast *f, const char *p, const char *end, struct bagg_match *m)
{
	return f->n > 0 ? match_any(f, p, end, m) : NULL;
}
