/* SPDX-License-Identifier: ISC
 *
 * window - groups by record time: every interval since the epoch is folded and reported for itself (-i).
 *
 * The watermark is the newest time of any record, plus the time that has passed since that came, less --late. A window is
 * reported when the watermark passes its end, which is noticed at the next record or, when none comes, by waiting no longer
 * than that. What is older than a reported window is counted and said, not folded.
 *
 * Invariant: no time of this machine but the length of its waits matters, so a stream of old records is treated as it was
 * when it was new (its clock is only asked whether a time far ahead of all others can be true). A stream that is replayed
 * slower than it was recorded makes every wait look like a pause; by the largest excess seen lately, waits are therefore
 * taken to be shorter than they are.
 */
#ifndef BAGG_WINDOW_H
#define BAGG_WINDOW_H

#include "group.h"

struct bagg;

#define BAGG_WINDOWS_MAX 16384 /* open at the same time; beyond that the oldest is reported early */

/* One that is open. */
struct bagg_window {
	int64_t number; /* of interval_ns each, since the epoch; INT64_MIN: no record has had a time yet */
	struct bagg_groups groups; /* empty while it is the current one, whose groups are those of struct bagg */
};

struct bagg_windows {
	uint64_t interval_ns; /* 0: no windows */
	uint64_t late_ns;
	struct bagg_window **list; /* ascending by number */
	unsigned n, cap;
	struct bagg_window *current; /* NULL: none */
	bool has_newest;
	bool fresh;           /* the file at hand has not shown any time yet */
	bool held;            /* more files follow: nothing is over before the last one */
	int64_t newest_us;    /* of the file at hand, or of the one before */
	uint64_t newest_at_ns; /* when it came, bt_clock_monotonic */
	uint64_t excess_ns;    /* by which waits lately exceeded the difference in time */
	int64_t reported;      /* all windows below this number are */
	uint64_t late, late_said, no_time, windows;
	bool file_done;        /* -o: the file has been renamed into place and must be opened again */
};

void bagg_windows_init(struct bagg_windows *w, uint64_t interval_ns, uint64_t late_ns);
void bagg_windows_free(struct bagg_windows *w);

/* bagg_windows_file - another file begins. Of several all but the last are folded before anything is reported, since they
 * may cover the same time. */
void bagg_windows_file(struct bagg *b, bool last);

/* bagg_windows_see - a record of that time (s) has come. What is over now is reported. */
void bagg_windows_see(struct bagg *b, double ts);

/* bagg_windows_add - fold a measurement into its window. Returns as bagg_groups_add, or 1 when it is late and not folded. */
int bagg_windows_add(struct bagg *b, const struct bt_rec_in *r, struct bt_hist *hist, bool *blind, const char **why);

/* bagg_windows_hold - a mark of that time, which is one, has come: its window is reported on time even if nothing else is
 * in it. Returns 0 or -ENOMEM. */
int bagg_windows_hold(struct bagg *b, double ts);

/* bagg_windows_due - when the next window will be over if nothing comes, bt_clock_monotonic; UINT64_MAX: none is open. */
uint64_t bagg_windows_due(const struct bagg *b);

/* bagg_windows_tick - report what is over by now. */
void bagg_windows_tick(struct bagg *b);

/* bagg_windows_finish - report all that is left. */
void bagg_windows_finish(struct bagg *b);

#endif
