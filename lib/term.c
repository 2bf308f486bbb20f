/* SPDX-License-Identifier: ISC
 *
 * term - what a terminal can do, and one progress line on stderr. (picture.c draws more.)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
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

unsigned bt_term_height(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return 24;
	return size.ws_row;
}

bool bt_term_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (int i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

/* A lock on the terminal's device. It needs a descriptor of its own: the one that we inherited is the same open file in all
 * processes of a pipeline, and so would be their lock. */
static int lock_terminal(int fd, int how)
{
	char path[64];
	int tty;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	tty = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty < 0)
		return -errno;
	if (flock(tty, how | LOCK_NB) < 0) {
		int error = errno;

		close(tty);
		return -error;
	}
	return tty;
}

int bt_term_claim(int fd)
{
	return lock_terminal(fd, LOCK_EX);
}

static bool is_claimed(int fd)
{
	int tty = lock_terminal(fd, LOCK_SH);

	if (tty >= 0)
		close(tty);
	return tty == -EAGAIN;
}

void bt_progress_init(struct bt_progress *p, bool quiet, uint64_t total_ns, uint64_t now_ns)
{
	*p = (struct bt_progress){ .on = !quiet && bt_term_usable(STDERR_FILENO), .total_ns = total_ns, .start_ns = now_ns };
}

void bt_term_time(char *out, size_t cap, uint64_t ns)
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
	bt_term_time(left, sizeof(left), total_ns - done_ns);
	snprintf(out, cap, "  [%s] %3u%%  %s left", cells, (unsigned)(share * 100), left);
}

/* One write: the line is drawn over the last one, and what is left of that is wiped. */
void bt_progress_show(struct bt_progress *p, uint64_t now_ns, const char *what)
{
	uint64_t done = now_ns > p->start_ns ? now_ns - p->start_ns : 0;
	unsigned width, room;
	char tail[128] = "", line[4 * LINE_MAX_COLUMNS + 256];
	int len;

	if (!p->on || is_claimed(STDERR_FILENO))
		return;
	width = bt_term_width(STDERR_FILENO) - 1; /* the last column would wrap */
	if (width > LINE_MAX_COLUMNS)
		width = LINE_MAX_COLUMNS;
	if (p->total_ns > 0)
		bar(tail, sizeof(tail), done < p->total_ns ? done : p->total_ns, p->total_ns);
	if (strlen(tail) > width)
		tail[0] = '\0';
	room = width - (unsigned)strlen(tail);
	room = (unsigned)bt_utf8_cut(what, strlen(what), room);
	len = snprintf(line, sizeof(line), "\r%.*s%s\033[K", (int)room, what, tail);
	if (len > 0 && (size_t)len < sizeof(line) && write(STDERR_FILENO, line, (size_t)len) > 0)
		p->shown_len = (unsigned)(bt_utf8_width(what, room) + strlen(tail));
}

void bt_progress_clear(struct bt_progress *p)
{
	if (p->shown_len > 0 && write(STDERR_FILENO, "\r\033[K", 4) > 0)
		p->shown_len = 0;
}
