/* SPDX-License-Identifier: ISC
 *
 * json - finds the fields of one flat JSON object on one line, without building a tree (RFC 8259).
 *
 * The scanner is complete (it accepts exactly valid JSON objects, apart from not checking UTF-8) and iterative: nesting
 * is limited by BT_JSON_DEPTH, not by the stack. Nested values are checked and carried as they stand. Spans point into
 * the caller's line.
 */
#ifndef BT_JSON_H
#define BT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_JSON_DEPTH 512       /* deepest nesting accepted, the object itself counted */
#define BT_JSON_FIELDS_MAX 65536 /* most fields in one object */

enum bt_json_type { BT_JSON_NULL, BT_JSON_FALSE, BT_JSON_TRUE, BT_JSON_NUMBER, BT_JSON_STRING, BT_JSON_NESTED };

struct bt_json_field {
	const char *key, *val;     /* strings: between the quotes, still escaped; else the whole value */
	uint32_t key_len, val_len; /* bytes */
	uint8_t type;              /* enum bt_json_type */
	bool key_escaped, val_escaped;
};

struct bt_json {
	struct bt_json_field *fields; /* in the order of the line; a key may stand twice: the last one wins */
	size_t n, cap;
	const char *error; /* reason of the last failure, a constant */
	size_t error_at;   /* its offset in the line, bytes */
};

#define BT_JSON_INIT { 0 }

void bt_json_free(struct bt_json *j);

/* bt_json_parse - scan line (len bytes, no newline needed). Reuses the memory of j, borrows line. Returns 0, -EINVAL with
 * error and error_at set when line is not one valid object within the limits above, or -ENOMEM. */
int bt_json_parse(struct bt_json *j, const char *line, size_t len);

/* bt_json_find - the last field of that name, or NULL. Compares unescaped keys. */
const struct bt_json_field *bt_json_find(const struct bt_json *j, const char *key);

/* bt_json_compare_keys - order of two unescaped keys by their bytes: negative, 0 or positive. */
int bt_json_compare_keys(const struct bt_json_field *a, const struct bt_json_field *b);

/* bt_json_unescape - the string between quotes as plain bytes (\uXXXX as UTF-8, lone surrogates as U+FFFD), NUL-terminated.
 * out: at least len + 1 bytes. Returns the length written. The text must come from a field of a parsed line. */
size_t bt_json_unescape(const char *text, size_t len, char *out);

/* bt_json_unescape_next - its next piece: one byte, or what the escape at *text stands for. Moves *text, which is below end.
 * Returns the length, 1..4. */
size_t bt_json_unescape_next(const char **text, const char *end, char out[4]);

/* A JSON number: integers of up to 127 bits stay exact, everything else is a double. */
struct bt_number {
	bool integer;
	__int128 i; /* if integer */
	double f;   /* always: the nearest double */
};

/* bt_json_number - convert the text of a BT_JSON_NUMBER field, correctly rounded. Returns 0, or -ERANGE beyond double. */
int bt_json_number(const char *text, size_t len, struct bt_number *out);

#endif
