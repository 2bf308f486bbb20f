/* SPDX-License-Identifier: ISC
 *
 * rec - the record: one line, one fact. This file holds the record as a program fills it and the encoders; out.h writes
 * it, recread.h reads it back. The format is described in btools-record(5).
 *
 * Invariants
 *  - an encoded JSON line has at most BT_REC_MAX bytes, its newline included. A record that would be longer first gives up
 *    histogram digits (3 to 2 to 1), then the histogram; what still does not fit is refused with -EMSGSIZE.
 *  - strings may hold any bytes: control bytes are escaped, invalid UTF-8 becomes U+FFFD. NaN and infinities become null.
 *  - struct bt_rec borrows every pointer it is given until the record is encoded. Nothing is allocated, but when a
 *    histogram must give up digits to fit.
 */
#ifndef BT_REC_H
#define BT_REC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"
#include "histcodec.h"
#include "taint.h"

#define BT_REC_MAX 4096  /* bytes: PIPE_BUF, what one write(2) to a pipe keeps whole */
#define BT_REC_KEYS 64   /* most dimensions or free keys of one record */
#define BT_REC_TAGS 16   /* most tags of one process */
#define BT_REC_TEXT 1024 /* bytes of JSON that one string value may take; longer ones are cut */

enum bt_kind {
	BT_KIND_META, BT_KIND_SAMPLE, BT_KIND_RESULT, BT_KIND_EVENT, BT_KIND_MARK, BT_KIND_WARN, BT_KIND_END, BT_KIND_AGG,
	BT_KIND_DIFF, BT_KIND_COUNT
};

enum bt_better { BT_BETTER_NONE, BT_BETTER_LOWER, BT_BETTER_HIGHER };

enum bt_key_type { BT_KEY_STR, BT_KEY_U64, BT_KEY_F64, BT_KEY_BOOL, BT_KEY_RAW };

struct bt_key {
	const char *name; /* plain ASCII, no quotes needed */
	enum bt_key_type type;
	uint32_t len; /* bytes of str: BT_KEY_STR and BT_KEY_RAW (JSON text, copied as it is) */
	union {
		const char *str;
		uint64_t u64;
		double f64;
		bool flag;
	};
};

enum bt_shape { BT_SHAPE_NONE, BT_SHAPE_VALUE, BT_SHAPE_DIST, BT_SHAPE_FIGURES };

struct bt_rec {
	enum bt_kind kind;
	int64_t ts_us;    /* end of the observed span, Unix time in microseconds; 0: now */
	const char *test; /* NULL: absent */
	uint32_t rep;     /* 0: absent */

	const char *metric, *unit; /* NULL: absent */
	enum bt_better better;
	enum bt_shape shape;
	bool integral;              /* value is u64, not f64 */
	uint64_t value_u64;
	double value_f64;
	const struct bt_hist *hist; /* BT_SHAPE_DIST */
	const char *figures;        /* BT_SHAPE_FIGURES: ready JSON, "n":3,"min":1, that the caller vouches for */
	uint32_t figures_len;
	uint64_t dur_ns;            /* span covered; 0: absent */

	const char *loop; /* "closed", "open" or NULL */
	unsigned taint;   /* enum bt_taint bits */
	uint64_t lost;    /* events not seen; 0: absent */
	uint64_t late_ns; /* 0: absent */

	unsigned n_keys;
	bool too_many; /* a key was dropped: encoding fails */
	struct bt_key keys[BT_REC_KEYS];
};

/* Who writes: the part of the header that is the same in all records of one process, and the user's tags. */
struct bt_rec_source {
	char run[9];    /* 8 lower-case hex digits */
	char host[65];
	const char *tool;
	const char *const *tag_names, *const *tag_values;
	unsigned n_tags; /* up to BT_REC_TAGS */
	/* What bt_rec_source_prepare has made of the above, so that it is escaped once: ready JSON, or empty. */
	uint32_t head_len, tags_len;
	char head[512], tags[1536];
};

/* bt_rec_source_prepare - optional: call once the fields above head_len are final to make all later encoding faster. */
void bt_rec_source_prepare(struct bt_rec_source *src);

/* bt_rec_init - an empty record of that kind. */
void bt_rec_init(struct bt_rec *r, enum bt_kind kind);

/* Add a dimension (or, in meta, warn, end, mark and diff records, a key). Order is kept. */
void bt_rec_str(struct bt_rec *r, const char *name, const char *value);
void bt_rec_u64(struct bt_rec *r, const char *name, uint64_t value);
void bt_rec_f64(struct bt_rec *r, const char *name, double value);
void bt_rec_bool(struct bt_rec *r, const char *name, bool value);

/* bt_rec_text, bt_rec_raw - a string of len bytes; JSON text of len bytes that the caller vouches for. */
void bt_rec_text(struct bt_rec *r, const char *name, const char *value, size_t len);
void bt_rec_raw(struct bt_rec *r, const char *name, const char *json, size_t len);

/* The measurement: one scalar, one count, or a distribution. hist is borrowed. */
void bt_rec_value(struct bt_rec *r, const char *metric, const char *unit, enum bt_better better, double value);
void bt_rec_count(struct bt_rec *r, const char *metric, const char *unit, enum bt_better better, uint64_t value);
void bt_rec_dist(struct bt_rec *r, const char *metric, const char *unit, enum bt_better better, const struct bt_hist *hist);

/* bt_rec_json - encode r as one JSON line. Returns its length with the newline, or -EMSGSIZE. Without a codec the
 * histogram is left out. A tag whose name is also a key of r gives way to it. */
int bt_rec_json(const struct bt_rec *r, const struct bt_rec_source *src, struct bt_histcodec *codec, char out[BT_REC_MAX]);

/* bt_rec_tsv - encode r as one line of the columns of BT_REC_TSV_HEADER; tabs and newlines in values become spaces.
 * In dims ',', '=' and '%' of names and values are written as bt_rec_tsv_escape has it. Returns the length, or -EMSGSIZE. */
#define BT_REC_TSV_HEADER \
	"ts\tkind\trun\thost\ttool\ttest\trep\tdims\tmetric\tunit\tvalue\tn\tmean\tsd\tmin\tp50\tp90\tp99\tp999\tmax\n"
int bt_rec_tsv(const struct bt_rec *r, const struct bt_rec_source *src, char out[BT_REC_MAX]);

/* bt_rec_tsv_escape - the three bytes that stand for c in dims: "%2C", "%3D", "%25"; NULL: c itself. */
const char *bt_rec_tsv_escape(char c);

/* bt_rec_string - append s (len bytes) to p as a quoted JSON string, cut after max bytes of output at a character.
 * Returns the length written; p has room for max + 2. */
size_t bt_rec_string(char *p, size_t max, const char *s, size_t len);

/* What a key means. Everything that is no header, measurement or quality key is a dimension. */
enum bt_key_class { BT_CLASS_DIM, BT_CLASS_HEADER, BT_CLASS_MEASURE, BT_CLASS_QUALITY };

/* bt_rec_class - class of a key of a sample, result, event or agg record. p followed by digits (p50, p99_9) is a measure. */
enum bt_key_class bt_rec_class(const char *name, size_t len);

/* bt_kind_name, bt_kind_of - "meta" ... ; -EINVAL for a name that is none. */
const char *bt_kind_name(enum bt_kind kind);
int bt_kind_of(const char *name, size_t len);

/* bt_better_name - "lower", "higher" or NULL. */
const char *bt_better_name(enum bt_better better);

#endif
