/* SPDX-License-Identifier: ISC
 *
 * recread - reads records back: the record in a line.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "recread.h"
#include "utf8.h"

#define NAME_MAX_BYTES 128 /* of a dimension's name */

/* Kinds in which a key has its meaning. */
#define MEASURED (1u << BT_KIND_SAMPLE | 1u << BT_KIND_RESULT | 1u << BT_KIND_EVENT | 1u << BT_KIND_AGG)
#define ENDING (1u << BT_KIND_END)
#define ALL ((1u << BT_KIND_COUNT) - 1)

enum type { TYPE_VERSION, TYPE_KIND, TYPE_STR, TYPE_F64, TYPE_U64, TYPE_NUMBER, TYPE_BETTER, TYPE_ARRAY, TYPE_FLAG };

/* The keys we understand, in the order in which the record writer puts them. */
static const struct key {
	char name[8]; /* filled up with zeros */
	uint8_t type;
	uint16_t kinds;
	uint16_t at, has; /* offsets in struct bt_rec_in; has: of a bool, 0 for none */
	const char *why;  /* what is wrong with another type */
} keys[] = {
#define AT(field) offsetof(struct bt_rec_in, field)
	{ "v", TYPE_VERSION, ALL, 0, 0, "no version 1" },
	{ "kind", TYPE_KIND, ALL, AT(kind), 0, "unknown kind" },
	{ "ts", TYPE_F64, ALL, AT(ts), 0, "ts is not a number" },
	{ "run", TYPE_STR, ALL, AT(run), 0, "run is not a string" },
	{ "host", TYPE_STR, ALL, AT(host), 0, "host is not a string" },
	{ "tool", TYPE_STR, ALL, AT(tool), 0, "tool is not a string" },
	{ "test", TYPE_STR, ALL, AT(test), 0, "test is not a string" },
	{ "rep", TYPE_U64, ALL, AT(rep), 0, "rep is not an unsigned integer" },
	{ "status", TYPE_STR, ENDING, AT(status), 0, "status is not a string" },
	{ "records", TYPE_U64, MEASURED | ENDING, AT(records), 0, "records is not an unsigned integer" },
	{ "metric", TYPE_STR, MEASURED, AT(metric), 0, "metric is not a string" },
	{ "unit", TYPE_STR, MEASURED, AT(unit), 0, "unit is not a string" },
	{ "better", TYPE_BETTER, MEASURED, AT(better), 0, "better is neither lower nor higher" },
	{ "of", TYPE_STR, MEASURED, AT(of), 0, "of is not a string" },
	{ "loop", TYPE_STR, MEASURED, AT(loop), 0, "loop is not a string" },
	{ "taint", TYPE_STR, MEASURED, AT(taint), 0, "taint is not a string" },
	{ "lost", TYPE_U64, MEASURED, AT(lost), 0, "lost is not an unsigned integer" },
	{ "dur", TYPE_F64, MEASURED, AT(dur), 0, "dur is not a number" },
	{ "value", TYPE_NUMBER, MEASURED, AT(value), AT(has_value), "value is not a number" },
	{ "n", TYPE_U64, MEASURED, AT(n), AT(has_dist), "n is not an unsigned integer" },
	{ "min", TYPE_NUMBER, MEASURED, AT(min), AT(has_min), "min is not a number" },
	{ "mean", TYPE_F64, MEASURED, AT(mean), 0, "mean is not a number" },
	{ "sd", TYPE_F64, MEASURED, AT(sd), 0, "sd is not a number" },
	{ "p50", TYPE_F64, MEASURED, AT(p50), 0, "p50 is not a number" },
	{ "p90", TYPE_F64, MEASURED, AT(p90), 0, "p90 is not a number" },
	{ "p99", TYPE_F64, MEASURED, AT(p99), 0, "p99 is not a number" },
	{ "p999", TYPE_F64, MEASURED, AT(p999), 0, "p999 is not a number" },
	{ "max", TYPE_NUMBER, MEASURED, AT(max), AT(has_max), "max is not a number" },
	{ "sum", TYPE_NUMBER, MEASURED, AT(sum), AT(has_sum), "sum is not a number" },
	{ "sumsq", TYPE_NUMBER, MEASURED, AT(sumsq), AT(has_sumsq), "sumsq is not a number" },
	{ "values", TYPE_ARRAY, MEASURED, AT(values), 0, "values is not an array" },
	{ "exact", TYPE_FLAG, 1u << BT_KIND_AGG, AT(has_exact), 0, "exact is not a truth value" },
	{ "hist", TYPE_STR, MEASURED, AT(hist), 0, "hist is not a string" },
	{ "resets", TYPE_U64, 1u << BT_KIND_AGG, AT(resets), 0, "resets is not an unsigned integer" },
#undef AT
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))
#define NAME_ESCAPED_MAX 128 /* bytes; a known name is shorter even if every character of it is escaped */

