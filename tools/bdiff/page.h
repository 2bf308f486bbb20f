/* SPDX-License-Identifier: ISC
 *
 * page - the comparison as a table for people, in plain text or Markdown.
 */
#ifndef BDIFF_PAGE_H
#define BDIFF_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"
#include "table.h"

/* The table in progress and what it is made of. */
struct bdiff_page {
	struct bdiff *d;
	struct bt_table table;
	bool several_tools;
	struct bt_buf colours; /* one byte for each row of the table, the heading included */
	struct bt_buf remarks; /* lines below the table: why a row is what it is */
	uint64_t n_remarks;
	struct bt_buf means;   /* lines below these */
};

/* bdiff_page_init - an empty table with its heading. */
void bdiff_page_init(struct bdiff_page *s, struct bdiff *d, bool several_tools);

/* bdiff_page_row, bdiff_page_shape - the row of group i. accept: why a regression is accepted, or NULL. */
void bdiff_page_row(struct bdiff_page *s, uint32_t i, const struct bdiff_row *row, const struct bdiff_names *n,
		    const char *taint, const struct bdiff_accept *accept);
void bdiff_page_shape(struct bdiff_page *s, uint32_t i, const struct bdiff_shape *shape, const struct bdiff_names *n,
		      const char *taint, const struct bdiff_accept *accept);

/* bdiff_page_geomean - a line of its own. */
void bdiff_page_geomean(struct bdiff_page *s, const struct bdiff_geomean *m, const struct bdiff_names *n);

/* bdiff_page_write - write the table, the remarks and the summary. 0 or -ENOMEM; write errors are left in d->out.error. */
int bdiff_page_write(struct bdiff_page *s);

void bdiff_page_free(struct bdiff_page *s);

#endif
