/* SPDX-License-Identifier: ISC
 *
 * out - where a tool's records go: the options -f -o -T -q -v --log, and the stream they describe.
 *
 * Invariant: in json every record reaches the descriptor in one write(2) of at most BT_REC_MAX bytes, so that any number of
 * producers may share a pipe or an O_APPEND file. Nothing is held back, unless the tool asks for it (bt_out_hold).
 */
#ifndef BT_OUT_H
#define BT_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "histcodec.h"
#include "opt.h"
#include "outfile.h"
#include "rec.h"
#include "rectable.h"

enum bt_format { BT_FORMAT_AUTO, BT_FORMAT_JSON, BT_FORMAT_TSV, BT_FORMAT_TEXT, BT_FORMAT_MD };

#define BT_OUT_TAGS BT_REC_TAGS
#define BT_OUT_TAG_BYTES 1024 /* of JSON that all tags together may take in a record */

/* What the options of BT_OPTS_OUT and BT_OPTS_COMMON set. */
struct bt_out_opts {
	enum bt_format format;
	const char *path; /* -o; NULL: stdout */
	bool quiet, verbose;
	unsigned n_tags;
	const char *tag_names[BT_OUT_TAGS], *tag_values[BT_OUT_TAGS];
	char tag_text[BT_OUT_TAG_BYTES]; /* the bytes they point to */
	size_t tag_len;
};

/* bt_out_option - take one option if it is ours; -q and --log take effect at once. Returns whether it was; errors go to
 * o->error. Formats accepted are json, tsv and text. -h and -V are the tool's. */
bool bt_out_option(struct bt_out_opts *opts, struct bt_opts *o, int key);

/* bt_out_tag_name - whether a tag may have that name: a letter and letters, digits, '_', '.' or '-'. It may have a meaning of its
 * own in records: bt_rec_class() tells. */
bool bt_out_tag_name(const char *s, size_t len);

/* bt_out_format - the argument of -f; with md that format is accepted too. */
void bt_out_format(struct bt_out_opts *opts, struct bt_opts *o, bool md);

struct bt_out {
	enum bt_format format; /* never AUTO */
	struct bt_outfile file;
	struct bt_rec_source source;
	struct bt_histcodec *codec;
	uint64_t records; /* written so far */
	uint64_t refused; /* records that did not fit BT_REC_MAX */
	int error;        /* first write error, -errno; -EPIPE when the reader has gone. Later records are not written. */
	int64_t now_us;  /* ts of records that have none, Unix time in microseconds; 0: the clock's */
	bool tsv_header_done;
	bool holding;        /* between bt_out_hold and bt_out_release */
	size_t held;         /* bytes of whole lines in batch */
	char batch[BT_REC_MAX];
	struct bt_rectable text; /* text format: the table in progress */
};

/* bt_out_open - open the stream and settle host and run: 8 hex digits of BTOOLS_RUN, upper case made lower, else
 * random. Borrows opts and tool until close. Returns 0 or -errno of opening opts->path. */
int bt_out_open(struct bt_out *out, const struct bt_out_opts *opts, const char *tool);

/* bt_out_rec - write one record; fills ts_us when it is 0 (out->now_us). Returns 0, out->error, or -EMSGSIZE. */
int bt_out_rec(struct bt_out *out, struct bt_rec *r);

/* bt_out_hold, bt_out_release - records in between, in json and tsv, share writes of at most BT_REC_MAX bytes: for many that come
 * at once. A record counts as written when it is held. release returns 0 or out->error. */
void bt_out_hold(struct bt_out *out);
int bt_out_release(struct bt_out *out);

/* bt_out_warn - write a warn record: code is one word, msg a sentence. */
int bt_out_warn(struct bt_out *out, const char *code, const char *msg);

/* bt_out_raw - write lines of the tool's own making, for its own shape of text or tsv. */
int bt_out_raw(struct bt_out *out, const void *bytes, size_t len);

/* bt_out_end - write the end record. status: "ok", "interrupted" or "failed"; errors: number of failed operations. */
int bt_out_end(struct bt_out *out, const char *status, uint64_t elapsed_ns, uint64_t errors);

/* bt_out_close - put an output file in its place and free all. Returns 0 or the first error of the stream. */
int bt_out_close(struct bt_out *out);

#endif
