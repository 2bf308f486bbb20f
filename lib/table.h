/* SPDX-License-Identifier: ISC
 *
 * table - aligned columns for people: plain text or Markdown.
 *
 * Widths count characters (UTF-8), not bytes. Control bytes in cells are shown as '?'; what Markdown would take for markup
 * is escaped there.
 */
#ifndef BT_TABLE_H
#define BT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

#define BT_TABLE_COLUMNS 32

/* A table whose rows are all known before it is printed. */
struct bt_table {
	unsigned columns;
	size_t rows;
	bool right[BT_TABLE_COLUMNS]; /* align the column to the right */
	char **cells;                 /* rows * columns, owned */
	size_t cap;
	bool failed;                  /* out of memory: rows are missing */
};

void bt_table_init(struct bt_table *t, unsigned columns);
void bt_table_free(struct bt_table *t);

/* bt_table_row - start a new row of empty cells (the first one is the heading). */
void bt_table_row(struct bt_table *t);

/* bt_table_cell - set a cell of the last row; the text is copied. */
void bt_table_cell(struct bt_table *t, unsigned column, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* bt_table_texts - start a new row with a text, copied, for each column; NULL: an empty cell. */
void bt_table_texts(struct bt_table *t, const char *const *texts);

/* bt_table_right - align a column to the right. A column that the table does not have is passed over, here and above. */
void bt_table_right(struct bt_table *t, unsigned column);

/* bt_markdown - append s with what Markdown would take for markup escaped. */
void bt_markdown(struct bt_buf *b, const char *s);

/* bt_table_text, bt_table_markdown - append the table. Columns that are empty in every row below the heading are left out. */
void bt_table_text(const struct bt_table *t, struct bt_buf *b);
void bt_table_markdown(const struct bt_table *t, struct bt_buf *b);

#endif
