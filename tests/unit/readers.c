/* SPDX-License-Identifier: ISC
 *
 * readers - tests of what readers of records share: intern, ranks, streams, badlines.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "badlines.h"
#include "intern.h"
#include "lines.h"
#include "ranks.h"
#include "streams.h"
#include "unit.h"

static void test_intern(void)
{
	struct bt_intern t = BT_INTERN_INIT;
	bool added;
	char key[16];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			snprintf(key, sizeof(key), "key %d", i);
			CHECK_EQ(bt_intern(&t, key, strlen(key), &added), i);
			CHECK_EQ(added, round == 0);
		}
	CHECK_EQ(bt_intern(&t, "", 0, &added), 5000);
	CHECK_EQ(bt_intern(&t, "\0", 1, &added), 5001);
	CHECK_EQ(bt_intern(&t, "", 0, &added), 5000);
	CHECK(t.keys[42].len == 6 && memcmp(t.keys[42].bytes, "key 42", 6) == 0);
	bt_intern_free(&t);
	CHECK_EQ(t.n, 0);
}

static void check_names(const char *list, const char *want)
{
	struct bt_ranks r;
	char why[128], got[256] = "";

	CHECK_EQ(bt_ranks_parse(&r, list, why), 0);
	for (unsigned i = 0; i < r.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", r.rank[i].name);
	CHECK_STR(got, want);
}

static void test_ranks(void)
{
	static const char *const bad[] = { "", "x", "50,", ",50", "101", "-1", "-0", "+5", "nan", "50 ", "1e-300", NULL };
	struct bt_ranks r;
	char why[128];

	check_names("99.9,50,12.5,99.99,0,100,50,0.1", "p0 p0_1 p12_5 p50 p999 p9999 p100 ");
	for (int i = 0; bad[i]; i++)
		CHECK_EQ(bt_ranks_parse(&r, bad[i], why), -EINVAL);
	CHECK_EQ(bt_ranks_parse(&r, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", why), -EINVAL);
	CHECK_STR(why, "at most 16 percentiles");
}

static int note(struct bt_streams *s, const char *kind, const char *run, const char *status)
{
	static struct bt_json json;
	struct bt_rec_in r;
	const char *why = "";
	char line[256];
	int rc;

	snprintf(line, sizeof(line), "{\"v\":1,\"kind\":\"%s\",\"run\":\"%s\",\"host\":\"h\",\"tool\":\"bcpu\"%s}", kind, run, status);
	rc = bt_rec_parse(&r, &json, line, strlen(line), &why);
	CHECK_STR(why, "");
	if (rc == 0)
		rc = bt_streams_note(s, &r);
	bt_json_free(&json);
	return rc;
}

static void test_streams(void)
{
	struct bt_streams s = BT_STREAMS_INIT;
	const char *names[2];

	CHECK_EQ(note(&s, "end", "00000001", ",\"status\":\"ok\""), 0); /* cut at the front: balances nothing */
	CHECK_EQ(note(&s, "meta", "00000001", ""), 0);
	CHECK_EQ(note(&s, "meta", "00000002", ""), 0);
	CHECK_EQ(note(&s, "meta", "00000002", ""), 0);
	CHECK_EQ(note(&s, "end", "00000002", ",\"status\":\"failed\""), 0);
	CHECK_EQ(bt_streams_truncated(&s, names, 2), 2);
	CHECK_STR(names[0], "bcpu on h, run 00000001");
	CHECK_STR(names[1], "bcpu on h, run 00000002");
	CHECK_EQ(s.not_ok, 1);
	CHECK_EQ(note(&s, "end", "00000001", ",\"status\":\"ok\""), 0);
	CHECK_EQ(bt_streams_truncated(&s, names, 2), 1);
	CHECK(names[1] == NULL);
	bt_streams_free(&s);
}

