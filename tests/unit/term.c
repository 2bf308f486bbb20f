/* SPDX-License-Identifier: ISC
 *
 * term - unit tests of what is drawn on a terminal: columns of text, trends, and pictures on a terminal of our own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "intern.h"
#include "lock.h"
#include "spark.h"
#include "term.h"
#include "unit.h"
#include "utf8.h"

#define ROWS 8
#define COLUMNS 20

/* A terminal that knows what pictures need: CR, LF, up, wipe to the end of the line or screen, wrapping on and off. */
struct screen {
	char cell[ROWS][COLUMNS + 1];
	unsigned row, column, scrolled;
	bool wrap, odd; /* odd: something else came */
};

static void screen_clear(struct screen *s)
{
	*s = (struct screen){ .wrap = true };
	for (int i = 0; i < ROWS; i++)
		memset(s->cell[i], ' ', COLUMNS);
}

static void line_feed(struct screen *s)
{
	if (s->row < ROWS - 1) {
		s->row++;
		return;
	}
	memmove(s->cell[0], s->cell[1], sizeof(s->cell) - sizeof(s->cell[0]));
	memset(s->cell[ROWS - 1], ' ', COLUMNS);
	s->scrolled++;
}

static void wipe(struct screen *s, bool below)
{
	memset(s->cell[s->row] + s->column, ' ', COLUMNS - s->column);
	for (unsigned i = s->row + 1; below && i < ROWS; i++)
		memset(s->cell[i], ' ', COLUMNS);
}

static const char *escape(struct screen *s, const char *p)
{
	unsigned n = 0;

	if (!strncmp(p, "[?7", 3)) {
		s->wrap = p[3] == 'h';
		return p + 4;
	}
	for (p++; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (unsigned)(*p - '0');
	if (*p == 'A')
		s->row -= n < s->row ? n : s->row;
	else if (*p == 'K' || *p == 'J')
		wipe(s, *p == 'J');
	else
		s->odd = true;
	return p + 1;
}

static void feed(struct screen *s, const char *p)
{
	while (*p) {
		char c = *p++;

		if (c == '\033')
			p = escape(s, p);
		else if (c == '\r')
			s->column = 0;
		else if (c == '\n')
			line_feed(s);
		else if (s->column < COLUMNS)
			s->cell[s->row][s->column++] = c;
		else
			s->odd = true;
	}
}

static int master = -1, slave = -1;

static void set_size(unsigned rows, unsigned columns)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };

	ioctl(slave, TIOCSWINSZ, &size);
}

static bool open_terminal(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return false;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	set_size(ROWS, COLUMNS);
	return slave >= 0;
}

/* All that has been drawn. */
static void drain(struct screen *s)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	char bytes[4096];

	while (poll(&p, 1, 0) > 0) {
		ssize_t n = read(master, bytes, sizeof(bytes) - 1);

		if (n <= 0)
			break;
		bytes[n] = '\0';
		feed(s, bytes);
	}
}

static void show(struct bt_picture *p, const char *text, bool again)
{
	struct bt_buf b = BT_BUF_INIT;
	unsigned widths[16], n = 0;

	bt_buf_str(&b, text);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		widths[n++] = (unsigned)strcspn(line, "\n");
	bt_picture_show(p, &b, widths, n, again);
	bt_buf_free(&b);
}

static bool row_is(const struct screen *s, unsigned row, const char *want)
{
	return !strncmp(s->cell[row], want, strlen(want)) && strspn(s->cell[row] + strlen(want), " ") == COLUMNS - strlen(want);
}

static void test_picture(void)
{
	struct bt_picture p = { .fd = slave };
	struct screen s;

	screen_clear(&s);
	feed(&s, "$ bagg -l\r\n");
	show(&p, "one\ntwo two\nthree\n", false);
	show(&p, "uno\ndue\n", false);
	drain(&s);
	CHECK(row_is(&s, 0, "$ bagg -l") && row_is(&s, 1, "uno") && row_is(&s, 2, "due") && row_is(&s, 3, ""));
	CHECK(s.row == 3 && s.column == 0 && s.wrap && !s.odd);
	bt_picture_wipe(&p);
	drain(&s);
	CHECK(row_is(&s, 0, "$ bagg -l") && row_is(&s, 1, "") && s.row == 1);
	bt_picture_free(&p);
}

