/* SPDX-License-Identifier: ISC
 *
 * window - groups by record time.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bagg.h"
#include "clock.h"
#include "err.h"

#define NO_NUMBER INT64_MIN
#define SILENCE_NS 20000000u   /* shorter pauses are none: records of one moment are written one after the other */
#define CREDIBLE_US 3600000000 /* by which a clock may be ahead of ours */

void bagg_windows_init(struct bagg_windows *w, uint64_t interval_ns, uint64_t late_ns)
{
	*w = (struct bagg_windows){ .interval_ns = interval_ns, .late_ns = late_ns, .fresh = true,
				      .reported = NO_NUMBER };
}

static void free_window(struct bagg_window *w)
{
	bagg_groups_free(&w->groups);
	free(w);
}

void bagg_windows_free(struct bagg_windows *w)
{
	for (unsigned i = 0; i < w->n; i++)
		free_window(w->list[i]);
	free(w->list);
	*w = (struct bagg_windows){ .interval_ns = 0 };
}

/* The window that a time lies in, rounded down also before the epoch. */
static int64_t number_of(const struct bagg_windows *w, int64_t us)
{
	__int128 ns = (__int128)us * 1000, interval = w->interval_ns;

	return (int64_t)(ns / interval - (ns % interval < 0));
}

/* Where it begins, in nanoseconds. */
static __int128 start_of(const struct bagg_windows *w, int64_t number)
{
	return (__int128)number * (__int128)w->interval_ns;
}

/* Time passed since the newest record that is more than the stream itself seems to take its time. */
static uint64_t passed_ns(const struct bagg_windows *w, uint64_t now_ns)
{
	uint64_t waited = now_ns > w->newest_at_ns ? now_ns - w->newest_at_ns : 0;

	return waited > w->excess_ns + SILENCE_NS ? waited - w->excess_ns - SILENCE_NS : 0;
}

/* Windows below this number are over. */
static int64_t over_at(const struct bagg_windows *w, uint64_t now_ns)
{
	__int128 mark = (__int128)w->newest_us * 1000 + passed_ns(w, now_ns) - w->late_ns, interval = w->interval_ns;

	return (int64_t)(mark / interval - (mark % interval < 0));
}

/* What of struct bagg_groups belongs to the run rather than to its content: keys and reusable memory. */
static void move_tools(struct bagg_groups *to, struct bagg_groups *from)
{
	to->keys = from->keys;
	to->key = from->key;
	to->scratch = from->scratch;
	from->keys.text = NULL;
	from->key = (struct bt_buf)BT_BUF_INIT;
	from->scratch.codec = NULL;
	from->scratch.hist = NULL;
	bt_hist_init(&from->scratch.decoded, 3);
}

/* Makes the groups of w those of b. */
static void enter(struct bagg *b, struct bagg_window *w)
{
	struct bagg_windows *all = &b->windows;
	struct bagg_groups next;

	if (all->current == w)
		return;
	next = w->groups;
	move_tools(&next, &b->groups);
	if (all->current)
		all->current->groups = b->groups;
	memset(&w->groups, 0, sizeof(w->groups));
	b->groups = next;
	all->current = w;
}

/* Empties the groups of b, which are those of the current window. */
static void leave(struct bagg *b)
{
	struct bagg_groups empty = { .n = 0 };

	move_tools(&empty, &b->groups);
	bagg_groups_free(&b->groups);
	b->groups = empty;
	b->windows.current = NULL;
}

static void say_late(struct bagg *b)
{
	struct bagg_windows *w = &b->windows;
	uint64_t n = w->late - w->late_said;
	struct bt_rec r;
	char msg[128];

	if (n == 0)
		return;
	w->late_said = w->late;
	snprintf(msg, sizeof(msg), "%llu measurement%s came after the window was reported; see --late", (unsigned long long)n,
		 n == 1 ? "" : "s");
	if (b->opts.format != BAGG_JSON) {
		bt_note("%s", msg);
		return;
	}
	bt_rec_init(&r, BT_KIND_WARN);
	bt_rec_str(&r, "code", "late");
	bt_rec_str(&r, "msg", msg);
	bt_rec_u64(&r, "count", n);
	bt_out_rec(&b->out, &r);
}

/* The oldest window, and out of the list. */
static void report_first(struct bagg *b)
{
	struct bagg_windows *all = &b->windows;
	struct bagg_window *w = all->list[0];

	enter(b, w);
	memmove(all->list, all->list + 1, (all->n - 1) * sizeof(struct bagg_window *));
	all->n--;
	if (w->number >= all->reported)
		all->reported = w->number + 1;
	if (b->groups.n > 0) {
		bagg_emit_window(b, w->number != NO_NUMBER, (int64_t)(start_of(all, w->number) / 1000));
		all->windows++;
	}
	leave(b);
	free_window(w);
}

/* All windows below that number. Spans first: their ends may lie in windows that nothing else is in. */
static void report_below(struct bagg *b, int64_t number)
{
	struct bagg_windows *all = &b->windows;

	if (number <= all->reported)
		return;
	bagg_spans_settle(b, (int64_t)(start_of(all, number) / 1000));
	while (all->n > 0 && all->list[0]->number < number)
		report_first(b);
	if (number > all->reported)
		all->reported = number;
	say_late(b);
}

