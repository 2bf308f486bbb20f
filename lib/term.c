/* SPDX-License-Identifier: ISC
 *
 * term - what a terminal can do, and one progress line on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "term.h"
#include "utf8.h"

#define LINE_MAX_COLUMNS 200 /* a progress line is never wider */
#define BAR_COLUMNS 20

bool bt_term_usable(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool bt_term_colour(int fd)
{
	const char *no = getenv("NO_COLOR");

	return bt_term_usable(fd) && !(no && *no);
}

unsigned bt_term_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

void bt_progress_init(struct bt_progress *p, bool quiet, uint64_t total_ns, uint64_t now_ns)
{
	*p = (struct bt_progress){ .on = !quiet && bt_term_usable(STDERR_FILENO), .total_ns = total_ns, .start_ns = now_ns };
}

/* Time left as a person says it: 3.1s, 4m05s, 2h10m. */
static void time_left(char *out, size_t cap, uint64_t ns)
{
	unsigned long long s = ns / 1000000000u;

	if (s < 60)
		snprintf(out, cap, "%llu.%llus", s, (unsigned long long)(ns / 100000000u % 10));
	else if (s < 3600)
		snprintf(out, cap, "%llum%02llus", s / 60, s % 60);
	else
		snprintf(out, cap, "%lluh%02llum", s / 3600, s / 60 % 60);
}

/* The bar and the numbers after it, for a run that is done of total long. */
static void bar(char *out, size_t cap, uint64_t done_ns, uint64_t total_ns)
{
	double share = (double)done_ns / (double)total_ns;
	unsigned full = (unsigned)(share * BAR_COLUMNS);
	char cells[BAR_COLUMNS + 1], left[32];

	memset(cells, '.', BAR_COLUMNS);
	memset(cells, '#', full);
	cells[BAR_COLUMNS] = '\0';
	time_left(left, sizeof(left), total_ns - done_ns);
	snprintf(out, cap, "  [%s] %3u%%  %s left", cells, (unsigned)(share * 100), left);
}

/* Bytes of s, from its start, that take at most columns; never cuts a character. */
static size_t cut(const char *s, size_t columns)
{
	size_t len = strlen(s), i = 0;

	for (; i < len && columns > 0; columns--) {
		unsigned n = bt_utf8_char(s + i, len - i);

		i += n ? n : 1;
	}
	return i;
}

/* One write: the line is drawn over the last one, and what is left of that is wiped. */
void bt_progress_show(struct bt_progress *p, uint64_t now_ns, const char *what)
{
	uint64_t done = now_ns > p->start_ns ? now_ns - p->start_ns : 0;
	unsigned width, room;
	char tail[128] = "", line[4 * LINE_MAX_COLUMNS + 256];
	int len;

	if (!p->on)
		return;
	width = bt_term_width(STDERR_FILENO) - 1; /* the last column would wrap */
	if (width > LINE_MAX_COLUMNS)
		width = LINE_MAX_COLUMNS;
	if (p->total_ns > 0)
		bar(tail, sizeof(tail), done < p->total_ns ? done : p->total_ns, p->total_ns);
	if (strlen(tail) > width)
		tail[0] = '\0';
	room = width - (unsigned)strlen(tail);
	len = snprintf(line, sizeof(line), "\r%.*s%s\033[K", (int)cut(what, room), what, tail);
	if (len > 0 && (size_t)len < sizeof(line) && write(STDERR_FILENO, line, (size_t)len) > 0)
		p->shown_len = (unsigned)(bt_utf8_width(what, cut(what, room)) + strlen(tail));
}

void bt_progress_clear(struct bt_progress *p)
{
	if (p->shown_len > 0 && write(STDERR_FILENO, "\r\033[K", 4) > 0)
		p->shown_len = 0;
}