/* A name of up to 8 bytes as one number, zeros behind it; 0 for any other. end: where reading must stop. */
static uint64_t name_word(const char *name, size_t len, const char *end)
{
	uint64_t w = 0;

	if (len == 0 || len > 8)
		return 0;
	if (end - name < 8) {
		memcpy(&w, name, len);
		return w;
	}
	memcpy(&w, name, 8);
	return htole64(le64toh(w) & UINT64_MAX >> (64 - 8 * len));
}

/* The index in keys[], or KEYS. Records come in the writer's order, so that the key after the last one found is likely. */
static size_t find_key(const char *name, size_t len, const char *end, size_t likely)
{
	uint64_t want = name_word(name, len, end), have;
	size_t at = likely;

	if (!want)
		return KEYS;
	for (size_t i = 0; i < KEYS; i++) {
		if (at >= KEYS)
			at = 0;
		memcpy(&have, keys[at].name, sizeof(have));
		if (have == want)
			return at;
		at++;
	}
	return KEYS;
}

/* Puts f into the sorted dimensions. A later field of the same name takes the place of an earlier one, or only its life
 * when it is no scalar. Returns 0 or -E2BIG. */
static int add_dim(struct bt_rec_in *r, const struct bt_json_field *f)
{
	bool scalar = f->type != BT_JSON_NULL && f->type != BT_JSON_NESTED;
	unsigned at = r->n_dims;
	int order = 1;

	while (at > 0 && (order = bt_json_compare_keys(f, r->dims[at - 1])) < 0)
		at--;
	if (order == 0 && at > 0) {
		if (scalar) {
			r->dims[at - 1] = f;
			return 0;
		}
		r->n_dims--;
		memmove(&r->dims[at - 1], &r->dims[at], (r->n_dims - at + 1) * sizeof(r->dims[0]));
		return 0;
	}
	if (!scalar)
		return 0;
	if (r->n_dims == BT_REC_KEYS)
		return -E2BIG;
	memmove(&r->dims[at + 1], &r->dims[at], (r->n_dims - at) * sizeof(r->dims[0]));
	r->dims[at] = f;
	r->n_dims++;
	return 0;
}

/* Sorts the fields into slot[], one for each known key, the last of a name winning, and dimensions. */
static int sort_fields(struct bt_rec_in *r, const char *end, const struct bt_json_field *slot[KEYS])
{
	char plain[NAME_ESCAPED_MAX + 1];
	size_t likely = 0;
	int rc = 0;

	for (size_t i = 0; i < r->json->n; i++) {
		const struct bt_json_field *f = &r->json->fields[i];
		const char *name = f->key, *name_end = end;
		size_t len = f->key_len, k;

		if (f->key_escaped && len <= NAME_ESCAPED_MAX) {
			len = bt_json_unescape(name, len, plain);
			name = plain;
			name_end = plain + len;
		}
		k = find_key(name, len, name_end, likely);
		if (k < KEYS) {
			slot[k] = f;
			likely = k + 1;
		}
		/* Of the known keys only those of end records can be something else in others. */
		if ((k == KEYS || keys[k].kinds == ENDING) && bt_rec_class(name, len) == BT_CLASS_DIM && add_dim(r, f) < 0)
			rc = -E2BIG;
	}
	return rc;
}

