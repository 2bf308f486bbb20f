/* SPDX-License-Identifier: ISC
 *
 * json - finds the fields of one flat JSON object on one line, without building a tree (RFC 8259).
 */
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* The line being scanned. The scan_ functions take the place to start at and return the place behind what they
 * accepted, or NULL after fail(). */
struct scan {
	struct bt_json *json;
	const char *line, *end;
};

static const char *fail(struct scan *s, const char *at, const char *reason)
{
	s->json->error = reason;
	s->json->error_at = (size_t)(at - s->line);
	return NULL;
}

static inline const char *skip_blank(const struct scan *s, const char *p)
{
	while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The first quote, backslash or control byte from p on. Eight bytes at a time: the lowest set bit of a zero-byte test
 * (Mycroft 1987) is exact, those above it may be false. */
static inline const char *plain_end(const struct scan *s, const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones << 7;

	for (; s->end - p >= 8; p += 8) {
		uint64_t w, quote, back, hit;

		memcpy(&w, p, 8);
		w = le64toh(w);
		quote = w ^ ones * '"';
		back = w ^ ones * '\\';
		hit = (((quote - ones) & ~quote) | ((back - ones) & ~back) | ((w - ones * 0x20) & ~w)) & tops;
		if (hit)
			return p + (__builtin_ctzll(hit) >> 3);
	}
	while (p < s->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	return p;
}

/* p: at the backslash. */
static const char *scan_escape(struct scan *s, const char *p)
{
	if (s->end - p < 2 || !memchr("\"\\/bfnrtu", p[1], 9))
		return fail(s, p, "bad escape in a string");
	if (p[1] != 'u')
		return p + 2;
	for (int i = 2; i < 6; i++)
		if (s->end - p <= i || !isxdigit((unsigned char)p[i]))
			return fail(s, p, "bad \\u escape in a string");
	return p + 6;
}

/* p: behind the opening quote. Returns the closing quote. */
static inline const char *scan_string(struct scan *s, const char *p, bool *escaped)
{
	const char *start = p;

	*escaped = false;
	for (;;) {
		p = plain_end(s, p);
		if (p == s->end)
			return fail(s, start - 1, "string without end");
		if (*p == '"')
			return p;
		if (*p != '\\')
			return fail(s, p, "control byte in a string");
		*escaped = true;
		p = scan_escape(s, p);
		if (!p)
			return NULL;
	}
}

static const char *scan_digits(struct scan *s, const char *p)
{
	if (p == s->end || !is_digit(*p))
		return fail(s, p, "bad number");
	while (p < s->end && is_digit(*p))
		p++;
	return p;
}

static inline const char *scan_number(struct scan *s, const char *p)
{
	p += *p == '-';
	if (p < s->end && *p == '0')
		p++;
	else
		p = scan_digits(s, p);
	if (p && p < s->end && *p == '.')
		p = scan_digits(s, p + 1);
	if (p && p < s->end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < s->end && (*p == '+' || *p == '-'))
			p++;
		p = scan_digits(s, p);
	}
	return p;
}

static const char *scan_word(struct scan *s, const char *p, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - p) < len || memcmp(p, word, len) != 0)
		return fail(s, p, "not a JSON value");
	return p + len;
}

/* Everything but arrays and objects. p: inside the line. */
static inline const char *scan_scalar(struct scan *s, const char *p, struct bt_json_field *f)
{
	const char *to;

	f->val = p;
	f->val_escaped = false;
	if (*p == '"') {
		f->type = BT_JSON_STRING;
		f->val = p + 1;
		to = scan_string(s, p + 1, &f->val_escaped);
		if (!to)
			return NULL;
		f->val_len = (uint32_t)(to - f->val);
		return to + 1;
	}
	if (*p == '-' || is_digit(*p)) {
		f->type = BT_JSON_NUMBER;
		to = scan_number(s, p);
	} else if (*p == 't') {
		f->type = BT_JSON_TRUE;
		to = scan_word(s, p, "true");
	} else if (*p == 'f') {
		f->type = BT_JSON_FALSE;
		to = scan_word(s, p, "false");
	} else {
		f->type = BT_JSON_NULL;
		to = scan_word(s, p, "null");
	}
	f->val_len = to ? (uint32_t)(to - p) : 0;
	return to;
}

/* A key with its colon. Returns the value behind it, which lies inside the line. */
static inline const char *scan_key(struct scan *s, const char *p, struct bt_json_field *f)
{
	if (p == s->end || *p != '"')
		return fail(s, p, "no key where one is due");
	f->key = p + 1;
	p = scan_string(s, p + 1, &f->key_escaped);
	if (!p)
		return NULL;
	f->key_len = (uint32_t)(p - f->key);
	p = skip_blank(s, p + 1);
	if (p == s->end || *p != ':')
		return fail(s, p, "no colon after a key");
	p = skip_blank(s, p + 1);
	if (p == s->end)
		return fail(s, p, "no value after a key");
	return p;
}

/* The containers around the place of the scan, one bit each: set for an object. */
struct nest {
	uint64_t object[BT_JSON_DEPTH / 64];
	unsigned depth;
};

static bool in_object(const struct nest *n)
{
	return n->object[(n->depth - 1) / 64] >> (n->depth - 1) % 64 & 1;
}

