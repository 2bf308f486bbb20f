/* SPDX-License-Identifier: ISC
 *
 * canvas - the live picture as text: which lines and columns it has room for, and what stands in them.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "screen.h"
#include "spark.h"
#include "utf8.h"

#define NAME_COLUMNS 28 /* most of them, where others want room */
#define NAME_LEAST 8
#define GAP 2           /* between two columns */

enum colour { PLAIN, RED = 31, GREEN = 32, YELLOW = 33 };

/* The columns besides the name, as they stand from left to right. */
enum column { STATE, SHARE, BAR, LEFT, RATE, TREND, P50, P99, ERRORS, WARNINGS, COLUMNS };

static const struct {
	const char *heading;
	unsigned width, rank; /* rank 1 is the last to go when the terminal is narrow */
	bool right;
} columns_of[COLUMNS] = {
	[STATE] = { "state", 7, 5, false },  [SHARE] = { "done", 4, 1, true },       [BAR] = { "", 12, 10, false },
	[LEFT] = { "left", 6, 7, true },     [RATE] = { "rate", 11, 3, true },       [TREND] = { "trend", 16, 8, false },
	[P50] = { "p50", 8, 4, true },       [P99] = { "p99", 8, 2, true },          [ERRORS] = { "errors", 6, 6, true },
	[WARNINGS] = { "warns", 5, 9, true },
};

/* A picture in the making. */
struct canvas {
	const struct bagg_screen *s;
	struct bt_buf *text;
	unsigned *widths;
	unsigned columns, rows, n; /* n: lines so far */
	unsigned at;               /* columns of the line at hand */
	unsigned name;             /* columns of the name */
	bool shown[COLUMNS];
	bool hosts, runs;          /* there are several */
};

/* Append text, cut to width and to the line; bytes are clean, but for those that the terminal cannot show. */
static unsigned put(struct canvas *c, const char *s, unsigned width)
{
	unsigned room = c->columns > c->at ? c->columns - c->at : 0, w;
	size_t len = bt_utf8_cut(s, strlen(s), width < room ? width : room);

	w = (unsigned)bt_utf8_width(s, len);
	if (c->s->utf8) {
		bt_buf_add(c->text, s, len);
	} else {
		w = 0;
		for (size_t i = 0; i < len; i++) {
			unsigned n = bt_utf8_char(s + i, len - i);

			bt_buf_char(c->text, n == 1 ? s[i] : '?');
			i += n > 1 ? n - 1 : 0;
			w++;
		}
	}
	c->at += w;
	return w;
}

static void fill(struct canvas *c, unsigned to)
{
	if (to > c->columns)
		to = c->columns;
	if (to > c->at) {
		bt_buf_fill(c->text, ' ', to - c->at);
		c->at = to;
	}
}

static void paint(struct canvas *c, enum colour colour)
{
	if (c->s->colour)
		bt_buf_printf(c->text, "\033[%dm", colour);
}

static void end_line(struct canvas *c)
{
	bt_buf_char(c->text, '\n');
	c->widths[c->n++] = c->at;
	c->at = 0;
}