static void test_badlines(void)
{
	struct bt_badlines b = BT_BADLINES_INIT;
	static char reasons[BT_BADLINES_REASONS + 5][8];

	for (int i = 0; i < 5; i++)
		CHECK_EQ(bt_badlines_add(&b, "short"), i < BT_BADLINES_SHOWN);
	CHECK(bt_badlines_add(&b, "long"));
	CHECK_EQ(b.n, 2);
	CHECK_EQ(bt_badlines_hidden(&b, 0), 5 - BT_BADLINES_SHOWN);
	CHECK_EQ(bt_badlines_hidden(&b, 1), 0);
	for (int i = 0; i < BT_BADLINES_REASONS + 5; i++) {
		snprintf(reasons[i], sizeof(reasons[i]), "%d", i);
		bt_badlines_add(&b, reasons[i]);
	}
	CHECK_EQ(b.n, BT_BADLINES_REASONS);
	CHECK_EQ(b.lines, 6 + BT_BADLINES_REASONS + 5);
}

/* A source that reads from a pipe; *to is the writing end. */
static void open_pipe(struct bt_lines *l, int *to)
{
	int fds[2];

	if (pipe(fds) < 0)
		abort();
	memset(l, 0, sizeof(*l));
	l->fd = fds[0];
	l->owned = true;
	l->name = "pipe";
	l->line_max = BT_LINE_MAX;
	*to = fds[1];
}

static void feed(int to, const void *bytes, size_t len)
{
	if (write(to, bytes, len) != (ssize_t)len)
		abort();
}

/* The next line is want, returned as rc. */
static void check_next(struct bt_lines *l, int rc, const char *want)
{
	const char *line;
	size_t len;

	CHECK_EQ(bt_lines_next(l, &line, &len), rc);
	if (want)
		CHECK(len == strlen(want) && !memcmp(line, want, len));
}

/* text as a member (Z_FINISH) or a piece of one that goes on (Z_SYNC_FLUSH). Returns its length. */
static size_t deflated(z_stream *z, const char *text, size_t len, int flush, unsigned char out[512])
{
	if (!z->state && deflateInit2(z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z->next_in = (unsigned char *)text;
	z->avail_in = (uInt)len;
	z->next_out = out;
	z->avail_out = 512;
	deflate(z, flush);
	if (flush == Z_FINISH) {
		deflateEnd(z);
		z->state = NULL;
	}
	return 512 - z->avail_out;
}

/* What drip() feeds, byte by byte. */
static struct {
	int to;
	const unsigned char *data;
	size_t len, at;
} dripping;

/* Called before each read(2): one more byte for it, or the end. */
static int drip(int fd)
{
	(void)fd;
	if (dripping.at < dripping.len)
		feed(dripping.to, dripping.data + dripping.at++, 1);
	else if (dripping.to >= 0)
		dripping.to = close(dripping.to) - 1;
	return 0;
}

static void open_dripping(struct bt_lines *l, const void *data, size_t len)
{
	dripping.data = data;
	dripping.len = len;
	dripping.at = 0;
	open_pipe(l, &dripping.to);
	l->wait = drip;
}

static void test_gzip(void)
{
	unsigned char data[1024];
	z_stream z = { 0 };
	size_t len = deflated(&z, "one\r\n\ntw", 8, Z_FINISH, data);
	struct bt_lines l;
	int to;

	len += deflated(&z, "o\nlast", 6, Z_FINISH, data + len);
	for (int bytewise = 0; bytewise < 2; bytewise++) {
		if (bytewise) {
			open_dripping(&l, data, len);
		} else {
			open_pipe(&l, &to);
			feed(to, data, len);
			close(to);
		}
		check_next(&l, BT_LINE_OK, "one");
		check_next(&l, BT_LINE_OK, "two");
		CHECK_EQ(l.number, 3);
		check_next(&l, BT_LINE_PARTIAL, "last");
		check_next(&l, BT_LINE_EOF, NULL);
		check_next(&l, BT_LINE_EOF, NULL);
		bt_lines_close(&l);
	}
}

/* Lines that only begin like gzip. */
static void test_no_gzip(void)
{
	static const char *const texts[] = { "\x1f", "\x1f\n", "\x1fx\n", "\x1f\x1f\x8b\n", "\x8b\x1f\n", "{\n", "x" };
	struct bt_lines l;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i]);
		bool whole = texts[i][len - 1] == '\n';
		char want[8];

		snprintf(want, sizeof(want), "%.*s", (int)(len - whole), texts[i]);
		open_dripping(&l, texts[i], len);
		check_next(&l, whole ? BT_LINE_OK : BT_LINE_PARTIAL, want);
		check_next(&l, BT_LINE_EOF, NULL);
		bt_lines_close(&l);
	}
}

