/* SPDX-License-Identifier: ISC
 *
 * page - the comparison as a table for people, in plain text or Markdown.
 */
#ifndef BDIFF_PAGE_H
#define BDIFF_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "bdiff.h"
#include "table.h"

/* A group taken apart: strings end with a NUL and live in text. */
struct bdiff_names {
	struct bt_buf text;
	const char *metric, *unit, *stat, *tool, *test, *host; /* NULL: absent; the first three never are */
};

/* The table in progress and what it is made of. */
struct bdiff_page {
	struct bdiff *d;
	struct bt_table table;
	bool several_tools;
	struct bt_buf colours; /* one byte for each row of the table, the heading included */
};

/* bdiff_page_init - an empty table with its heading. */
void bdiff_page_init(struct bdiff_page *s, struct bdiff *d, bool several_tools);

/* bdiff_page_row - the row of group i. */
void bdiff_page_row(struct bdiff_page *s, uint32_t i, const struct bdiff_row *row, const struct bdiff_names *n,
		    const char *taint);

/* bdiff_page_write - write the table and, as text, the summary. 0 or -ENOMEM; write errors are left in d->out.error. */
int bdiff_page_write(struct bdiff_page *s);

void bdiff_page_free(struct bdiff_page *s);

#endif