static void put_line(struct canvas *c, enum colour colour, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void put_line(struct canvas *c, enum colour colour, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (colour != PLAIN)
		paint(c, colour);
	put(c, line, c->columns);
	if (colour != PLAIN)
		paint(c, PLAIN);
	end_line(c);
}

static void cell(struct canvas *c, enum column column, const char *text, enum colour colour)
{
	unsigned w = (unsigned)bt_utf8_width(text, strlen(text)), width = columns_of[column].width, start;

	if (!c->shown[column])
		return;
	if (!w)
		colour = PLAIN;
	start = c->at + GAP;
	fill(c, start + (columns_of[column].right && w < width ? width - w : 0));
	if (colour != PLAIN)
		paint(c, colour);
	put(c, text, width);
	if (colour != PLAIN)
		paint(c, PLAIN);
	fill(c, start + width);
}

/* "host tool test", as far as needed to tell rows apart. */
static void name_row(const struct canvas *c, const struct bagg_row *row, char *out, size_t cap)
{
	const struct bagg_stream *s = &c->s->live.streams[row->stream];

	snprintf(out, cap, "%s%s%s%s%s%s%s", c->hosts ? s->host : "", c->hosts ? " " : "", s->tool[0] ? s->tool : "-",
		 row->test[0] ? " " : "", row->test, c->runs ? " " : "", c->runs ? s->run : "");
}

static void look_for_several(struct canvas *c)
{
	const struct bagg_live *l = &c->s->live;

	for (uint32_t i = 1; i < l->n_streams; i++) {
		c->hosts = c->hosts || strcmp(l->streams[i].host, l->streams[0].host) != 0;
		c->runs = c->runs || strcmp(l->streams[i].run, l->streams[0].run) != 0;
	}
}

/* Columns in which some row has something to say. */
static void find_used(const struct bagg_live *l, bool used[COLUMNS])
{
	used[STATE] = true;
	for (uint32_t i = 0; i < l->n_rows; i++) {
		const struct bagg_row *row = &l->rows[i];

		used[SHARE] = used[SHARE] || row->plan != BAGG_NO_PLAN;
		used[RATE] = used[RATE] || !isnan(row->now);
		used[TREND] = used[TREND] || row->n_trend > 1;
		used[P50] = used[P50] || !isnan(row->p50);
		used[P99] = used[P99] || !isnan(row->p99);
		used[ERRORS] = used[ERRORS] || row->errors > 0 || l->streams[row->stream].errors > 0;
	}
	used[BAR] = used[LEFT] = used[SHARE];
	used[WARNINGS] = l->warnings > 0;
}

static void settle_columns(struct canvas *c)
{
	bool used[COLUMNS] = { false };
	const struct bagg_live *l = &c->s->live;
	unsigned widest = NAME_LEAST, room;
	char name[4 * BAGG_NAME];

	for (uint32_t i = 0; i < l->n_rows && i < 256; i++) {
		unsigned w;

		name_row(c, &l->rows[i], name, sizeof(name));
		w = (unsigned)bt_utf8_width(name, strlen(name));
		widest = w > widest ? w : widest;
	}
	c->name = widest < NAME_COLUMNS ? widest : NAME_COLUMNS;
	if (c->columns < 40)
		c->name = c->name < c->columns / 2 ? c->name : c->columns / 2;
	find_used(l, used);
	room = c->columns > c->name ? c->columns - c->name : 0;
	for (unsigned rank = 1; rank <= COLUMNS; rank++)
		for (unsigned i = 0; i < COLUMNS; i++)
			if (used[i] && columns_of[i].rank == rank && columns_of[i].width + GAP <= room) {
				c->shown[i] = true;
				room -= columns_of[i].width + GAP;
			}
	c->name += room < widest - c->name ? room : widest - c->name;
}

static const char *state_text(enum bagg_state state, enum colour *colour)
{
	static const struct {
		const char *text;
		enum colour colour;
	} states[] = {
		[BAGG_QUEUED] = { "queued", PLAIN },      [BAGG_WAITING] = { "waiting", YELLOW },
		[BAGG_WARMING] = { "warm-up", PLAIN },    [BAGG_RUNNING] = { "running", PLAIN },
		[BAGG_DONE] = { "done", GREEN },          [BAGG_INTERRUPTED] = { "stopped", YELLOW },
		[BAGG_FAILED] = { "failed", RED },        [BAGG_TRUNCATED] = { "no end", RED },
	};

	*colour = states[state].colour;
	return states[state].text;
}

static void row_progress(struct canvas *c, const struct bagg_row *row)
{
	char share_text[16] = "", bar[32] = "", left[32] = "";
	double share, left_s;

	if (bagg_row_progress(&c->s->live, row, &share, &left_s)) {
		unsigned full = (unsigned)(share * 10);

		snprintf(share_text, sizeof(share_text), "%u%%", (unsigned)(share * 100));
		snprintf(bar, sizeof(bar), "[%.*s%.*s]", (int)full, "##########", (int)(10 - full), "..........");
		if (share < 1 && bagg_row_state(&c->s->live, row) < BAGG_DONE && left_s < 1e9)
			bt_term_time(left, sizeof(left), (uint64_t)(left_s * 1e9));
	}
	cell(c, SHARE, share_text, PLAIN);
	cell(c, BAR, bar, PLAIN);
	cell(c, LEFT, left, PLAIN);
}

static void cell_scaled(struct canvas *c, enum column column, double v, const char *unit)
{
	char text[64];

	bt_fmt_scaled(text, sizeof(text), v, unit);
	cell(c, column, isnan(v) ? "" : text, PLAIN);
}

static void cell_count(struct canvas *c, enum column column, double v, enum colour colour)
{
	char text[32] = "";

	if (v > 0)
		snprintf(text, sizeof(text), "%.0f", v);
	cell(c, column, text, colour);
}

static void row_trend(struct canvas *c, const struct bagg_row *row)
{
	unsigned n = row->n_trend < columns_of[TREND].width ? row->n_trend : columns_of[TREND].width;
	struct bt_buf b = BT_BUF_INIT;

	bt_spark(&b, row->trend + row->n_trend - n, n, c->s->utf8);
	cell(c, TREND, bt_buf_cstr(&b), PLAIN);
	bt_buf_free(&b);
}

static void put_row(struct canvas *c, uint32_t i)
{
	const struct bagg_live *l = &c->s->live;
	const struct bagg_row *row = &l->rows[i];
	const struct bagg_stream *s = &l->streams[row->stream];
	char name[4 * BAGG_NAME];
	enum colour colour;
	const char *state = state_text(bagg_row_state(l, row), &colour);
	bool first = s->first_row == i;
	double errors = row->errors > 0 || !first ? row->errors : (double)s->errors;

	name_row(c, row, name, sizeof(name));
	put(c, name, c->name);
	fill(c, c->name);
	cell(c, STATE, state, colour);
	row_progress(c, row);
	cell_scaled(c, RATE, row->now, row->rate.unit);
	row_trend(c, row);
	cell_scaled(c, P50, row->p50, row->lat.unit);
	cell_scaled(c, P99, row->p99, row->lat.unit);
	cell_count(c, ERRORS, errors, RED);
	cell_count(c, WARNINGS, first ? (double)s->warnings : 0, YELLOW);
	end_line(c);
}

struct choice {
	uint32_t row;
	int running;
	double activity;
};

static int by_bustle(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->running != y->running)
		return y->running - x->running;
	if (x->activity != y->activity)
		return x->activity < y->activity ? 1 : -1;
	return x->row < y->row ? -1 : 1;
}

