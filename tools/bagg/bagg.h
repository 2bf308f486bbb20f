/* SPDX-License-Identifier: ISC
 *
 * bagg - what its parts share: the options, and the state of one run. The way through it:
 *
 *	read.c   bytes -> lines, of all files
 *	fast.c   lines like earlier ones -> their groups, past all that follows
 *	take.c   a line -> measurements -> bagg_measure() -> the group they belong to (group.c, fold.c); on the way foreign.c,
 *	         convert.c, rate.c, correct.c, span.c and window.c where they are called for
 *	pass.c   with -l: the same bytes -> stdout; live.c, canvas.c, screen.c: what they say -> the terminal
 *	report.c groups -> agg.c -> one of the output formats
 */
#ifndef BAGG_H
#define BAGG_H

#include <stdbool.h>
#include <stdint.h>

#include "agg.h"
#include "correct.h"
#include "crew.h"
#include "fast.h"
#include "fio_in.h"
#include "foreign.h"
#include "group.h"
#include "hlog_in.h"
#include "input.h"
#include "opt.h"
#include "out.h"
#include "pass.h"
#include "rate.h"
#include "report.h"
#include "screen.h"
#include "span.h"
#include "window.h"

#define BAGG_LIST_MAX 64 /* entries of -m, --rate and --span */

enum bagg_from { BAGG_FROM_RECORDS, BAGG_FROM_HLOG, BAGG_FROM_FIO };

/* One entry of -m or --rate: a metric; or, in NDJSON that is no record, the path of a numeric key and its unit. */
struct bagg_metric {
	const char *name; /* "lat", "latency_us", "a.b" */
	const char *unit; /* after the last colon: "us"; NULL: none given */
};

struct bagg_opts {
	struct bt_out_opts out;
	enum bagg_format format; /* never AUTO after parsing */
	enum bagg_from from;
	const char *keys, *percentiles; /* as given, or NULL */
	const char *time_key;           /* --time; path of the time in NDJSON that is no record: "ts" */
	unsigned n_metrics, n_rates, n_spans;
	struct bagg_metric metrics[BAGG_LIST_MAX]; /* none: all */
	struct bagg_metric rates[BAGG_LIST_MAX];   /* counters to turn into rates */
	const char *spans[BAGG_LIST_MAX];          /* "A:B" */
	uint64_t interval_ns, late_ns;             /* -i, --late; 0: no windows */
	uint64_t corrected_ns;                     /* --corrected-for; 0: not */
	uint64_t line_max_bytes;
	uint64_t threads;
	bool live, chart, strict;
	bool time_given; /* --time */
	bool pass;   /* with -l: the input goes to stdout */
	bool silent; /* and there is no report */
};

struct bagg {
	struct bagg_opts opts;
	struct bt_ranks ranks;
	struct bagg_groups groups;
	struct bagg_input input;
	struct bt_json json;    /* of the line at hand */
	struct bagg_fast *fast; /* NULL: every line goes the long way */
	struct bagg_crew *crew; /* NULL: one thread */
	struct bagg_notes *notes; /* in a thread of the crew: where to say what is wrong with a line; else NULL */
	struct bt_out out;
	struct bagg_report report;
	struct bagg_pass *pass;     /* NULL: lines are not passed on */
	struct bagg_screen *screen; /* NULL: nothing is drawn */
	struct bagg_foreign foreign;
	struct bagg_convert convert;
	struct bagg_rates rates;
	struct bagg_spans spans;
	struct bagg_correct correct;
	struct bagg_windows windows;
	struct bagg_hlog_in hlog;   /* --from, of the file at hand */
	struct bagg_fio_in fio;
	uint64_t start_ns, lines;   /* measurements folded */
	uint64_t predicted;       /* lines that were like an earlier one */
	int status;               /* worst so far */
};

#define BAGG_TOO_LONG "line longer than --max-line"

/* bagg_options - the command line; ends the program when it is wrong. Returns the index of the first operand. */
int bagg_options(struct bagg *b, int argc, char **argv);

/* bagg_worse - status becomes the exit status if it is the worst so far. */
void bagg_worse(struct bagg *b, int status);

/* bagg_read - fold n files, none meaning stdin. What is wrong with them is said and counted. */
void bagg_read(struct bagg *b, int n, char **paths);

/* bagg_read_lines - the same for the rest of l. Returns BT_LINE_EOF when it has ended, BT_LINE_AGAIN when a signal or
 * --strict stops us, or -errno. */
int bagg_read_lines(struct bagg *b, struct bt_lines *l);

/* bagg_skip_line - count a line that cannot be folded; got: as bt_lines_next returned it. Returns whether to stop. */
bool bagg_skip_line(struct bagg *b, const struct bt_lines *l, int got, const char *why);

/* bagg_stopped - whether a signal, or the reader of the windows or of the lines that -l passes on, ends it all. */
bool bagg_stopped(const struct bagg *b);

/* bagg_take_noted - take a line that was found to be a record that measures nothing. Returns 0 or -ENOMEM. */
int bagg_take_noted(struct bagg *b, const char *line, size_t len);

/* bagg_take - fold one line that is whole and not blank. blind: set when percentiles of its group became unknown. Returns 0,
 * -ENOMEM, or -EINVAL with *why set to a constant reason: a bad line. */
int bagg_take(struct bagg *b, const char *line, size_t len, bool *blind, const char **why);

/* bagg_measure - fold one measurement, of whatever source. hist: its distribution already decoded, or NULL when r itself
 * holds what there is. Returns as bagg_take. */
int bagg_measure(struct bagg *b, const struct bt_rec_in *r, struct bt_hist *hist, bool *blind, const char **why);

/* bagg_measure_as - the same for a metric that is known to be wanted. series: what tells counters
 * apart, r itself for records. */
int bagg_measure_as(struct bagg *b, const struct bt_rec_in *r, const struct bt_rec_in *series, struct bt_hist *hist,
		    bool *blind, const char **why);

/* bagg_unit_of - the unit that r is converted from, or NULL. */
const struct bt_unit *bagg_unit_of(const struct bt_rec_in *r);

/* bagg_fold_measure - the last step of that: into the groups of its window. */
int bagg_fold_measure(struct bagg *b, const struct bt_rec_in *r, struct bt_hist *hist, bool *blind, const char **why);

/* bagg_plain - whether each line is folded for itself, whatever came before it and whenever. */
bool bagg_plain(const struct bagg *b);

/* bagg_take_init - after the options. bagg_take_end - the input has ended: what was waiting is folded, what was left out
 * is said. bagg_take_free - release the memory. */
void bagg_take_init(struct bagg *b);
void bagg_take_end(struct bagg *b);
void bagg_take_free(struct bagg *b);

/* bagg_emit - report these groups in the format asked for. Ends the program when out of memory; errors of the output are
 * left in b->out.error. */
void bagg_emit(struct bagg *b, struct bagg_groups *g);

/* bagg_emit_window - the same for the groups of b, being those of one window. start_us: where it begins, if that is
 * known. */
void bagg_emit_window(struct bagg *b, bool has_start, int64_t start_us);

#endif
