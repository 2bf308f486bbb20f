/* SPDX-License-Identifier: ISC
 *
 * shape - what the lines of one program have in common, so that the next one need only be compared with it.
 *
 * A shape is a line cut into literal text and slots. Slots hold what differs from line to line: the number that is measured,
 * the time, the keys that decide the group. Everything else must be as it was, byte for byte, or the line is taken the long
 * way. So a shape never decides anything: it only remembers what the long way found for the same bytes.
 */
#ifndef BAGG_SHAPE_H
#define BAGG_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "units.h"

#define BAGG_SHAPE_LINE 2048    /* longest line that is learned, bytes */
#define BAGG_SHAPE_SLOTS 64     /* most scalars in it */
#define BAGG_SHAPE_VALUES 8     /* most measurements of one line */
#define BAGG_WHEN_TEXT 64       /* bytes of a time as text, with NUL */
#define BAGG_SHAPE_SLACK 64     /* zero bytes that must follow what is matched */
#define BAGG_SHAPE_KEY_WORDS 64 /* most words of eight bytes that the keys of a line take */

/* What a scalar is there for. KEY: it decides the group or is shown with it. VALUE: it is measured. TIME: Unix seconds.
 * WHEN: a time as when.h has it. COUNT: it must be an unsigned integer, no more. */
enum bagg_role { BAGG_SKIP, BAGG_KEY, BAGG_VALUE, BAGG_TIME, BAGG_WHEN, BAGG_DUR, BAGG_LOST, BAGG_COUNT };

/* A scalar of a line: where its text starts (between the quotes of a string). Scalars without one are skipped. */
struct bagg_use {
	const char *at;
	enum bagg_role role;
};

/* Where a measurement goes. */
struct bagg_target {
	struct bagg_group *group;   /* NULL: it is not wanted. Lives longer than we do: with windows nothing is predicted */
	const struct bt_unit *unit; /* to convert from first, or NULL */
};

enum bagg_token_type { BAGG_NUMBER, BAGG_STRING, BAGG_WORD };

/* A scalar of the line that was learned. */
struct bagg_token {
	uint16_t at, len; /* its text in line */
	uint8_t role, type;
	bool varies;
};

/* A slot, behind the literal text that leads to it. */
struct bagg_slot {
	uint16_t literal, literal_len; /* in literals */
	uint8_t role, type;
	char stop;                     /* the byte behind it */
};

/* The second that the last time was in. */
struct bagg_second {
	uint64_t head, tail; /* first and last eight bytes of its text, the point included; 0: none */
	int64_t us;
	uint8_t len;         /* of its text, at least 8 */
};

struct bagg_known {
	uint64_t hash;
	uint32_t words, n_words; /* in words[] */
};

struct bagg_shape {
	unsigned n_tokens, n_slots, n_values;
	bool untimed; /* such lines are counted as having no time */
	uint16_t line_len, tail, tail_len; /* tail: the literal behind the last slot, in literals */
	struct bagg_second second;
	struct bagg_token tokens[BAGG_SHAPE_SLOTS];
	struct bagg_slot slots[BAGG_SHAPE_SLOTS];
	char line[BAGG_SHAPE_LINE + 1];         /* without its end */
	char literals[BAGG_SHAPE_LINE + 8 * BAGG_SHAPE_SLOTS + 16];
	/* The keys seen, and where they lead, n_values each. */
	struct bagg_known *known;
	struct bagg_target *targets;
	uint32_t *table; /* number in known plus 1, by hash; 0: free */
	uint64_t *words;
	uint32_t n_known, cap_known, n_table, n_words, cap_words;
};

/* A number as JSON has it, taken apart: digits * 10^-fraction. */
struct bagg_digits {
	uint64_t digits; /* at most 18 of them; UINT64_MAX: only its text says what it is, and fraction is UINT8_MAX */
	const char *at;  /* its text */
	uint8_t len, fraction;
	bool negative;
};

/* What a line that fits holds. */
struct bagg_match {
	uint64_t hash;
	uint32_t n_words;
	unsigned n_values;
	uint64_t words[BAGG_SHAPE_KEY_WORDS]; /* of the keys that vary */
	struct bagg_digits values[BAGG_SHAPE_VALUES];
	int64_t ts_us;   /* INT64_MIN: none */
	uint64_t dur_ns, lost;
};

/* bagg_shape_cut - cut a line into tokens. The line is valid JSON. Returns false when it has no shape worth knowing. */
bool bagg_shape_cut(struct bagg_shape *s, const char *line, size_t len, const struct bagg_use *uses, unsigned n_uses);

/* bagg_shape_alike - whether two lines differ in nothing but their scalars. */
bool bagg_shape_alike(const struct bagg_shape *a, const struct bagg_shape *b);

/* bagg_shape_widen - make slots of the keys in which another line, which is alike, differs. Forgets the targets if there
 * are any. */
void bagg_shape_widen(struct bagg_shape *s, const struct bagg_shape *other);

/* bagg_shape_know - the keys of m lead to these targets. Without memory nothing is learned. */
void bagg_shape_know(struct bagg_shape *s, const struct bagg_match *m, const struct bagg_target *targets);

#define BAGG_SHAPE_PROBES 16 /* so that hostile keys cannot make a lookup long */

static inline bool bagg_shape_same_keys(const struct bagg_shape *s, const struct bagg_known *k, const struct bagg_match *m)
{
	if (k->hash != m->hash || k->n_words != m->n_words)
		return false;
	/* A few words: a loop is quicker than memcmp(3). */
	for (uint32_t i = 0; i < m->n_words; i++)
		if (s->words[k->words + i] != m->words[i])
			return false;
	return true;
}

/* bagg_shape_place - the place in table of the keys of m, taken or free; NULL when too many others crowd it. There is a
 * table. */
static inline uint32_t *bagg_shape_place(const struct bagg_shape *s, const struct bagg_match *m)
{
	uint32_t mask = s->n_table - 1, i = (uint32_t)m->hash & mask;

	for (unsigned probes = 0; probes < BAGG_SHAPE_PROBES; probes++, i = (i + 1) & mask)
		if (!s->table[i] || bagg_shape_same_keys(s, &s->known[s->table[i] - 1], m))
			return &s->table[i];
	return NULL;
}

/* bagg_shape_find - where the keys lead, n_values targets, or NULL. */
static inline const struct bagg_target *bagg_shape_find(const struct bagg_shape *s, const struct bagg_match *m)
{
	const uint32_t *place = s->n_table ? bagg_shape_place(s, m) : NULL;

	return place && *place ? s->targets + (size_t)(*place - 1) * s->n_values : NULL;
}

void bagg_shape_forget(struct bagg_shape *s);

#endif