static int by_place(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	return x->row < y->row ? -1 : x->row > y->row;
}

/* As many rows as there is room for, the busiest; in their own order, so that they stay where they are. */
static void put_rows(struct canvas *c, unsigned room)
{
	const struct bagg_live *l = &c->s->live;
	unsigned n = l->n_rows <= room ? l->n_rows : room > 1 ? room - 1 : room;
	struct choice *list = calloc(l->n_rows ? l->n_rows : 1, sizeof(*list));

	if (!list)
		return;
	for (uint32_t i = 0; i < l->n_rows; i++) {
		enum bagg_state state = bagg_row_state(l, &l->rows[i]);

		list[i] = (struct choice){ i, state == BAGG_RUNNING || state == BAGG_WARMING, l->rows[i].activity };
	}
	qsort(list, l->n_rows, sizeof(*list), by_bustle);
	qsort(list, n, sizeof(*list), by_place);
	for (unsigned i = 0; i < n; i++)
		put_row(c, list[i].row);
	if (n < l->n_rows && room > 1)
		put_line(c, PLAIN, "... %u more%s", l->n_rows - n, l->left_out > 0 ? ", and others" : "");
	free(list);
}

static void put_summary(struct canvas *c)
{
	const struct bagg_screen *s = c->s;
	char elapsed[32], bad[32] = "";

	bt_term_time(elapsed, sizeof(elapsed), s->live.now_ns - s->start_ns);
	if (s->bad > 0)
		snprintf(bad, sizeof(bad), ", %llu bad", (unsigned long long)s->bad);
	put_line(c, PLAIN, "%s  %llu line%s%s  %.0f/s", elapsed, (unsigned long long)s->lines, s->lines == 1 ? "" : "s", bad,
		 s->speed);
}

static void put_heading(struct canvas *c)
{
	put(c, "test", c->name);
	fill(c, c->name);
	for (unsigned i = 0; i < COLUMNS; i++)
		cell(c, (enum column)i, columns_of[i].heading, PLAIN);
	end_line(c);
}

/* "held: cpu by bcpu (4711), disk:sda; waiting: bcpu". Returns whether there is anything to say. */
static bool lock_line(const struct canvas *c, struct bt_buf *b)
{
	const struct bagg_live *l = &c->s->live;
	bool waiting = false;

	for (unsigned i = 0; i < c->s->n_holders; i++) {
		const struct bt_lock_holder *h = &c->s->holders[i];

		bt_buf_printf(b, "%s%s by %s", i ? ", " : "held: ", h->resource, h->comm[0] ? h->comm : "a process out of sight");
		if (h->pid > 0)
			bt_buf_printf(b, " (%d)", h->pid);
	}
	for (uint32_t i = 0; i < l->n_streams; i++) {
		if (l->streams[i].state != BAGG_WAITING)
			continue;
		bt_buf_printf(b, "%s%s", waiting ? ", " : b->len ? "; waiting: " : "waiting: ", l->streams[i].tool);
		waiting = true;
	}
	return b->len > 0;
}

/* What has no room goes in this order: warning, locks, heading, rows. */
unsigned bagg_screen_compose(const struct bagg_screen *s, unsigned columns, unsigned rows, struct bt_buf *text,
			     unsigned *widths)
{
	struct canvas c = { .s = s, .text = text, .widths = widths, .columns = columns, .rows = rows };
	bool warning = s->live.warnings > 0 && rows >= 4, heading = s->live.n_rows > 0 && rows >= 6, locks;
	struct bt_buf held = BT_BUF_INIT;
	unsigned room;

	look_for_several(&c);
	settle_columns(&c);
	locks = lock_line(&c, &held) && rows >= 5;
	put_summary(&c);
	if (heading)
		put_heading(&c);
	room = rows > 1u + heading + warning + locks ? rows - 1 - heading - warning - locks : 0;
	put_rows(&c, room);
	if (locks)
		put_line(&c, PLAIN, "%s", bt_buf_cstr(&held));
	if (warning)
		put_line(&c, YELLOW, "%llu warning%s, the last of %s", (unsigned long long)s->live.warnings,
			 s->live.warnings == 1 ? "" : "s", s->live.warning);
	bt_buf_free(&held);
	return c.n;
}
