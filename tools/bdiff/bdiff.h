/* SPDX-License-Identifier: ISC
 *
 * bdiff - what its parts share: the options, the two inputs and what is in them.
 */
#ifndef BDIFF_H
#define BDIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "badlines.h"
#include "group.h"
#include "judge.h"
#include "machine.h"
#include "out.h"
#include "ranks.h"
#include "streams.h"

#define BDIFF_LIST_MAX 32       /* entries of -k, -m and -x */

/* Records of which an input's observations are made; a better source replaces lesser ones. */
enum bdiff_source { BDIFF_NOTHING, BDIFF_SAMPLES, BDIFF_AGGS, BDIFF_RESULTS, BDIFF_SOURCES };

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
	char metrics[BDIFF_LIST_MAX][64], keys[BDIFF_LIST_MAX][64]; /* none: all */
	bool strict, allow_missing;
	const char *paths[2];
};

struct bdiff_input {
	enum bdiff_side side;
	enum bdiff_source source;
	uint64_t seen[BDIFF_SOURCES]; /* records of each source */
	uint64_t values;              /* observations taken */
	struct bt_badlines bad;       /* lines skipped */
	bool cut;                     /* the last line is half a record */
	struct bt_streams streams;
	struct bdiff_origin origin;
};

struct bdiff {
	struct bdiff_opts opts;
	struct bdiff_input in[2];
	struct bdiff_groups groups;
	struct bt_json json; /* of the line at hand */
	struct bt_buf id;    /* of the group at hand */
	struct bt_histcodec *codec; /* made when first needed */
	struct bt_out out;
	uint64_t start_ns;
	uint64_t verdicts[BDIFF_VERDICTS];
	bool trouble; /* exit status 2 */
};

/* bdiff_options - the command line; ends the program when it is wrong. */
void bdiff_options(struct bdiff_opts *opts, int argc, char **argv);

/* bdiff_read - take all of one input. Says on stderr what is wrong with it. Returns 0, -EBADMSG when --strict met a bad
 * line, -EINTR when a signal came, or another -errno, said as well. */
int bdiff_read(struct bdiff *d, enum bdiff_side side);

/* bdiff_show - judge every group and write the rows. Returns 0, -ENOMEM, or -EINTR when a signal came; write errors are
 * left in d->out.error. */
int bdiff_show(struct bdiff *d);

#endif