/* The pipe stays open: a line that waited for more than the byte it needs would hang here. */
static void test_gzip_at_once(void)
{
	unsigned char data[512];
	z_stream z = { 0 };
	struct bt_lines l;
	int to;

	open_pipe(&l, &to);
	feed(to, "{\n", 2);
	check_next(&l, BT_LINE_OK, "{");
	close(to);
	bt_lines_close(&l);
	open_pipe(&l, &to);
	feed(to, data, deflated(&z, "one\ntwo\n", 8, Z_SYNC_FLUSH, data));
	check_next(&l, BT_LINE_OK, "one");
	check_next(&l, BT_LINE_OK, "two");
	feed(to, data, deflated(&z, "three\n", 6, Z_SYNC_FLUSH, data));
	check_next(&l, BT_LINE_OK, "three");
	feed(to, data, deflated(&z, "", 0, Z_FINISH, data));
	close(to);
	check_next(&l, BT_LINE_EOF, NULL);
	bt_lines_close(&l);
}

/* Cut or changed: whole lines first, then the reason, and no half line. */
static void test_bad_gzip(void)
{
	static const char *const reasons[] = { "truncated gzip data", "corrupt gzip data", "garbage after gzip data ignored" };
	unsigned char data[512];
	z_stream z = { 0 };
	size_t len = deflated(&z, "one\ntwo\nthree", 13, Z_FINISH, data);
	struct bt_lines l;
	int to;

	for (int i = 0; i < 3; i++) {
		data[len - 8] ^= i == 1;
		open_pipe(&l, &to);
		feed(to, data, len - (i == 0));
		feed(to, "x", i == 2);
		close(to);
		data[len - 8] ^= i == 1;
		check_next(&l, BT_LINE_OK, "one");
		CHECK(!l.error);
		check_next(&l, BT_LINE_OK, "two");
		check_next(&l, -EBADMSG, NULL);
		CHECK_STR(l.error, reasons[i]);
		check_next(&l, -EBADMSG, NULL);
		CHECK_STR(l.error, reasons[i]);
		bt_lines_close(&l);
	}
}

/* A line that is too long takes no more than the bound, and gives it back. */
static void test_long_line(void)
{
	char path[] = "/tmp/bt-unit-XXXXXX", *text = malloc(3 << 20);
	struct bt_lines l;
	const char *line;
	size_t len;
	int fd = mkstemp(path);

	unlink(path);
	memset(text, 'x', 3 << 20);
	for (int i = 0; i < 4; i++)
		feed(fd, text, 3 << 20);
	feed(fd, "\n", 1);
	feed(fd, text, 3 << 20);
	feed(fd, "\nend\n", 5);
	lseek(fd, 0, SEEK_SET);
	memset(&l, 0, sizeof(l));
	l.fd = fd;
	l.owned = true;
	l.line_max = 4 << 20;
	CHECK_EQ(bt_lines_next(&l, &line, &len), BT_LINE_TOO_LONG);
	CHECK(l.cap <= 1 << 20);
	CHECK_EQ(bt_lines_next(&l, &line, &len), BT_LINE_OK);
	CHECK(len == 3 << 20 && !memcmp(line, text, len));
	CHECK(l.cap <= 5 << 20);
	check_next(&l, BT_LINE_OK, "end");
	check_next(&l, BT_LINE_EOF, NULL);
	bt_lines_close(&l);
	free(text);
}

static const struct unit_test tests[] = {
	{ "intern numbers strings by first appearance", test_intern },
	{ "ranks are sorted, unique and named", test_ranks },
	{ "streams: every meta wants its end", test_streams },
	{ "badlines: the first of each reason are shown", test_badlines },
	{ "lines: gzip is inflated, in whatever pieces it comes", test_gzip },
	{ "lines: what only begins like gzip is text", test_no_gzip },
	{ "lines: nothing inflated or plain waits for more", test_gzip_at_once },
	{ "lines: bad gzip gives its whole lines, then the reason", test_bad_gzip },
	{ "lines: one that is too long costs its bound at most", test_long_line },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