/* The place in the list of that number, or where it would be. */
static unsigned place_of(const struct bagg_windows *w, int64_t number)
{
	unsigned from = 0, to = w->n;

	while (from < to) {
		unsigned middle = (from + to) / 2;

		if (w->list[middle]->number < number)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The window of that number, new if need be; NULL when out of memory. */
static struct bagg_window *open_window(struct bagg *b, int64_t number)
{
	struct bagg_windows *all = &b->windows;
	unsigned at = place_of(all, number);
	struct bagg_window *w;

	if (at < all->n && all->list[at]->number == number)
		return all->list[at];
	if (all->n == all->cap) {
		unsigned cap = all->cap ? all->cap * 2 : 8;
		struct bagg_window **list = reallocarray(all->list, cap, sizeof(struct bagg_window *));

		if (!list)
			return NULL;
		all->list = list;
		all->cap = cap;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->number = number;
	memmove(&all->list[at + 1], &all->list[at], (all->n - at) * sizeof(struct bagg_window *));
	all->list[at] = w;
	all->n++;
	return w;
}

/* What came before any time was known belongs to the first that is. */
static void name_first(struct bagg_windows *w, int64_t number)
{
	if (w->n > 0 && w->list[0]->number == NO_NUMBER)
		w->list[0]->number = number;
}

/* A single time that cannot be true must not end all windows. Where all times are like that they may be made up. */
static bool incredible(const struct bagg_windows *w, int64_t us)
{
	int64_t now_us;

	if (us < w->newest_us || (uint64_t)us - (uint64_t)w->newest_us < CREDIBLE_US)
		return false;
	now_us = bt_clock_wall_us();
	return us > now_us + CREDIBLE_US && w->newest_us <= now_us + CREDIBLE_US;
}

/* How much longer than the stream itself it took until the record at hand; the largest of late, an eighth being forgotten
 * with each. */
static void note_excess(struct bagg_windows *w, int64_t us, uint64_t now_ns)
{
	uint64_t waited = now_ns - w->newest_at_ns, step = ((uint64_t)us - (uint64_t)w->newest_us) * 1000;

	w->excess_ns -= w->excess_ns / 8;
	if (waited > step && waited - step > w->excess_ns)
		w->excess_ns = waited - step;
}

void bagg_windows_file(struct bagg *b, bool last)
{
	b->windows.fresh = true;
	b->windows.held = !last;
}

void bagg_windows_see(struct bagg *b, double ts)
{
	struct bagg_windows *w = &b->windows;
	int64_t us = bagg_fold_us(ts);
	uint64_t now_ns;

	if (us == INT64_MIN || (w->has_newest && ((!w->fresh && us <= w->newest_us) || incredible(w, us))))
		return;
	now_ns = bt_clock_monotonic();
	if (!w->has_newest)
		name_first(w, number_of(w, us));
	else if (!w->fresh)
		note_excess(w, us, now_ns);
	w->has_newest = true;
	w->fresh = false;
	w->newest_us = us;
	w->newest_at_ns = now_ns;
	if (!w->held)
		report_below(b, over_at(w, now_ns));
}

int bagg_windows_add(struct bagg *b, const struct bt_rec_in *r, struct bt_hist *hist, bool *blind, const char **why)
{
	struct bagg_windows *all = &b->windows;
	int64_t us = bagg_fold_us(r->ts), number;
	struct bagg_window *w;

	bagg_windows_see(b, r->ts);
	all->no_time += us == INT64_MIN;
	if (us == INT64_MIN)
		number = all->has_newest ? number_of(all, all->newest_us) : NO_NUMBER;
	else
		number = number_of(all, us);
	if (all->has_newest && number < all->reported) {
		all->late++;
		return 1;
	}
	w = open_window(b, number);
	if (!w)
		return -ENOMEM;
	while (all->n > BAGG_WINDOWS_MAX && all->list[0] != w)
		report_first(b);
	enter(b, w);
	return bagg_groups_add(&b->groups, r, hist, blind, why);
}

int bagg_windows_hold(struct bagg *b, double ts)
{
	struct bagg_windows *w = &b->windows;
	int64_t us = bagg_fold_us(ts);

	bagg_windows_see(b, ts);
	return number_of(w, us) < w->reported || open_window(b, number_of(w, us)) ? 0 : -ENOMEM;
}

uint64_t bagg_windows_due(const struct bagg *b)
{
	const struct bagg_windows *w = &b->windows;
	__int128 wait;

	if (w->interval_ns == 0 || w->n == 0 || w->held || w->fresh)
		return UINT64_MAX;
	wait = start_of(w, w->list[0]->number + 1) - (__int128)w->newest_us * 1000 + w->late_ns + w->excess_ns + SILENCE_NS;
	if (wait < 0)
		wait = 0;
	return wait > INT64_MAX ? UINT64_MAX : w->newest_at_ns + (uint64_t)wait;
}

void bagg_windows_tick(struct bagg *b)
{
	struct bagg_windows *w = &b->windows;

	if (w->interval_ns > 0 && !w->held && !w->fresh)
		report_below(b, over_at(w, bt_clock_monotonic()));
}

void bagg_windows_finish(struct bagg *b)
{
	struct bagg_windows *w = &b->windows;

	while (w->n > 0)
		report_first(b);
	say_late(b);
	/* A heading is due even below nothing. */
	if (w->windows == 0)
		bagg_emit(b, &b->groups);
}
