/* SPDX-License-Identifier: ISC
 *
 * shape - what the lines of one program have in common, so that the next one need only be compared with it.
 */
#include <stdlib.h>
#include <string.h>

#include "shape.h"

/* Keys remembered, and words of them; then all are forgotten, so that memory has a bound. */
#define KNOWN_MAX (1u << 18)
#define WORDS_MAX (1u << 21)

/* The end of the string whose text starts at p: its quote. */
static const char *string_end(const char *p)
{
	while (*p != '"')
		p += *p == '\\' ? 2 : 1;
	return p;
}

static bool in_scalar(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

static bool is_key(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p < end && *p == ':';
}

static enum bagg_role role_of(const char *at, const struct bagg_use *uses, unsigned n_uses)
{
	for (unsigned i = 0; i < n_uses; i++)
		if (uses[i].at == at)
			return uses[i].role;
	return BAGG_SKIP;
}

/* What is no number cannot be measured, escapes are for the long way, and null is no value at all: such a scalar may only
 * stay as it is. */
static bool can_vary(const struct bagg_token *t, const char *text)
{
	if (t->type == BAGG_NUMBER)
		return true;
	if (t->role != BAGG_KEY && t->role != BAGG_SKIP && t->role != BAGG_WHEN)
		return false;
	return t->type == BAGG_STRING ? !memchr(text, '\\', t->len) : *text != 'n';
}

static bool add_token(struct bagg_shape *s, const char *line, const char *p, const char *end, enum bagg_role role)
{
	struct bagg_token *t = &s->tokens[s->n_tokens];

	if (s->n_tokens == BAGG_SHAPE_SLOTS)
		return false;
	t->at = (uint16_t)(p - line);
	t->len = (uint16_t)(end - p);
	t->role = (uint8_t)role;
	t->type = *end == '"' && p > line && p[-1] == '"' ? BAGG_STRING : *p >= 'a' ? BAGG_WORD : BAGG_NUMBER;
	t->varies = role != BAGG_KEY && can_vary(t, p);
	s->n_values += role == BAGG_VALUE;
	s->n_tokens++;
	return (role != BAGG_VALUE || t->varies) && s->n_values <= BAGG_SHAPE_VALUES;
}

/* Lays out slots and the literals between them, these filled up with zeros to whole words. */
static void compile(struct bagg_shape *s)
{
	unsigned from = 0, to = 0;

	s->n_slots = 0;
	memset(s->literals, 0, sizeof(s->literals));
	for (unsigned i = 0; i <= s->n_tokens; i++) {
		const struct bagg_token *t = &s->tokens[i];
		unsigned len = (i < s->n_tokens ? t->at : s->line_len) - from;

		if (i < s->n_tokens && !t->varies)
			continue;
		memcpy(s->literals + to, s->line + from, len);
		if (i == s->n_tokens) {
			s->tail = (uint16_t)to;
			s->tail_len = (uint16_t)len;
			return;
		}
		s->slots[s->n_slots++] = (struct bagg_slot){ (uint16_t)to, (uint16_t)len, t->role, t->type,
							     s->line[t->at + t->len] };
		from = t->at + t->len;
		to += (len + 7) & ~7u;
	}
}

bool bagg_shape_cut(struct bagg_shape *s, const char *line, size_t len, const struct bagg_use *uses, unsigned n_uses)
{
	const char *p = line, *end = line + len;

	s->n_tokens = s->n_values = 0;
	s->second = (struct bagg_second){ .len = 8 };
	if (len + 1 > BAGG_SHAPE_LINE)
		return false;
	while (p < end) {
		const char *start = p + (*p == '"'), *stop = start;

		if (*p == '"') {
			stop = string_end(start);
			p = stop + 1;
			if (is_key(p, end))
				continue;
		} else if (in_scalar(*p)) {
			while (p < end && in_scalar(*p))
				p++;
			stop = p;
		} else {
			p++;
			continue;
		}
		if (!add_token(s, line, start, stop, role_of(start, uses, n_uses)))
			return false;
	}
	memcpy(s->line, line, len);
	s->line_len = (uint16_t)len;
	compile(s);
	return true;
}

static bool same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

bool bagg_shape_alike(const struct bagg_shape *a, const struct bagg_shape *b)
{
	unsigned at = 0, bt = 0;

	if (a->n_tokens != b->n_tokens)
		return false;
	for (unsigned i = 0; i < a->n_tokens; i++) {
		const struct bagg_token *t = &a->tokens[i], *u = &b->tokens[i];

		if (t->role != u->role || t->type != u->type || !same_text(a->line + at, t->at - at, b->line + bt, u->at - bt))
			return false;
		/* Text that may not vary is as literal as what is around it. */
		if (!(can_vary(t, a->line + t->at) && can_vary(u, b->line + u->at)) &&
		    !same_text(a->line + t->at, t->len, b->line + u->at, u->len))
			return false;
		at = t->at + t->len;
		bt = u->at + u->len;
	}
	return same_text(a->line + at, a->line_len - at, b->line + bt, b->line_len - bt);
}

/* The keys that were learned lack those that vary from now on. */
static void forget_known(struct bagg_shape *s)
{
	s->n_known = s->n_words = 0;
	if (s->table)
		memset(s->table, 0, s->n_table * sizeof(*s->table));
}

void bagg_shape_widen(struct bagg_shape *s, const struct bagg_shape *other)
{
	bool wider = false;

	for (unsigned i = 0; i < s->n_tokens; i++) {
		struct bagg_token *t = &s->tokens[i];
		const struct bagg_token *u = &other->tokens[i];

		if (t->varies || same_text(s->line + t->at, t->len, other->line + u->at, u->len))
			continue;
		t->varies = wider = true;
	}
	if (!wider)
		return;
	forget_known(s);
	compile(s);
}

static bool grow_known(struct bagg_shape *s)
{
	uint32_t cap = s->cap_known ? s->cap_known * 2 : 16;
	struct bagg_known *known = reallocarray(s->known, cap, sizeof(*known));
	struct bagg_target *targets = NULL;
	uint32_t *table = NULL;

	if (known)
		s->known = known;
	targets = reallocarray(s->targets, (size_t)cap * s->n_values, sizeof(*targets));
	if (targets)
		s->targets = targets;
	table = calloc(cap * 4, sizeof(*table));
	if (!known || !targets || !table) {
		free(table);
		return false;
	}
	free(s->table);
	s->table = table;
	s->n_table = cap * 4;
	s->cap_known = cap;
	for (uint32_t i = 0, at; i < s->n_known; i++) {
		for (at = (uint32_t)s->known[i].hash & (s->n_table - 1); s->table[at]; at = (at + 1) & (s->n_table - 1))
			;
		s->table[at] = i + 1;
	}
	return true;
}

static bool grow_words(struct bagg_shape *s, uint32_t more)
{
	uint32_t cap = s->cap_words ? s->cap_words : 64;
	uint64_t *words;

	while (cap < s->n_words + more)
		cap *= 2;
	if (cap == s->cap_words)
		return true;
	words = reallocarray(s->words, cap, sizeof(*words));
	if (!words)
		return false;
	s->words = words;
	s->cap_words = cap;
	return true;
}

void bagg_shape_know(struct bagg_shape *s, const struct bagg_match *m, const struct bagg_target *targets)
{
	uint32_t *place;

	if (s->n_known == KNOWN_MAX || s->n_words >= WORDS_MAX)
		forget_known(s);
	if ((s->n_known == s->cap_known && !grow_known(s)) || !grow_words(s, m->n_words))
		return;
	place = bagg_shape_place(s, m);
	if (!place || *place)
		return;
	s->known[s->n_known] = (struct bagg_known){ m->hash, s->n_words, m->n_words };
	memcpy(s->words + s->n_words, m->words, m->n_words * sizeof(m->words[0]));
	memcpy(s->targets + (size_t)s->n_known * s->n_values, targets, s->n_values * sizeof(*targets));
	s->n_words += m->n_words;
	*place = ++s->n_known;
}

void bagg_shape_forget(struct bagg_shape *s)
{
	free(s->known);
	free(s->targets);
	free(s->table);
	free(s->words);
	memset(s, 0, sizeof(*s));
}
