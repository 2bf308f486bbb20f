/* SPDX-License-Identifier: ISC
 *
 * screen - when the picture that -l draws is drawn, and on what.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "screen.h"

#define REST_NS 100000000u   /* between two pictures, at least */
#define SECOND_NS 1000000000u /* and at most; also between two looks at the locks */
#define LINES_MAX 512

/* Set by SIGCONT: whatever stood on the terminal, the shell has written below it since. */
static volatile sig_atomic_t resumed;

static void note_resumed(int sig)
{
	(void)sig;
	resumed = 1;
}

void bagg_screen_wipe(struct bagg_screen *s)
{
	bt_picture_wipe(&s->picture);
	s->drawn_ns = 0;
}

static void clear_the_way(void *screen)
{
	bagg_screen_wipe(screen);
}

/* What keeps us from drawing, or NULL. */
static const char *obstacle(void)
{
	const char *term = getenv("TERM");

	if (!isatty(STDERR_FILENO))
		return "stderr is no terminal";
	if (!term || !*term)
		return "TERM is not set";
	return bt_term_usable(STDERR_FILENO) ? NULL : "the terminal can do nothing (TERM=dumb)";
}

bool bagg_screen_open(struct bagg_screen *s, uint64_t now_ns)
{
	const char *why = obstacle();
	int claim = why ? -1 : bt_term_claim(STDERR_FILENO);

	if (claim == -EAGAIN)
		why = "another bagg draws on this terminal";
	if (why) {
		bt_note("-l draws nothing: %s", why);
		return false;
	}
	memset(s, 0, sizeof(*s));
	bagg_live_init(&s->live, now_ns);
	s->picture.fd = STDERR_FILENO;
	s->claim = claim; /* negative where /proc is missing: then nobody is kept away */
	s->utf8 = bt_term_utf8();
	s->colour = bt_term_colour(STDERR_FILENO);
	s->start_ns = s->rate_ns = now_ns;
	s->src.root = "";
	sigaction(SIGCONT, &(struct sigaction){ .sa_handler = note_resumed, .sa_flags = SA_RESTART }, NULL);
	bt_err_before(clear_the_way, s);
	return true;
}

static void draw(struct bagg_screen *s, uint64_t now_ns)
{
	unsigned rows = bt_term_height(STDERR_FILENO), columns = bt_term_width(STDERR_FILENO), n;
	struct bt_buf text = BT_BUF_INIT;
	unsigned widths[LINES_MAX];
	bool again = resumed;

	resumed = 0;
	bagg_live_look(&s->live, now_ns);
	if (now_ns - s->rate_ns >= SECOND_NS) {
		s->speed = (double)(s->lines - s->rate_lines) / ((double)(now_ns - s->rate_ns) / 1e9);
		s->rate_ns = now_ns;
		s->rate_lines = s->lines;
	}
	if (s->holders_ns == 0 || now_ns - s->holders_ns >= SECOND_NS) {
		s->n_holders = bt_lock_holders(&s->src, s->holders, BAGG_HOLDERS);
		s->holders_ns = now_ns;
	}
	/* The line below the picture is the cursor's. */
	rows = rows > 1 ? rows - 1 : 1;
	n = bagg_screen_compose(s, columns, rows < LINES_MAX ? rows : LINES_MAX, &text, widths);
	bt_picture_show(&s->picture, &text, widths, n, again);
	bt_buf_free(&text);
	s->drawn_ns = now_ns;
	s->drawn_lines = s->lines;
}

uint64_t bagg_screen_tick(struct bagg_screen *s, uint64_t now_ns)
{
	uint64_t due = s->drawn_ns + (s->lines != s->drawn_lines || resumed ? REST_NS : SECOND_NS);

	if (s->drawn_ns == 0 || now_ns >= due) {
		draw(s, now_ns);
		due = now_ns + SECOND_NS;
	}
	s->live.now_ns = now_ns;
	return due;
}

void bagg_screen_close(struct bagg_screen *s, uint64_t now_ns, bool interrupted, bool wipe)
{
	s->live.now_ns = now_ns;
	bagg_live_end(&s->live, interrupted);
	if (wipe)
		bt_picture_wipe(&s->picture);
	else
		draw(s, now_ns);
	bt_err_before(NULL, NULL);
	if (s->claim >= 0)
		close(s->claim);
	bt_picture_free(&s->picture);
	bagg_live_free(&s->live);
}