static void test_picture_scrolls(void)
{
	struct bt_picture p = { .fd = slave };
	struct screen s;

	screen_clear(&s);
	feed(&s, "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n");
	for (int i = 0; i < 5; i++)
		show(&p, "a\nb\nc\n", false);
	drain(&s);
	CHECK_EQ(s.scrolled, 3);
	CHECK(row_is(&s, 3, "7") && row_is(&s, 4, "a") && row_is(&s, 6, "c") && row_is(&s, 7, ""));
	bt_picture_free(&p);
}

/* After the terminal became half as wide each line of more than that has taken two rows. */
static void test_picture_narrowed(void)
{
	struct bt_picture p = { .fd = slave };
	struct screen s;

	screen_clear(&s);
	feed(&s, "history\r\n");
	show(&p, "fourteen bytes\nshort\n", false);
	drain(&s);
	line_feed(&s); /* as the terminal wraps it */
	set_size(ROWS, 10);
	show(&p, "new\n", false);
	drain(&s);
	set_size(ROWS, COLUMNS);
	CHECK(row_is(&s, 0, "history") && row_is(&s, 1, "new") && row_is(&s, 2, "") && s.row == 2);
	bt_picture_free(&p);
}

static void test_picture_again(void)
{
	struct bt_picture p = { .fd = slave };
	struct screen s;

	screen_clear(&s);
	show(&p, "old\n", false);
	drain(&s);
	feed(&s, "shell\r\n");
	show(&p, "new\n", true);
	drain(&s);
	CHECK(row_is(&s, 0, "old") && row_is(&s, 1, "shell") && row_is(&s, 2, "new"));
	bt_picture_free(&p);
}

/* ^S: nothing may wait for a terminal that takes nothing. */
static void test_picture_stopped(void)
{
	struct bt_picture p = { .fd = slave };
	struct screen s;

	screen_clear(&s);
	tcflow(slave, TCOOFF);
	show(&p, "unseen\n", false);
	tcflow(slave, TCOON);
	drain(&s);
	CHECK(row_is(&s, 0, ""));
	show(&p, "seen\n", false);
	drain(&s);
	CHECK(row_is(&s, 0, "seen"));
	bt_picture_free(&p);
}

static void test_claim(void)
{
	int claim = bt_term_claim(slave);

	CHECK(claim >= 0);
	CHECK_EQ(bt_term_claim(slave), -EAGAIN);
	close(claim);
	claim = bt_term_claim(slave);
	CHECK(claim >= 0);
	close(claim);
}

static void test_width(void)
{
	CHECK_EQ(bt_utf8_width("abc", 3), 3);
	CHECK_EQ(bt_utf8_width("\xc3\xa9", 2), 1);
	CHECK_EQ(bt_utf8_width("e\xcc\x81", 3), 1);                     /* a combining accent */
	CHECK_EQ(bt_utf8_width("\xe6\x97\xa5\xe6\x9c\xac", 6), 4);      /* two ideographs */
	CHECK_EQ(bt_utf8_width("\xf0\x9f\x98\x80", 4), 2);              /* a face */
	CHECK_EQ(bt_utf8_width("\xff\x80", 2), 2);
	CHECK_EQ(bt_utf8_cut("\xe6\x97\xa5\xe6\x9c\xac", 6, 3), 3);     /* half of a character is none */
	CHECK_EQ(bt_utf8_cut("e\xcc\x81x", 4, 1), 3);
	CHECK_EQ(bt_utf8_cut("abc", 3, 9), 3);
}

static void test_clean(void)
{
	char out[64];

	bt_utf8_clean(out, sizeof(out), "a\033[2J\x7f", 6);
	CHECK_STR(out, "a?[2J?");
	bt_utf8_clean(out, sizeof(out), "\xc2\x9b" "2J\xc2\xa0", 6); /* U+009B begins a sequence, U+00A0 is a blank */
	CHECK_STR(out, "?2J\xc2\xa0");
	bt_utf8_clean(out, sizeof(out), "\xe2\x80\xae" "x\xe2\x81\xa6", 7); /* U+202E and U+2066 turn what follows */
	CHECK_STR(out, "?x?");
	bt_utf8_clean(out, sizeof(out), "\xc3\xa9\xe6\x97\xa5", 5);
	CHECK_STR(out, "\xc3\xa9\xe6\x97\xa5");
}

