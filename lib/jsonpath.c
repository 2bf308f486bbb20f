/* SPDX-License-Identifier: ISC
 *
 * jsonpath - a value within nested JSON by its path.
 *
 * The text has been checked by bt_json_parse: every bracket has its partner and every string its end.
 */
#include <string.h>

#include "jsonpath.h"

static const char *skip_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* p: behind the opening quote. Returns the closing one. */
static const char *string_end(const char *p, const char *end, bool *escaped)
{
	*escaped = false;
	while (p < end && *p != '"') {
		if (*p == '\\') {
			*escaped = true;
			p++;
		}
		p += p < end;
	}
	return p;
}

/* p: at the opening bracket. Returns the place behind its partner. */
static const char *nested_end(const char *p, const char *end)
{
	unsigned depth = 0;
	bool escaped;

	for (; p < end; p++) {
		if (*p == '"') {
			p = string_end(p + 1, end, &escaped);
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if ((*p == '}' || *p == ']') && --depth == 0) {
			return p + 1;
		}
	}
	return end;
}

static enum bt_json_type type_of(char c)
{
	switch (c) {
	case '"':
		return BT_JSON_STRING;
	case '{':
	case '[':
		return BT_JSON_NESTED;
	case 't':
		return BT_JSON_TRUE;
	case 'f':
		return BT_JSON_FALSE;
	case 'n':
		return BT_JSON_NULL;
	default:
		return BT_JSON_NUMBER;
	}
}

/* The value at p, which is no blank, into out. Returns the place behind it. */
static const char *take_value(const char *p, const char *end, struct bt_json_field *out)
{
	const char *start = p;

	out->type = (uint8_t)type_of(*p);
	out->val_escaped = false;
	if (out->type == BT_JSON_STRING) {
		start++;
		p = string_end(start, end, &out->val_escaped);
		out->val = start;
		out->val_len = (uint32_t)(p - start);
		return p + 1;
	}
	if (out->type == BT_JSON_NESTED)
		p = nested_end(p, end);
	else
		while (p < end && !memchr(",]} \t\r\n", *p, 7))
			p++;
	out->val = start;
	out->val_len = (uint32_t)(p - start);
	return p;
}

/* The next member of the container that *p is in, behind its opening bracket or a member. Returns false at its end. */
static bool next_member(const char **p, const char *end, bool object, struct bt_json_field *f)
{
	const char *at = skip_blank(*p, end);

	if (at < end && *at == ',')
		at = skip_blank(at + 1, end);
	if (at >= end || *at == '}' || *at == ']')
		return false;
	f->key = at + 1;
	f->key_len = 0;
	f->key_escaped = false;
	if (object) {
		at = string_end(at + 1, end, &f->key_escaped);
		f->key_len = (uint32_t)(at - f->key);
		at = skip_blank(at + 1, end);
		at = skip_blank(at + (at < end), end);
	}
	if (at >= end)
		return false;
	*p = take_value(at, end, f);
	return true;
}

/* A step of a path as an index, or -1. */
static long index_of(const struct bt_json_field *step)
{
	long v = 0;

	if (step->key_len == 0 || step->key_len > 9 || (step->key[0] == '0' && step->key_len > 1))
		return -1;
	for (uint32_t i = 0; i < step->key_len; i++) {
		if (step->key[i] < '0' || step->key[i] > '9')
			return -1;
		v = v * 10 + (step->key[i] - '0');
	}
	return v;
}

/* The member that the step names within f becomes f. */
static bool descend(struct bt_json_field *f, const struct bt_json_field *step)
{
	const char *p = f->val + 1, *end = f->val + f->val_len;
	struct bt_json_field member;
	bool object, found = false;
	long index = index_of(step), i = 0;

	if (f->type != BT_JSON_NESTED)
		return false;
	object = f->val[0] == '{';
	while (next_member(&p, end, object, &member)) {
		if (object ? bt_json_compare_keys(&member, step) != 0 : i++ != index)
			continue;
		*f = member;
		found = true;
		if (!object)
			break;
	}
	return found;
}

/* The last field of the name that step is, or NULL. */
static const struct bt_json_field *find_step(const struct bt_json *json, const struct bt_json_field *step)
{
	for (size_t i = json->n; i-- > 0;)
		if (bt_json_compare_keys(&json->fields[i], step) == 0)
			return &json->fields[i];
	return NULL;
}

bool bt_json_path(const struct bt_json *json, const char *path, struct bt_json_field *out)
{
	const struct bt_json_field *f = bt_json_find(json, path);
	struct bt_json_field step = { .key = path };
	const char *dot = f ? NULL : strchr(path, '.');

	if (dot) {
		step.key_len = (uint32_t)(dot - path);
		f = find_step(json, &step);
	}
	if (!f)
		return false;
	*out = *f;
	while (dot) {
		step.key = dot + 1;
		dot = strchr(step.key, '.');
		step.key_len = (uint32_t)(dot ? (size_t)(dot - step.key) : strlen(step.key));
		if (!descend(out, &step))
			return false;
	}
	return true;
}
