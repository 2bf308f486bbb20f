/* SPDX-License-Identifier: ISC
 *
 * outopt - the options that every writer of records takes.
 */
#include <string.h>

#include "err.h"
#include "out.h"

#define TAG_NAME_MAX 64   /* bytes */
#define TAG_VALUE_MAX 256 /* bytes */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool bt_out_tag_name(const char *s, size_t len)
{
	if (len == 0 || len > TAG_NAME_MAX || !is_letter(s[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_letter(s[i]) && !(s[i] >= '0' && s[i] <= '9') && s[i] != '.' && s[i] != '-')
			return false;
	return true;
}

/* Bytes of JSON that one tag takes: ,"name":"value" */
static size_t tag_json_len(const char *name, const char *value)
{
	char json[6 * TAG_VALUE_MAX + 2]; /* six bytes are the longest escape */

	return strlen(name) + 4 + bt_rec_string(json, 6 * TAG_VALUE_MAX, value, strlen(value));
}

static bool has_tag(const struct bt_out_opts *opts, const char *name, size_t len)
{
	for (unsigned i = 0; i < opts->n_tags; i++)
		if (strlen(opts->tag_names[i]) == len && memcmp(opts->tag_names[i], name, len) == 0)
			return true;
	return false;
}

static void add_tag(struct bt_out_opts *opts, struct bt_opts *o, size_t name_len)
{
	char *text = opts->tag_text + opts->tag_len;
	size_t len = strlen(o->arg) + 1, total = 0;

	if (opts->tag_len + len > sizeof(opts->tag_text)) {
		bt_opts_fail(o, "all tags together may take %d bytes", BT_OUT_TAG_BYTES);
		return;
	}
	memcpy(text, o->arg, len);
	text[name_len] = '\0';
	opts->tag_names[opts->n_tags] = text;
	opts->tag_values[opts->n_tags] = text + name_len + 1;
	for (unsigned i = 0; i <= opts->n_tags; i++)
		total += tag_json_len(opts->tag_names[i], opts->tag_values[i]);
	if (total > BT_OUT_TAG_BYTES) {
		bt_opts_fail(o, "all tags together may take %d bytes", BT_OUT_TAG_BYTES);
		return;
	}
	opts->tag_len += len;
	opts->n_tags++;
}

static void parse_tag(struct bt_out_opts *opts, struct bt_opts *o)
{
	const char *equals = strchr(o->arg, '=');
	size_t name_len = equals ? (size_t)(equals - o->arg) : 0;

	if (!equals)
		bt_opts_fail(o, "'%.60s' is no KEY=VALUE", o->arg);
	else if (!bt_out_tag_name(o->arg, name_len))
		bt_opts_fail(o, "a key is a letter and up to %d letters, digits, '_', '.' or '-', not '%.*s'", TAG_NAME_MAX - 1,
			     name_len < 60 ? (int)name_len : 60, o->arg);
	else if (bt_rec_class(o->arg, name_len) != BT_CLASS_DIM)
		bt_opts_fail(o, "the key '%.*s' has a meaning of its own in records", (int)name_len, o->arg);
	else if (strlen(equals + 1) > TAG_VALUE_MAX)
		bt_opts_fail(o, "a value has at most %d bytes", TAG_VALUE_MAX);
	else if (has_tag(opts, o->arg, name_len))
		bt_opts_fail(o, "the key '%.*s' is given twice", (int)name_len, o->arg);
	else if (opts->n_tags == BT_OUT_TAGS)
		bt_opts_fail(o, "at most %d tags", BT_OUT_TAGS);
	else
		add_tag(opts, o, name_len);
}

void bt_out_format(struct bt_out_opts *opts, struct bt_opts *o, bool md)
{
	static const char *const formats[] = { "json", "tsv", "text", NULL };
	static const char *const more[] = { "json", "tsv", "text", "md", NULL };
	int choice = 0;

	bt_opts_choice(o, md ? more : formats, &choice);
	opts->format = (enum bt_format)(BT_FORMAT_JSON + choice);
}

bool bt_out_option(struct bt_out_opts *opts, struct bt_opts *o, int key)
{
	static const char *const logs[] = { "text", "json", NULL };
	int choice = 0;

	switch (key) {
	case 'f':
		bt_out_format(opts, o, false);
		return true;
	case 'o':
		if (o->arg[0] == '\0')
			bt_opts_fail(o, "a file name is needed");
		opts->path = o->arg;
		return true;
	case 'T':
		parse_tag(opts, o);
		return true;
	case 'q':
		opts->quiet = true;
		bt_err_quiet();
		return true;
	case 'v':
		opts->verbose = true;
		return true;
	case BT_OPT_LOG:
		bt_opts_choice(o, logs, &choice);
		if (choice == 1)
			bt_err_json(); /* at once: the next message may be about the next option */
		return true;
	default:
		return false;
	}
}