static bool to_u64(const struct bt_number *v, uint64_t *out)
{
	if (v->integer && v->i >= 0 && v->i <= UINT64_MAX)
		*out = (uint64_t)v->i;
	else if (!v->integer && v->f >= 0 && v->f < 0x1p64 && v->f == trunc(v->f))
		*out = (uint64_t)v->f;
	else
		return false;
	return true;
}

static struct bt_span span_of(const struct bt_json_field *f)
{
	return (struct bt_span){ f->val, f->val_len, f->val_escaped };
}

static bool set_number(const struct key *k, const struct bt_json_field *f, void *to)
{
	struct bt_number v;
	uint64_t version;

	if (f->type != BT_JSON_NUMBER || bt_json_number(f->val, f->val_len, &v) < 0)
		return false;
	switch (k->type) {
	case TYPE_VERSION:
		return to_u64(&v, &version) && version == 1;
	case TYPE_U64:
		return to_u64(&v, to);
	case TYPE_F64:
		*(double *)to = v.f;
		return true;
	default:
		*(struct bt_number *)to = v;
		return true;
	}
}

static bool set_word(const struct key *k, const struct bt_json_field *f, void *to)
{
	char text[16];
	size_t len;
	int kind;

	if (f->type != BT_JSON_STRING)
		return false;
	len = bt_span_text(span_of(f), text, sizeof(text));
	if (k->type == TYPE_KIND) {
		kind = bt_kind_of(text, len);
		*(enum bt_kind *)to = kind < 0 ? BT_KIND_META : (enum bt_kind)kind;
		return kind >= 0;
	}
	*(enum bt_better *)to = bt_span_is(span_of(f), "lower") ? BT_BETTER_LOWER : BT_BETTER_HIGHER;
	return bt_span_is(span_of(f), "lower") || bt_span_is(span_of(f), "higher");
}

/* Stores what f says under the key k. Returns false when it is of the wrong type. */
static bool set_field(struct bt_rec_in *r, const struct key *k, const struct bt_json_field *f)
{
	void *to = (char *)r + k->at;

	switch (k->type) {
	case TYPE_KIND:
	case TYPE_BETTER:
		return set_word(k, f, to);
	case TYPE_STR:
		*(struct bt_span *)to = span_of(f);
		return f->type == BT_JSON_STRING;
	case TYPE_ARRAY:
		*(struct bt_span *)to = span_of(f);
		return f->type == BT_JSON_NESTED && f->val[0] == '[';
	case TYPE_FLAG:
		*(bool *)to = true;
		return f->type == BT_JSON_FALSE || f->type == BT_JSON_TRUE;
	default:
		if (!set_number(k, f, to))
			return false;
		if (k->has)
			*(bool *)((char *)r + k->has) = true;
		return true;
	}
}

static void clear(struct bt_rec_in *r, const struct bt_json *json)
{
	memset(r, 0, offsetof(struct bt_rec_in, dims));
	r->ts = r->dur = r->mean = r->sd = r->p50 = r->p90 = r->p99 = r->p999 = NAN;
	r->json = json;
}

/* Stores the fields in the order of keys[], that is the kind before anything that depends on it. */
static int set_fields(struct bt_rec_in *r, const struct bt_json_field *const slot[KEYS], const char **why)
{
	for (size_t k = 0; k < KEYS; k++) {
		bool needed = keys[k].type <= TYPE_KIND;

		if (!slot[k] || slot[k]->type == BT_JSON_NULL) {
			if (!needed)
				continue;
		} else if (!(keys[k].kinds >> r->kind & 1) || set_field(r, &keys[k], slot[k])) {
			continue;
		}
		*why = keys[k].why;
		return -EINVAL;
	}
	return 0;
}

