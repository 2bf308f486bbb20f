/* SPDX-License-Identifier: ISC
 *
 * live - what the records so far say about each test: is it running, how far is it, how fast, how late. screen.c draws it.
 *
 * Invariant: every text here is clean (bt_utf8_clean), and its memory is bounded, whatever the records say.
 */
#ifndef BAGG_LIVE_H
#define BAGG_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"
#include "intern.h"
#include "recread.h"

#define BAGG_TREND 32       /* values of a rate that are kept */
#define BAGG_ROWS_MAX 2048  /* tests that are told apart; those beyond are only counted */
#define BAGG_PLAN_TESTS 64  /* tests of one producer whose progress is known */
#define BAGG_NAME 64        /* bytes of a name, with NUL */

enum bagg_state {
	BAGG_QUEUED, BAGG_WAITING, BAGG_WARMING, BAGG_RUNNING, BAGG_DONE, BAGG_INTERRUPTED, BAGG_FAILED, BAGG_TRUNCATED,
};

/* What a meta record says is going to happen: each test in turn with each number of threads, then the next repetition. */
struct bagg_plan {
	uint32_t stream;
	unsigned n_tests, scales; /* scales: different numbers of threads */
	uint64_t repeat;
	double slot_s, warmup_s;  /* one run of one test, and how much of it is warm-up */
	uint64_t done;            /* slots */
	uint64_t start_ns;        /* when the slot at hand began */
};

/* A producer: tool, host and run. */
struct bagg_stream {
	char tool[BAGG_NAME], host[BAGG_NAME], run[BAGG_NAME];
	enum bagg_state state;   /* RUNNING, WAITING (for a lock), or how it ended */
	uint64_t open;           /* meta records less end records */
	uint64_t warnings, errors;
	uint32_t first_row;
	bool has_row;
};

/* A figure that stands for a test: the best kind seen wins, the higher rank. */
struct bagg_figure {
	unsigned rank; /* 0: none yet */
	char metric[BAGG_NAME], unit[16];
};

struct bagg_row {
	uint32_t stream, plan; /* plan: BAGG_NO_PLAN */
	unsigned place;        /* in the plan */
	char test[BAGG_NAME];  /* "": the records name none */
	uint64_t done;         /* slots */
	double last_result;    /* ts of the slot that was done last */
	struct bagg_figure rate, lat;
	double now, p50, p99;  /* rate; ranks of lat; NaN: unknown */
	struct bt_hist hist;   /* of single events, from which the ranks are then read */
	float trend[BAGG_TREND];
	unsigned n_trend;
	bool sampled;          /* the slot at hand had samples: its result adds nothing to the trend */
	uint64_t events;       /* since look_ns */
	uint64_t lines;        /* since the last look */
	double activity;       /* lines lately, fading */
	double errors;
};

#define BAGG_NO_PLAN UINT32_MAX

struct bagg_live {
	struct bt_intern names, stream_names; /* by number: rows, streams */
	struct bagg_row *rows;
	struct bagg_stream *streams;
	struct bagg_plan *plans;
	uint32_t n_rows, cap_rows, n_streams, cap_streams, n_plans, cap_plans;
	uint64_t left_out;      /* records of tests beyond BAGG_ROWS_MAX */
	uint64_t now_ns;        /* of the last look: the time of all records since */
	uint64_t look_ns;       /* when rates of events were last taken */
	uint64_t warnings;
	char warning[256];      /* the latest, with its tool; "": none */
	bool failed;            /* out of memory: the picture stands still */
	uint32_t last_row;      /* of the last record: the next one is likely its sister */
};

void bagg_live_init(struct bagg_live *l, uint64_t now_ns);
void bagg_live_free(struct bagg_live *l);

/* bagg_live_record - take note of any record. */
void bagg_live_record(struct bagg_live *l, const struct bt_rec_in *r);

/* bagg_live_look - time has come to now_ns: settles the rates of events. */
void bagg_live_look(struct bagg_live *l, uint64_t now_ns);

/* bagg_live_end - there is no more input: streams without an end are truncated; with interrupted they are that. */
void bagg_live_end(struct bagg_live *l, bool interrupted);

/* figure.c: bagg_row_take - a measurement of that test. bagg_row_settle - its events of the last s seconds. bagg_live_text -
 * a span, cleaned. */
void bagg_row_take(struct bagg_row *row, const struct bt_rec_in *r);
void bagg_row_settle(struct bagg_row *row, double s);
void bagg_live_text(struct bt_span s, char *out, size_t cap);

/* bagg_row_state, bagg_row_progress - of a row at l->now_ns. progress: 0..1 and the seconds left, or false when the plan is
 * not known. */
enum bagg_state bagg_row_state(const struct bagg_live *l, const struct bagg_row *row);
bool bagg_row_progress(const struct bagg_live *l, const struct bagg_row *row, double *share, double *left_s);

/* plan.c: bagg_plan_read - the plan in a meta record; false when it has none. tests: the names, a comma list. */
bool bagg_plan_read(struct bagg_plan *p, const struct bt_rec_in *r, char *tests, size_t cap);

/* bagg_plan_test - number of the test whose turn it is, n_tests when all is done. */
unsigned bagg_plan_test(const struct bagg_plan *p);

#endif
