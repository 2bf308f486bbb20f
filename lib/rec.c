/* SPDX-License-Identifier: ISC
 *
 * rec - fills in records and knows the names of their keys and kinds.
 */
#include <errno.h>
#include <string.h>

#include "rec.h"

static const char *const kind_names[BT_KIND_COUNT] = {
	[BT_KIND_META] = "meta",   [BT_KIND_SAMPLE] = "sample", [BT_KIND_RESULT] = "result",
	[BT_KIND_EVENT] = "event", [BT_KIND_MARK] = "mark",     [BT_KIND_WARN] = "warn",
	[BT_KIND_END] = "end",     [BT_KIND_AGG] = "agg",       [BT_KIND_DIFF] = "diff",
};

static const struct {
	const char *name;
	enum bt_key_class class;
} known_keys[] = {
	{ "v", BT_CLASS_HEADER },       { "kind", BT_CLASS_HEADER },   { "ts", BT_CLASS_HEADER },     { "run", BT_CLASS_HEADER },
	{ "host", BT_CLASS_HEADER },    { "tool", BT_CLASS_HEADER },   { "test", BT_CLASS_HEADER },   { "rep", BT_CLASS_HEADER },
	{ "metric", BT_CLASS_MEASURE }, { "unit", BT_CLASS_MEASURE },  { "better", BT_CLASS_MEASURE }, { "dur", BT_CLASS_MEASURE },
	{ "value", BT_CLASS_MEASURE },  { "n", BT_CLASS_MEASURE },     { "min", BT_CLASS_MEASURE },   { "mean", BT_CLASS_MEASURE },
	{ "sd", BT_CLASS_MEASURE },     { "max", BT_CLASS_MEASURE },   { "sum", BT_CLASS_MEASURE },   { "sumsq", BT_CLASS_MEASURE },
	{ "digits", BT_CLASS_MEASURE }, { "hist", BT_CLASS_MEASURE },  { "values", BT_CLASS_MEASURE }, { "of", BT_CLASS_MEASURE },
	{ "records", BT_CLASS_MEASURE }, { "cv", BT_CLASS_MEASURE },   { "exact", BT_CLASS_MEASURE }, { "scale", BT_CLASS_MEASURE },
	{ "start", BT_CLASS_MEASURE },  { "window", BT_CLASS_MEASURE }, { "resets", BT_CLASS_MEASURE },
	{ "max_ts", BT_CLASS_MEASURE }, { "max_pid", BT_CLASS_MEASURE }, { "max_tid", BT_CLASS_MEASURE }, { "max_comm", BT_CLASS_MEASURE },
	{ "loop", BT_CLASS_QUALITY },   { "taint", BT_CLASS_QUALITY }, { "lost", BT_CLASS_QUALITY },  { "late", BT_CLASS_QUALITY },
};

void bt_rec_init(struct bt_rec *r, enum bt_kind kind)
{
	/* keys[] is filled up to n_keys; clearing all of it for every record would cost more than encoding one. */
	memset(r, 0, offsetof(struct bt_rec, keys));
	r->kind = kind;
}

static struct bt_key *add_key(struct bt_rec *r, const char *name, enum bt_key_type type)
{
	struct bt_key *k;

	if (r->n_keys == BT_REC_KEYS) {
		r->too_many = true;
		return NULL;
	}
	k = &r->keys[r->n_keys++];
	k->name = name;
	k->type = type;
	k->len = 0;
	return k;
}

static void add_bytes(struct bt_rec *r, const char *name, enum bt_key_type type, const char *bytes, size_t len)
{
	struct bt_key *k = add_key(r, name, type);

	if (!k)
		return;
	k->str = bytes;
	k->len = len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
}

void bt_rec_str(struct bt_rec *r, const char *name, const char *value)
{
	add_bytes(r, name, BT_KEY_STR, value, strlen(value));
}

void bt_rec_text(struct bt_rec *r, const char *name, const char *value, size_t len)
{
	add_bytes(r, name, BT_KEY_STR, value, len);
}

void bt_rec_raw(struct bt_rec *r, const char *name, const char *json, size_t len)
{
	add_bytes(r, name, BT_KEY_RAW, json, len);
}

void bt_rec_u64(struct bt_rec *r, const char *name, uint64_t value)
{
	struct bt_key *k = add_key(r, name, BT_KEY_U64);

	if (k)
		k->u64 = value;
}

void bt_rec_f64(struct bt_rec *r, const char *name, double value)
{
	struct bt_key *k = add_key(r, name, BT_KEY_F64);

	if (k)
		k->f64 = value;
}

void bt_rec_bool(struct bt_rec *r, const char *name, bool value)
{
	struct bt_key *k = add_key(r, name, BT_KEY_BOOL);

	if (k)
		k->flag = value;
}

static void measure(struct bt_rec *r, const char *metric, const char *unit, enum bt_better better, enum bt_shape shape)
{
	r->metric = metric;
	r->unit = unit;
	r->better = better;
	r->shape = shape;
}

void bt_rec_value(struct bt_rec *r, const char *metric, const char *unit, enum bt_better better, double value)
{
	measure(r, metric, unit, better, BT_SHAPE_VALUE);
	r->integral = false;
	r->value_f64 = value;
}

void bt_rec_count(struct bt_rec *r, const char *metric, const char *unit, enum bt_better better, uint64_t value)
{
	measure(r, metric, unit, better, BT_SHAPE_VALUE);
	r->integral = true;
	r->value_u64 = value;
}

void bt_rec_dist(struct bt_rec *r, const char *metric, const char *unit, enum bt_better better, const struct bt_hist *hist)
{
	measure(r, metric, unit, better, BT_SHAPE_DIST);
	r->hist = hist;
}

/* p50, p999, p99_9: any percentile that a program may choose to show. */
static bool is_percentile(const char *name, size_t len)
{
	bool point = false;

	if (len < 2 || name[0] != 'p')
		return false;
	for (size_t i = 1; i < len; i++) {
		if (name[i] == '_' && !point && i > 1 && i + 1 < len)
			point = true;
		else if (name[i] < '0' || name[i] > '9')
			return false;
	}
	return true;
}

enum bt_key_class bt_rec_class(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(known_keys) / sizeof(known_keys[0]); i++)
		if (strlen(known_keys[i].name) == len && memcmp(known_keys[i].name, name, len) == 0)
			return known_keys[i].class;
	return is_percentile(name, len) ? BT_CLASS_MEASURE : BT_CLASS_DIM;
}

const char *bt_kind_name(enum bt_kind kind)
{
	return (unsigned)kind < BT_KIND_COUNT ? kind_names[kind] : "?";
}

int bt_kind_of(const char *name, size_t len)
{
	for (int i = 0; i < BT_KIND_COUNT; i++)
		if (strlen(kind_names[i]) == len && memcmp(kind_names[i], name, len) == 0)
			return i;
	return -EINVAL;
}

const char *bt_better_name(enum bt_better better)
{
	return better == BT_BETTER_LOWER ? "lower" : better == BT_BETTER_HIGHER ? "higher" : NULL;
}