/* What is longer would be cut, and two of them could look alike. Bytes that are no UTF-8 are written as three each. */
bool bt_rec_text_fits(const char *p, size_t len)
{
	size_t written = len;

	for (size_t i = 0; len > BT_REC_TEXT / 3 && i < len && written <= BT_REC_TEXT;) {
		unsigned n = bt_utf8_char(p + i, len - i);

		written += n ? 0 : 2;
		i += n ? n : 1;
	}
	return written <= BT_REC_TEXT;
}

static bool names_fit(const struct bt_rec_in *r)
{
	const struct bt_span heads[] = { r->tool, r->test, r->metric, r->unit };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (heads[i].p && !bt_rec_text_fits(heads[i].p, heads[i].len))
			return false;
	for (unsigned i = 0; i < r->n_dims; i++)
		if (r->dims[i]->key_len > NAME_MAX_BYTES || !bt_rec_text_fits(r->dims[i]->val, r->dims[i]->val_len))
			return false;
	return true;
}

/* What is wrong with a measurement whose keys are each right, or NULL. */
static const char *check_measurement(const struct bt_rec_in *r)
{
	bool bare = !r->has_value && !r->has_dist;

	if (r->has_value && r->has_dist)
		return "both value and n";
	if (r->n && !(r->has_min && r->has_max))
		return "n without min and max";
	if (r->n && r->min.f > r->max.f)
		return "min above max";
	if (r->kind != BT_KIND_EVENT && !r->metric.p)
		return "no metric";
	/* A null says that there was nothing to measure, which is an answer. */
	if (r->kind != BT_KIND_EVENT && bare && !bt_json_find(r->json, "value") && !bt_json_find(r->json, "n"))
		return "neither value nor n";
	return names_fit(r) ? NULL : "a key or its value is too long";
}

int bt_rec_parse(struct bt_rec_in *r, struct bt_json *json, const char *line, size_t len, const char **why)
{
	const struct bt_json_field *slot[KEYS] = { NULL };
	int rc = bt_json_parse(json, line, len), dims;

	clear(r, json);
	if (rc < 0) {
		*why = json->error;
		return rc;
	}
	dims = sort_fields(r, line + len, slot);
	rc = set_fields(r, slot, why);
	if (rc < 0)
		return rc;
	if (!(MEASURED >> r->kind & 1)) {
		r->n_dims = 0;
		return 0;
	}
	*why = dims < 0 ? "too many dimensions" : check_measurement(r);
	return *why ? -EINVAL : 0;
}

size_t bt_span_text(struct bt_span s, char *out, size_t cap)
{
	const char *p = s.p, *end = s.p + s.len;
	size_t n = 0;

	if (cap == 0)
		return 0;
	while (p && p < end) {
		char piece[4] = { *p };
		size_t got = 1;

		if (s.escaped)
			got = bt_json_unescape_next(&p, end, piece);
		else
			p++;
		if (n + got >= cap) {
			/* Cut between characters: take back one that has begun. */
			if ((piece[0] & 0xc0) == 0x80)
				while (n > 0 && ((unsigned char)out[--n] & 0xc0) == 0x80)
					;
			break;
		}
		memcpy(out + n, piece, got);
		n += got;
	}
	out[n] = '\0';
	return n;
}

size_t bt_rec_dim_value(const struct bt_json_field *f, char *out, size_t cap)
{
	return bt_span_text(span_of(f), out, cap);
}

bool bt_span_is(struct bt_span s, const char *text)
{
	const struct bt_json_field a = { .key = s.p, .key_len = s.len, .key_escaped = s.escaped };
	const struct bt_json_field b = { .key = text, .key_len = (uint32_t)strlen(text) };

	return s.p && bt_json_compare_keys(&a, &b) == 0;
}
