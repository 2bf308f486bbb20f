/* SPDX-License-Identifier: ISC
 *
 * fio_in - reads what fio --output-format=json or json+ prints: documents over many lines, other lines between them.
 *
 * Of each job and each kind of operation that it did: the latencies that fio has (clat, slat, lat) as distributions in ns,
 * from the bins of json+ where there are some, and its iops and bw. fio's bins are 1/64 to 1/128 of their value wide, wider
 * than ours, and each falls into one of ours with its middle: merging loses nothing.
 */
#ifndef BAGG_FIO_IN_H
#define BAGG_FIO_IN_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "hist.h"
#include "json.h"

#define BAGG_FIO_MAX (256u << 20) /* bytes of one document */

struct bagg;

struct bagg_fio_in {
	struct bt_buf text; /* of the document at hand */
	unsigned long depth; /* of brackets; 0: between documents */
	bool in_string, escape, too_long;
	unsigned documents; /* with an end */
	struct bt_json doc, job, part, figures; /* the document, and what lies within what */
	struct bt_json job_options, global_options;
	struct bt_hist hist;
};

/* bagg_fio_in_init - at the start of a file. bagg_fio_in_free - at its end. */
void bagg_fio_in_init(struct bagg_fio_in *in);
void bagg_fio_in_free(struct bagg_fio_in *in);

/* bagg_fio_take - take one line; a document is folded with the line that ends it. Returns as bagg_take. */
int bagg_fio_take(struct bagg *b, struct bagg_fio_in *in, const char *line, size_t len, bool *blind, const char **why);

/* bagg_fio_document - fold the document in in->text, which has an end. Returns as bagg_take. */
int bagg_fio_document(struct bagg *b, struct bagg_fio_in *in, bool *blind, const char **why);

/* bagg_fio_end - at the end of a file. Returns 0, or -EINVAL with *why set when a document has none, or there was none. */
int bagg_fio_end(const struct bagg_fio_in *in, const char **why);

#endif
