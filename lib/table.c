/* SPDX-License-Identifier: ISC
 *
 * table - aligned columns for people: plain text or Markdown.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "utf8.h"

void bt_table_init(struct bt_table *t, unsigned columns)
{
	memset(t, 0, sizeof(*t));
	t->columns = columns < BT_TABLE_COLUMNS ? columns : BT_TABLE_COLUMNS;
}

void bt_table_free(struct bt_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	free(t->cells);
	bt_table_init(t, t->columns);
}

void bt_table_row(struct bt_table *t)
{
	size_t want = (t->rows + 1) * t->columns, cap;
	char **cells;

	if (t->failed)
		return;
	if (want > t->cap) {
		cap = t->cap ? 2 * t->cap : 16 * (size_t)t->columns;
		cells = reallocarray(t->cells, cap, sizeof(*cells));
		if (!cells) {
			t->failed = true;
			return;
		}
		t->cells = cells;
		t->cap = cap;
	}
	for (size_t i = t->rows * t->columns; i < want; i++)
		t->cells[i] = NULL;
	t->rows++;
}

void bt_table_cell(struct bt_table *t, unsigned column, const char *fmt, ...)
{
	char *text, **cell;
	va_list ap;
	int len;

	if (t->failed || t->rows == 0 || column >= t->columns)
		return;
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0) {
		t->failed = true;
		return;
	}
	bt_utf8_clean(text, (size_t)len + 1, text, (size_t)len);
	cell = &t->cells[(t->rows - 1) * t->columns + column];
	free(*cell);
	*cell = text;
}

void bt_table_texts(struct bt_table *t, const char *const *texts)
{
	bt_table_row(t);
	for (unsigned i = 0; i < t->columns; i++)
		if (texts[i])
			bt_table_cell(t, i, "%s", texts[i]);
}

void bt_table_right(struct bt_table *t, unsigned column)
{
	if (column < t->columns)
		t->right[column] = true;
}

static const char *cell_text(const struct bt_table *t, size_t row, unsigned column)
{
	const char *text = t->cells[row * t->columns + column];

	return text ? text : "";
}

/* Whether the i-th byte of s needs a backslash so that Markdown shows it as it is. Not more than that: the raw text is read
 * too. */
static bool is_markup(const char *s, size_t i)
{
	unsigned char before = i > 0 ? (unsigned char)s[i - 1] : ' ', after = (unsigned char)s[i + 1];

	switch (s[i]) {
	case '|': case '`': case '*': case '\\': case '[':
		return true;
	case '_': /* io_uring is no emphasis */
		return !isalnum(before) || !isalnum(after);
	case '~':
		return before == '~' || after == '~';
	case '<':
		return isalpha(after) || after == '/' || after == '!' || after == '?';
	case '&':
		return isalpha(after) || after == '#';
	}
	return false;
}

/* Columns of the text on screen; in Markdown a backslash takes one more. */
static size_t cell_width(const char *s, bool markdown)
{
	size_t width = bt_utf8_width(s, strlen(s));

	for (size_t i = 0; markdown && s[i]; i++)
		width += is_markup(s, i);
	return width;
}

/* Width of every column; 0 for those that are left out. */
static void measure(const struct bt_table *t, bool markdown, size_t width[BT_TABLE_COLUMNS])
{
	for (unsigned c = 0; c < t->columns; c++) {
		bool empty = t->rows > 1;

		width[c] = 0;
		for (size_t r = 0; r < t->rows; r++) {
			size_t w = cell_width(cell_text(t, r, c), markdown);

			empty = empty && (r == 0 || w == 0);
			width[c] = w > width[c] ? w : width[c];
		}
		if (empty)
			width[c] = 0;
	}
}

void bt_markdown(struct bt_buf *b, const char *s)
{
	for (size_t i = 0; s[i]; i++) {
		if (is_markup(s, i))
			bt_buf_char(b, '\\');
		bt_buf_char(b, s[i]);
	}
}

static void add_padded(const struct bt_table *t, struct bt_buf *b, size_t row, unsigned c, size_t width, bool markdown)
{
	const char *s = cell_text(t, row, c);
	size_t pad = width - cell_width(s, markdown);

	bt_buf_fill(b, ' ', t->right[c] ? pad : 0);
	if (markdown)
		bt_markdown(b, s);
	else
		bt_buf_str(b, s);
	bt_buf_fill(b, ' ', t->right[c] ? 0 : pad);
}

void bt_table_text(const struct bt_table *t, struct bt_buf *b)
{
	size_t width[BT_TABLE_COLUMNS];

	measure(t, false, width);
	for (size_t r = 0; r < t->rows; r++) {
		size_t start = b->len;

		for (unsigned c = 0; c < t->columns; c++) {
			if (width[c] == 0)
				continue;
			if (b->len > start)
				bt_buf_fill(b, ' ', 2);
			add_padded(t, b, r, c, width[c], false);
		}
		while (b->len > start && b->data[b->len - 1] == ' ')
			b->len--;
		bt_buf_char(b, '\n');
	}
}

/* The line under the heading; GitHub wants at least three dashes a column. */
static void markdown_rule(const struct bt_table *t, struct bt_buf *b, const size_t *width)
{
	for (unsigned c = 0; c < t->columns; c++) {
		if (width[c] == 0)
			continue;
		bt_buf_str(b, "| ");
		bt_buf_fill(b, '-', width[c] - t->right[c]);
		bt_buf_str(b, t->right[c] ? ": " : " ");
	}
	bt_buf_str(b, "|\n");
}

void bt_table_markdown(const struct bt_table *t, struct bt_buf *b)
{
	size_t width[BT_TABLE_COLUMNS];
	unsigned shown = 0;

	measure(t, true, width);
	for (unsigned c = 0; c < t->columns; c++) {
		shown += width[c] > 0;
		if (width[c] > 0 && width[c] < (t->right[c] ? 4u : 3u))
			width[c] = t->right[c] ? 4 : 3;
	}
	for (size_t r = 0; r < t->rows && shown > 0; r++) {
		for (unsigned c = 0; c < t->columns; c++) {
			if (width[c] == 0)
				continue;
			bt_buf_str(b, "| ");
			add_padded(t, b, r, c, width[c], true);
			bt_buf_char(b, ' ');
		}
		bt_buf_str(b, "|\n");
		if (r == 0)
			markdown_rule(t, b, width);
	}
}
