/* SPDX-License-Identifier: ISC
 *
 * bdiff - what its parts share: the options, the two inputs and what is in them.
 */
#ifndef BDIFF_H
#define BDIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accept.h"
#include "badlines.h"
#include "export.h"
#include "group.h"
#include "judge.h"
#include "machine.h"
#include "out.h"
#include "ranks.h"
#include "seal.h"
#include "streams.h"

#define BDIFF_LIST_MAX 32       /* entries of -k, -m and -x */
#define BDIFF_FILES_MAX UINT16_MAX /* operands */

/* Records of which an input's observations are made; a better source replaces lesser ones. */
enum bdiff_source { BDIFF_NOTHING, BDIFF_SAMPLES, BDIFF_AGGS, BDIFF_RESULTS, BDIFF_SOURCES };

struct bdiff_name {
	char text[64];
	bool used; /* something that was compared has it */
};

struct bdiff_threshold {
	char name[64]; /* of a metric or a statistic */
	double pct;
	bool used; /* something of that name was judged */
};

struct bdiff_opts {
	struct bt_out_opts out;
	double alpha, threshold_pct;
	unsigned n_thresholds, n_metrics, n_keys;
	struct bdiff_threshold thresholds[BDIFF_LIST_MAX];
	struct bt_ranks percentiles;
	struct bdiff_name metrics[BDIFF_LIST_MAX], keys[BDIFF_LIST_MAX]; /* none: all */
	bool strict, allow_missing, allow_truncated;
	bool export;     /* write a baseline, compare nothing */
	bool no_holm;    /* each row is judged as if it were the only one */
	unsigned smooth; /* judge against the median of the last so many baselines; 0: against all their runs */
	unsigned n_base; /* baselines: files 0 to n_base - 1 */
	const char *accept; /* --accept; NULL: nothing is */
	unsigned n_paths;
	char **paths; /* the baselines, then NEW; or what is exported */
};

/* One operand. */
struct bdiff_file {
	enum bdiff_side side;
	enum bdiff_source source; /* the best that it has */
	uint64_t records;         /* of any kind */
	uint64_t values;          /* observations taken, or lines when exporting */
};

/* All operands of a side. */
struct bdiff_side_state {
	enum bdiff_source source;     /* that its observations are made from */
	uint64_t seen[BDIFF_SOURCES]; /* records of each source */
	struct bdiff_origin origin;
};

/* An operand while it is being read. */
struct bdiff_input {
	unsigned file; /* its place */
	enum bdiff_side side;
	uint32_t run;           /* of the record at hand */
	struct bt_badlines bad; /* lines skipped */
	bool cut;               /* the last line is half a record */
	struct bt_streams streams;
	struct bdiff_seal seal;
};

struct bdiff {
	struct bdiff_opts opts;
	struct bdiff_file *files; /* opts.n_paths of them */
	struct bdiff_side_state sides[2];
	struct bdiff_groups groups;
	struct bdiff_runs runs;
	struct bdiff_accepts accepts;
	struct bdiff_export export;
	struct bt_json json; /* of the line at hand */
	struct bt_buf id;    /* of the group at hand */
	struct bt_histcodec *codec; /* made when first needed */
	struct bt_out out;
	uint64_t start_ns;
	struct bdiff_rule rule; /* what all rows are judged by */
	uint64_t verdicts[BDIFF_VERDICTS];
	uint64_t shapes, shapes_changed, shapes_regressed;
	uint64_t by_rep; /* rows for which a side has only one run */
	uint64_t bad_lines;
	bool trouble; /* exit status 2 */
};

/* bdiff_options - the command line; ends the program when it is wrong. */
void bdiff_options(struct bdiff_opts *opts, int argc, char **argv);

/* bdiff_read - take all of one operand. Says on stderr what is wrong with it. Returns 0, -EBADMSG when --strict met a bad
 * line, -EINTR when a signal came, or another -errno, said as well. */
int bdiff_read(struct bdiff *d, unsigned file);

/* bdiff_say_source - note what the observations of a side are made from, when all of it has been read. */
void bdiff_say_source(const struct bdiff *d, enum bdiff_side side);

/* bdiff_say_streams - say which streams are not whole, and whether that is trouble. */
void bdiff_say_streams(struct bdiff *d, const char *name, const struct bt_streams *streams);

/* bdiff_source_name - "result" ... */
const char *bdiff_source_name(enum bdiff_source source);

/* bdiff_show - judge every group and write the rows. Returns 0, -ENOMEM, or -EINTR when a signal came; write errors are
 * left in d->out.error. */
int bdiff_show(struct bdiff *d);

#endif
