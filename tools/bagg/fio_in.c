/* SPDX-License-Identifier: ISC
 *
 * fio_in - finds the documents in what fio --output-format=json or json+ prints.
 */
#include <errno.h>
#include <string.h>

#include "bagg.h"
#include "fio_in.h"

void bagg_fio_in_init(struct bagg_fio_in *in)
{
	memset(in, 0, sizeof(*in));
	bt_hist_init(&in->hist, 3);
}

void bagg_fio_in_free(struct bagg_fio_in *in)
{
	bt_buf_free(&in->text);
	bt_json_free(&in->doc);
	bt_json_free(&in->job);
	bt_json_free(&in->part);
	bt_json_free(&in->figures);
	bt_json_free(&in->job_options);
	bt_json_free(&in->global_options);
	bt_hist_free(&in->hist);
}

/* How many bytes of p belong to the document at hand: all, or those up to its last bracket. */
static size_t document_part(struct bagg_fio_in *in, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = p[i];

		if (in->in_string) {
			in->in_string = in->escape || c != '"';
			in->escape = !in->escape && c == '\\';
		} else if (c == '"') {
			in->in_string = true;
		} else if (c == '{' || c == '[') {
			in->depth++;
		} else if ((c == '}' || c == ']') && --in->depth == 0) {
			return i + 1;
		}
	}
	return len;
}

/* Adds what belongs to the document, and folds it when that was its end. */
static int add_part(struct bagg *b, struct bagg_fio_in *in, const char *p, size_t len, bool *blind, const char **why)
{
	in->too_long = in->too_long || in->text.len + len > BAGG_FIO_MAX;
	if (!in->too_long) {
		bt_buf_add(&in->text, p, len);
		bt_buf_char(&in->text, '\n');
	}
	if (in->depth > 0)
		return 0;
	in->documents++;
	if (!in->too_long)
		return bagg_fio_document(b, in, blind, why);
	*why = "a document of more than 256 MiB";
	return -EINVAL;
}

static void start_document(struct bagg_fio_in *in)
{
	in->text.len = 0;
	in->in_string = in->escape = in->too_long = false;
}

/* One line, all of it. Documents begin with a line; what fio says beside them is none of ours. */
static int take_parts(struct bagg *b, struct bagg_fio_in *in, const char *line, size_t len, bool *blind, const char **why)
{
	int rc = 0;

	while (len > 0 && rc == 0 && (in->depth > 0 || line[0] == '{')) {
		size_t part;

		if (in->depth == 0)
			start_document(in);
		part = document_part(in, line, len);
		rc = add_part(b, in, line, part, blind, why);
		line += part;
		len -= part;
		while (len > 0 && (line[0] == ' ' || line[0] == '\t')) {
			line++;
			len--;
		}
	}
	return rc;
}

int bagg_fio_take(struct bagg *b, struct bagg_fio_in *in, const char *line, size_t len, bool *blind, const char **why)
{
	/* fio indents what lies within a document, so that one which broke off does not swallow the next. */
	bool broken = in->depth > 0 && len > 0 && line[0] == '{';
	int rc;

	if (broken)
		in->depth = 0;
	rc = take_parts(b, in, line, len, blind, why);
	if (rc < 0 || !broken)
		return rc;
	*why = "truncated: the document before has no end";
	return -EINVAL;
}

int bagg_fio_end(const struct bagg_fio_in *in, const char **why)
{
	if (in->depth > 0)
		*why = "truncated: the last document has no end";
	else if (in->documents == 0)
		*why = "no document of fio in it";
	else
		return 0;
	return -EINVAL;
}