static const char *spark(const float *values, size_t n, bool utf8)
{
	static struct bt_buf b;

	b.len = 0;
	bt_spark(&b, values, n, utf8);
	return bt_buf_cstr(&b);
}

static void test_spark(void)
{
	const float rise[] = { 0, 1, 2, 3, 4, 5, 6, 7 }, steady[] = { 1e9f, 0.99e9f, 1e9f };
	const float bad[] = { -1, 1, 0.0f / 0.0f, 1.0f / 0.0f };

	CHECK_STR(spark(rise, 8, false), " .:-=+*#");
	CHECK_STR(spark(rise, 8, true), "▁▂▃▄▅▆▇█");
	CHECK_STR(spark(steady, 3, false), "###");
	CHECK_STR(spark(bad, 2, false), " #");
	CHECK_EQ(strlen(spark(bad, 4, false)), 4);
	CHECK_STR(spark(rise, 0, true), "");
}

static void test_utf8_locale(void)
{
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	setenv("LANG", "de_DE.UTF-8", 1);
	CHECK(bt_term_utf8());
	setenv("LC_ALL", "C", 1);
	CHECK(!bt_term_utf8());
	setenv("LC_ALL", "C.utf8", 1);
	CHECK(bt_term_utf8());
	unsetenv("LC_ALL");
	unsetenv("LANG");
	CHECK(!bt_term_utf8());
}

static void test_find(void)
{
	struct bt_intern t = BT_INTERN_INIT;
	bool added;

	CHECK_EQ(bt_intern_find(&t, "a", 1), -ENOENT);
	bt_intern(&t, "a", 1, &added);
	bt_intern(&t, "b", 1, &added);
	CHECK_EQ(bt_intern_find(&t, "b", 1), 1);
	CHECK_EQ(bt_intern_find(&t, "c", 1), -ENOENT);
	CHECK_EQ(t.n, 2);
	bt_intern_free(&t);
}

/* Our own lock is seen with our process, and looking leaves nothing behind. */
static void test_holders(void)
{
	struct bt_lock_holder list[4];
	struct bt_locks l = BT_LOCKS_INIT;
	struct bt_src src = { .root = "" };
	char dir[] = "/tmp/unit-term-XXXXXX", none[64];

	if (!mkdtemp(dir))
		return;
	snprintf(none, sizeof(none), "%s/none", dir);
	setenv("BTOOLS_LOCK_DIR", none, 1);
	CHECK_EQ(bt_lock_holders(&src, list, 4), 0);
	CHECK(access(none, F_OK) < 0);
	setenv("BTOOLS_LOCK_DIR", dir, 1);
	CHECK_EQ(bt_lock_take(&l, "net:lo"), 0);
	CHECK_EQ(bt_lock_take(&l, "cpu"), 0);
	CHECK_EQ(bt_lock_holders(&src, list, 4), 2);
	CHECK_STR(list[0].resource, "cpu");
	CHECK_STR(list[1].resource, "net:lo");
	CHECK_EQ(list[0].pid, getpid());
	CHECK_STR(list[0].comm, "term");
	CHECK_EQ(bt_lock_holders(&src, list, 1), 1);
	bt_lock_release(&l);
	CHECK_EQ(bt_lock_holders(&src, list, 4), 0);
	rmdir(dir);
}

static const struct unit_test tests[] = {
	{ "a picture is drawn in place, and leaves what is above it", test_picture },
	{ "a picture at the bottom scrolls once", test_picture_scrolls },
	{ "a terminal that became narrower has wrapped the picture", test_picture_narrowed },
	{ "a picture begins anew where the shell has written", test_picture_again },
	{ "a stopped terminal is not waited for", test_picture_stopped },
	{ "a terminal is claimed once", test_claim },
	{ "columns of text", test_width },
	{ "text that may stand on a terminal", test_clean },
	{ "a trend", test_spark },
	{ "whether the locale is UTF-8", test_utf8_locale },
	{ "a string is found, or not added", test_find },
	{ "who holds a lock", test_holders },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	if (!open_terminal())
		return 1;
	return unit_main(tests, argc, argv);
}