/* Opens the container at p and all that begin with its first value. Returns the place of a scalar, or of the closing
 * bracket when the last one opened is empty. */
static const char *scan_open(struct scan *s, const char *p, struct nest *n, bool *empty)
{
	struct bt_json_field key;

	*empty = false;
	while (p < s->end && (*p == '{' || *p == '[')) {
		uint64_t bit = 1ull << n->depth % 64;

		if (n->depth + 1 >= BT_JSON_DEPTH)
			return fail(s, p, "nested too deep");
		n->object[n->depth / 64] &= ~bit;
		n->object[n->depth / 64] |= *p == '{' ? bit : 0;
		n->depth++;
		p = skip_blank(s, p + 1);
		*empty = p < s->end && *p == (in_object(n) ? '}' : ']');
		if (*empty)
			return p;
		if (in_object(n) && !(p = scan_key(s, p, &key)))
			return NULL;
	}
	return p < s->end ? p : fail(s, p, "line ends inside a value");
}

/* Closes what ends at p. Returns the next value, or the place behind the outermost container with depth 0. */
static const char *scan_close(struct scan *s, const char *p, struct nest *n)
{
	struct bt_json_field key;

	for (; n->depth; n->depth--, p++) {
		p = skip_blank(s, p);
		if (p < s->end && *p == ',') {
			p = skip_blank(s, p + 1);
			return in_object(n) ? scan_key(s, p, &key) : p;
		}
		if (p == s->end || *p != (in_object(n) ? '}' : ']'))
			return fail(s, p, "no comma or closing bracket after a value");
	}
	return p;
}

/* p: at the opening bracket. */
static const char *scan_nested(struct scan *s, const char *p)
{
	struct nest n = { .depth = 0 };
	struct bt_json_field scalar;
	bool empty;

	do {
		p = scan_open(s, p, &n, &empty);
		if (p && !empty)
			p = scan_scalar(s, p, &scalar);
		if (p)
			p = scan_close(s, p, &n);
	} while (p && n.depth);
	return p;
}

static inline const char *scan_field(struct scan *s, const char *p, struct bt_json_field *f)
{
	p = scan_key(s, p, f);
	if (!p || (*p != '{' && *p != '['))
		return p ? scan_scalar(s, p, f) : NULL;
	f->type = BT_JSON_NESTED;
	f->val = p;
	f->val_escaped = false;
	p = scan_nested(s, p);
	f->val_len = p ? (uint32_t)(p - f->val) : 0;
	return p;
}

/* Room for one more field. Returns 0, -EINVAL or -ENOMEM. */
static int more_fields(struct scan *s, const char *p)
{
	struct bt_json *j = s->json;
	size_t cap = j->cap ? j->cap * 2 : 32;
	struct bt_json_field *fields;

	if (j->n == BT_JSON_FIELDS_MAX) {
		fail(s, p, "too many fields");
		return -EINVAL;
	}
	fields = realloc(j->fields, cap * sizeof(*fields));
	if (!fields) {
		fail(s, p, "out of memory");
		return -ENOMEM;
	}
	j->fields = fields;
	j->cap = cap;
	return 0;
}

/* The fields up to the closing brace. *at is moved behind it. */
static int scan_fields(struct scan *s, const char **at)
{
	struct bt_json *j = s->json;
	const char *p = skip_blank(s, *at);

	if (p < s->end && *p == '}') {
		*at = p + 1;
		return 0;
	}
	for (;;) {
		int rc = j->n == j->cap ? more_fields(s, p) : 0;

		if (rc < 0)
			return rc;
		p = scan_field(s, p, &j->fields[j->n]);
		if (!p)
			return -EINVAL;
		j->n++;
		p = skip_blank(s, p);
		if (p == s->end || (*p != ',' && *p != '}')) {
			fail(s, p, "no comma or closing brace after a value");
			return -EINVAL;
		}
		*at = p + 1;
		if (*p == '}')
			return 0;
		p = skip_blank(s, p + 1);
	}
}

int bt_json_parse(struct bt_json *j, const char *line, size_t len)
{
	struct scan s = { j, line, line + len };
	const char *p = skip_blank(&s, line);
	int rc;

	j->n = 0;
	j->error = NULL;
	j->error_at = 0;
	if (len > UINT32_MAX) {
		fail(&s, line, "line too long");
		return -EINVAL;
	}
	if (p == s.end || *p != '{') {
		fail(&s, p, "not a JSON object");
		return -EINVAL;
	}
	p++;
	rc = scan_fields(&s, &p);
	if (rc < 0)
		return rc;
	p = skip_blank(&s, p);
	if (p < s.end) {
		fail(&s, p, "something follows the object");
		return -EINVAL;
	}
	return 0;
}

void bt_json_free(struct bt_json *j)
{
	if (!j)
		return;
	free(j->fields);
	memset(j, 0, sizeof(*j));
}

const struct bt_json_field *bt_json_find(const struct bt_json *j, const char *key)
{
	struct bt_json_field want = { .key = key, .key_len = (uint32_t)strlen(key) };

	for (size_t i = j->n; i-- > 0;)
		if (bt_json_compare_keys(&j->fields[i], &want) == 0)
			return &j->fields[i];
	return NULL;
}
