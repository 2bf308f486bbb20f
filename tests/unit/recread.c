/* SPDX-License-Identifier: ISC
 *
 * recread - tests of reading lines and of understanding records.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "recdist.h"
#include "recread.h"
#include "unit.h"

#define HEAD "{\"v\":1,\"kind\":\"result\",\"metric\":\"m\","

/* --- lines --- */

/* A source that reads from a pipe; *to is the writing end. */
static void open_pipe(struct bt_lines *l, int *to)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	memset(l, 0, sizeof(*l));
	l->fd = fds[0];
	l->owned = true;
	l->name = "pipe";
	l->line_max = BT_LINE_MAX;
	*to = fds[1];
}

static void feed(int to, const char *text, size_t len)
{
	if (write(to, text, len) != (ssize_t)len)
		abort();
}

/* The next line is want, returned as rc, and has that number. */
static void check_next(struct bt_lines *l, int rc, const char *want, uint64_t number)
{
	const char *line;
	size_t len;

	CHECK_EQ(bt_lines_next(l, &line, &len), rc);
	CHECK_EQ(l->number, number);
	if (!want)
		return;
	CHECK_EQ(len, strlen(want));
	CHECK(len == strlen(want) && !memcmp(line, want, len));
}

static void test_manners(void)
{
	static const char text[] = "\xef\xbb\xbfone\r\n\n  \t\r\ntwo\nthree \r\r\n\nlast";
	struct bt_lines l;
	int to;

	open_pipe(&l, &to);
	feed(to, text, sizeof(text) - 1);
	close(to);
	check_next(&l, BT_LINE_OK, "one", 1);
	check_next(&l, BT_LINE_OK, "two", 4);
	check_next(&l, BT_LINE_OK, "three \r", 5);
	check_next(&l, BT_LINE_PARTIAL, "last", 7);
	check_next(&l, BT_LINE_EOF, NULL, 7);
	check_next(&l, BT_LINE_EOF, NULL, 7);
	bt_lines_close(&l);
	bt_lines_close(&l);
}

static void test_empty(void)
{
	static const char *const texts[] = { "", "\n", "\n\n\r\n", "\xef\xbb\xbf", "\xef\xbb\xbf\n", "  ", "\n \r" };
	struct bt_lines l;
	int to;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *line;
		size_t len;

		open_pipe(&l, &to);
		feed(to, texts[i], strlen(texts[i]));
		close(to);
		CHECK_EQ(bt_lines_next(&l, &line, &len), BT_LINE_EOF);
		bt_lines_close(&l);
	}
}

/* The pipe stays open: a line that waited for more would hang here. */
static void test_at_once(void)
{
	struct bt_lines l;
	int to;

	open_pipe(&l, &to);
	feed(to, "a\nb\nc", 5);
	check_next(&l, BT_LINE_OK, "a", 1);
	check_next(&l, BT_LINE_OK, "b", 2);
	feed(to, "d\n\n\n", 4);
	check_next(&l, BT_LINE_OK, "cd", 3);
	feed(to, "x", 1);
	close(to);
	check_next(&l, BT_LINE_PARTIAL, "x", 6);
	bt_lines_close(&l);
}

static void test_nul_bytes(void)
{
	struct bt_lines l;
	const char *line;
	size_t len;
	int to;

	open_pipe(&l, &to);
	feed(to, "a\0b\n", 4);
	CHECK_EQ(bt_lines_next(&l, &line, &len), BT_LINE_OK);
	CHECK(len == 3 && !memcmp(line, "a\0b", 3));
	close(to);
	bt_lines_close(&l);
}

/* Lines of every length around the bound, with each kind of end; all of them in one file. */
static void test_too_long(void)
{
	static const char *const ends[] = { "\n", "\r\n" };
	char text[32], path[] = "/tmp/bt-unit-XXXXXX";
	struct bt_lines l;
	uint64_t number = 0;
	const char *line;
	size_t len;
	int fd = mkstemp(path);

	memset(text, 'x', sizeof(text));
	for (size_t want = 1; want < sizeof(text); want++)
		for (int e = 0; e < 2; e++) {
			feed(fd, text, want);
			feed(fd, ends[e], strlen(ends[e]));
		}
	feed(fd, text, sizeof(text));
	close(fd);
	CHECK_EQ(bt_lines_open(&l, path), 0);
	unlink(path);
	l.line_max = 10;
	for (size_t want = 1; want < sizeof(text); want++)
		for (int e = 0; e < 2; e++) {
			CHECK_EQ(bt_lines_next(&l, &line, &len), want > 10 ? BT_LINE_TOO_LONG : BT_LINE_OK);
			CHECK(want > 10 || len == want);
			CHECK_EQ(l.number, ++number);
		}
	check_next(&l, BT_LINE_TOO_LONG, NULL, number + 1);
	check_next(&l, BT_LINE_EOF, NULL, number + 1);
	bt_lines_close(&l);
}

/* Takes what there is and goes on waiting; only a signal ends that. It is repeated, for the first may come too early. */
static void check_waits(struct bt_lines *l)
{
	struct itimerval soon = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	const char *line;
	size_t len;

	setitimer(ITIMER_REAL, &soon, NULL);
	CHECK_EQ(bt_lines_next(l, &line, &len), BT_LINE_AGAIN);
	setitimer(ITIMER_REAL, &never, NULL);
}

/* A line without end in pieces: it is passed over without being kept, and what follows is whole. */
static void test_too_long_in_pieces(void)
{
	static char text[40000];
	struct bt_lines l;
	const char *line;
	size_t len;
	int to;

	open_pipe(&l, &to);
	l.line_max = 100000;
	memset(text, 'x', sizeof(text));
	fcntl(l.fd, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 100; i++) {
		feed(to, text, sizeof(text));
		check_waits(&l);
	}
	CHECK(l.cap <= 4 * l.line_max);
	feed(to, "\nshort\n", 7);
	check_next(&l, BT_LINE_TOO_LONG, NULL, 1);
	check_next(&l, BT_LINE_OK, "short", 2);
	feed(to, text, sizeof(text));
	feed(to, "\n", 1);
	CHECK_EQ(bt_lines_next(&l, &line, &len), BT_LINE_OK);
	CHECK_EQ(len, sizeof(text));
	close(to);
	bt_lines_close(&l);
}

/* A line that arrives in pieces: each search goes on where the last one ended. */
static void test_partial_reads(void)
{
	static char text[4096];
	struct bt_lines l;
	const char *line;
	size_t len;
	int to;

	open_pipe(&l, &to);
	memset(text, 'y', sizeof(text));
	fcntl(l.fd, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 200; i++) {
		feed(to, text, sizeof(text));
		check_waits(&l);
		CHECK_EQ(l.searched, sizeof(text) * (size_t)(i + 1));
	}
	feed(to, "\n", 1);
	CHECK_EQ(bt_lines_next(&l, &line, &len), BT_LINE_OK);
	CHECK_EQ(len, sizeof(text) * 200);
	close(to);
	bt_lines_close(&l);
}

static void test_open_errors(void)
{
	struct bt_lines l;
	const char *line;
	size_t len;

	CHECK_EQ(bt_lines_open(&l, "/nonexistent/file"), -ENOENT);
	bt_lines_close(&l);
	CHECK_EQ(bt_lines_open(&l, "/"), 0);
	CHECK_EQ(bt_lines_next(&l, &line, &len), -EISDIR);
	bt_lines_close(&l);
	CHECK_EQ(bt_lines_open(&l, "-"), 0);
	CHECK_STR(l.name, "stdin");
	bt_lines_close(&l);
	CHECK(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}

/* --- records --- */

static struct bt_json json;

static int parse(struct bt_rec_in *r, const char *line, const char **why)
{
	*why = "";
	return bt_rec_parse(r, &json, line, strlen(line), why);
}

static void check_why(const char *line, const char *want)
{
	struct bt_rec_in r;
	const char *why;

	CHECK_EQ(parse(&r, line, &why), -EINVAL);
	CHECK_STR(why, want);
}

static void check_span(struct bt_span s, const char *want)
{
	char text[64];

	CHECK(bt_span_is(s, want));
	bt_span_text(s, text, sizeof(text));
	CHECK_STR(text, want);
}

static void test_scalar(void)
{
	static const char line[] = "{\"v\":1,\"kind\":\"sample\",\"ts\":1763661234.123456,\"run\":\"7f3a9c21\","
		"\"host\":\"db1\","
		"\"tool\":\"bcpu\",\"test\":\"int\",\"rep\":3,\"threads\":2,\"cpu\":\"0-1\",\"metric\":\"rate\","
		"\"unit\":\"op/s\","
		"\"better\":\"higher\",\"loop\":\"closed\",\"taint\":\"steal,freq\",\"lost\":4,\"dur\":0.5,"
		"\"value\":18446744073709551615,"
		"\"p25\":1,\"extra\":[1],\"none\":null,\"on\":true}";
	struct bt_rec_in r;
	const char *why;
	char text[32];

	CHECK_EQ(parse(&r, line, &why), 0);
	CHECK_EQ(r.kind, BT_KIND_SAMPLE);
	CHECK(r.ts == 1763661234.123456 && r.dur == 0.5);
	check_span(r.run, "7f3a9c21");
	check_span(r.host, "db1");
	check_span(r.tool, "bcpu");
	check_span(r.test, "int");
	check_span(r.metric, "rate");
	check_span(r.unit, "op/s");
	check_span(r.loop, "closed");
	check_span(r.taint, "steal,freq");
	CHECK(r.hist.p == NULL && r.status.p == NULL && r.of.p == NULL && r.values.p == NULL);
	CHECK_EQ(r.better, BT_BETTER_HIGHER);
	CHECK_EQ(r.rep, 3);
	CHECK_EQ(r.lost, 4);
	CHECK(r.has_value && !r.has_dist && r.value.integer && r.value.i == UINT64_MAX);
	CHECK(isnan(r.mean) && isnan(r.p999) && !r.has_min && !r.has_sum);
	CHECK_EQ(r.n_dims, 3);
	CHECK(!memcmp(r.dims[0]->key, "cpu", 3) && !memcmp(r.dims[1]->key, "on", 2)
		&& !memcmp(r.dims[2]->key, "threads", 7));
	CHECK_EQ(bt_rec_dim_value(r.dims[1], text, sizeof(text)), 4);
	CHECK_STR(text, "true");
	CHECK(r.json == &json && json.n == 22);
}

static void test_distribution(void)
{
	static const char line[] = "{\"kind\":\"agg\",\"metric\":\"m\",\"n\":5,\"min\":1,\"mean\":2.5,\"sd\":1e0,\"p50\":2,\"p90\":3,"
		"\"p99\":4,\"p999\":4.5,"
		"\"max\":5,\"sum\":12,\"sumsq\":1e2,\"hist\":\"HIST\",\"values\":[1,2],\"of\":\"value\",\"records\":7,"
		"\"v\":1.0}";
	struct bt_rec_in r;
	const char *why;

	CHECK_EQ(parse(&r, line, &why), 0);
	CHECK_EQ(r.kind, BT_KIND_AGG);
	CHECK(!r.has_value && r.has_dist && r.has_min && r.has_max && r.has_sum && r.has_sumsq);
	CHECK_EQ(r.n, 5);
	CHECK_EQ(r.records, 7);
	CHECK(r.min.i == 1 && r.max.i == 5 && r.sum.i == 12 && !r.sumsq.integer && r.sumsq.f == 100);
	CHECK(r.mean == 2.5 && r.sd == 1 && r.p50 == 2 && r.p90 == 3 && r.p99 == 4 && r.p999 == 4.5);
	check_span(r.hist, "HIST");
	check_span(r.values, "[1,2]");
	check_span(r.of, "value");
	CHECK(isnan(r.ts) && isnan(r.dur) && r.rep == 0);
	CHECK_EQ(r.n_dims, 0);
	CHECK_EQ(parse(&r, HEAD "\"n\":0,\"min\":null,\"max\":null}", &why), 0);
	CHECK(r.has_dist && r.n == 0 && !r.has_min);
	CHECK_EQ(parse(&r, HEAD "\"n\":1e3,\"min\":1,\"max\":1}", &why), 0);
	CHECK_EQ(r.n, 1000);
}

static void test_null_is_absent(void)
{
	struct bt_rec_in r;
	const char *why;

	CHECK_EQ(parse(&r, HEAD "\"metric\":\"lat\",\"value\":null,\"n\":null,\"dur\":null,\"ts\":null,\"rep\":null,"
		"\"unit\":null,"
		"\"better\":null,\"values\":null}", &why), 0);
	CHECK(!r.has_value && !r.has_dist && isnan(r.dur) && isnan(r.ts) && r.rep == 0 && r.unit.p == NULL
		&& r.values.p == NULL);
	CHECK_EQ(r.better, BT_BETTER_NONE);
	CHECK_EQ(parse(&r, HEAD "\"unit\":\"ns\"}", &why), -EINVAL);
	CHECK_STR(why, "neither value nor n");
	CHECK_EQ(parse(&r, "{\"v\":1,\"kind\":\"sample\",\"value\":1}", &why), -EINVAL);
	CHECK_STR(why, "no metric");
	CHECK_EQ(parse(&r, "{\"v\":1,\"kind\":\"event\",\"pid\":1}", &why), 0);
	CHECK_EQ(parse(&r, HEAD "\"n\":2,\"min\":3,\"max\":1}", &why), -EINVAL);
	CHECK_STR(why, "min above max");
}

static void test_wrong(void)
{
	check_why("nonsense", "not a JSON object");
	check_why("{}", "no version 1");
	check_why("{\"v\":2,\"kind\":\"result\"}", "no version 1");
	check_why("{\"v\":\"1\",\"kind\":\"result\"}", "no version 1");
	check_why("{\"v\":null,\"kind\":\"result\"}", "no version 1");
	check_why("{\"v\":1}", "unknown kind");
	check_why("{\"v\":1,\"kind\":null}", "unknown kind");
	check_why("{\"v\":1,\"kind\":7}", "unknown kind");
	check_why("{\"v\":1,\"kind\":\"resul\"}", "unknown kind");
	check_why("{\"v\":1,\"kind\":\"result and a long tail\"}", "unknown kind");
	check_why(HEAD "\"value\":\"3\"}", "value is not a number");
	check_why(HEAD "\"value\":true}", "value is not a number");
	check_why(HEAD "\"value\":[3]}", "value is not a number");
	check_why(HEAD "\"value\":1e999}", "value is not a number");
	check_why(HEAD "\"ts\":\"now\"}", "ts is not a number");
	check_why(HEAD "\"p50\":\"x\"}", "p50 is not a number");
	check_why(HEAD "\"n\":-1}", "n is not an unsigned integer");
	check_why(HEAD "\"n\":1.5}", "n is not an unsigned integer");
	check_why(HEAD "\"n\":18446744073709551616}", "n is not an unsigned integer");
	check_why(HEAD "\"n\":1e20}", "n is not an unsigned integer");
	check_why(HEAD "\"n\":3,\"max\":1}", "n without min and max");
	check_why(HEAD "\"n\":3,\"min\":1,\"max\":null}", "n without min and max");
	check_why(HEAD "\"value\":1,\"n\":0}", "both value and n");
	check_why(HEAD "\"n\":3,\"value\":1,\"min\":1,\"max\":2}", "both value and n");
	check_why(HEAD "\"rep\":-1}", "rep is not an unsigned integer");
	check_why(HEAD "\"lost\":\"1\"}", "lost is not an unsigned integer");
	check_why(HEAD "\"metric\":5}", "metric is not a string");
	check_why(HEAD "\"better\":\"faster\"}", "better is neither lower nor higher");
	check_why(HEAD "\"values\":{}}", "values is not an array");
	check_why(HEAD "\"values\":1}", "values is not an array");
	check_why(HEAD "\"test\":[]}", "test is not a string");
	check_why("{\"v\":1,\"kind\":\"end\",\"status\":1}", "status is not a string");
}

/* The histogram of a record whose keys after the header are rest. */
static int hist_of(const char *rest, struct bt_hist *h, double *scale)
{
	static struct bt_histcodec *codec;
	char line[4096];
	struct bt_rec_in r;
	const char *why;
	int rc;

	if (!rest) {
		bt_histcodec_free(codec);
		return 0;
	}
	snprintf(line, sizeof(line), "{\"v\":1,\"metric\":\"m\",%s,\"min\":1,\"max\":9}", rest);
	CHECK_EQ(parse(&r, line, &why), 0);
	rc = bt_rec_hist(&r, &codec, h, scale);
	return rc;
}

/* Three ones and a five: the same text with and without JSON's escapes. */
static void test_hist(void)
{
	struct bt_histcodec *codec = bt_histcodec_new();
	char hist[1024], slashes[2048], rest[3000];
	struct bt_hist h;
	double scale;
	size_t len = 0;
	int n;

	bt_hist_init(&h, 3);
	bt_hist_add_n(&h, 1, 3);
	bt_hist_add(&h, 5);
	n = bt_hist_encode(codec, &h, hist, sizeof(hist) - 1);
	hist[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(slashes + len, sizeof(slashes) - len, i % 2 ? "%c" : "\\u%04x", hist[i]);
	snprintf(rest, sizeof(rest), "\"kind\":\"result\",\"scale\":7,\"n\":4,\"hist\":\"%s\"", hist);
	CHECK_EQ(hist_of(rest, &h, &scale), 0);
	CHECK(h.n == 4 && bt_hist_percentile(&h, 100) == 5 && scale == 1);
	snprintf(rest, sizeof(rest), "\"kind\":\"agg\",\"scale\":1024,\"n\":4,\"hist\":\"%s\"", slashes);
	CHECK_EQ(hist_of(rest, &h, &scale), 0);
	CHECK(h.n == 4 && bt_hist_percentile(&h, 100) == 5 && scale == 1024);
	snprintf(rest, sizeof(rest), "\"kind\":\"result\",\"n\":5,\"hist\":\"%s\"", hist);
	CHECK_EQ(hist_of(rest, &h, &scale), -EINVAL);
	snprintf(rest, sizeof(rest), "\"kind\":\"agg\",\"scale\":-1,\"n\":4,\"hist\":\"%s\"", hist);
	CHECK_EQ(hist_of(rest, &h, &scale), -EINVAL);
	CHECK_EQ(hist_of("\"kind\":\"result\",\"n\":4", &h, &scale), -ENOENT);
	CHECK_EQ(hist_of("\"kind\":\"result\",\"n\":4,\"hist\":\"a\\/b\"", &h, &scale), -EINVAL);
	bt_hist_free(&h);
	bt_histcodec_free(codec);
	hist_of(NULL, NULL, NULL);
}

/* The sum of an array, or -1 for one that holds something else than numbers. */
static double sum_of(const char *array)
{
	struct bt_span rest = { array, (uint32_t)strlen(array), false };
	struct bt_number v;
	double sum = 0;
	int rc;

	while ((rc = bt_rec_values_next(&rest, &v)) > 0)
		sum += v.f;
	return rc < 0 ? -1 : sum;
}

static void test_values(void)
{
	CHECK(sum_of("[]") == 0);
	CHECK(sum_of("[ ]") == 0);
	CHECK(sum_of("[7]") == 7);
	CHECK(sum_of("[1,2.5,-3e0]") == 0.5);
	CHECK(sum_of("[ 1 ,\t2 , 3 ]") == 6);
	CHECK(sum_of("[1,\"2,3\"]") == -1);
	CHECK(sum_of("[[1,2]]") == -1);
	CHECK(sum_of("[1,null]") == -1);
	CHECK(sum_of("[true]") == -1);
	CHECK(sum_of("[1e999]") == -1);
}

/* Other kinds have only a header, whatever they call the rest. */
static void test_other_kinds(void)
{
	struct bt_rec_in r;
	const char *why;

	CHECK_EQ(parse(&r, "{\"v\":1,\"kind\":\"meta\",\"value\":\"x\",\"n\":-1,\"status\":5,\"cpu_model\":\"y\"}",
		&why), 0);
	CHECK(r.kind == BT_KIND_META && r.n_dims == 0 && !r.has_value && r.status.p == NULL);
	CHECK_EQ(parse(&r, "{\"v\":1,\"kind\":\"end\",\"status\":\"ok\",\"records\":12}", &why), 0);
	CHECK_EQ(r.records, 12);
	check_span(r.status, "ok");
	CHECK_EQ(parse(&r, HEAD "\"status\":500,\"value\":1}", &why), 0);
	CHECK_EQ(r.n_dims, 1);
	check_why("{\"v\":1,\"kind\":\"warn\",\"host\":1}", "host is not a string");
}

static void test_duplicates(void)
{
	struct bt_rec_in r;
	const char *why;
	char text[16];

	CHECK_EQ(parse(&r, HEAD "\"value\":1,\"value\":2,\"kind\":\"event\",\"b\":1,\"a\":1,\"a\":2,"
		"\"c\":3,\"\\u0062\":\"last\",\"c\":null}",
		&why), 0);
	CHECK_EQ(r.kind, BT_KIND_EVENT);
	CHECK_EQ(r.value.i, 2);
	CHECK_EQ(r.n_dims, 2);
	bt_rec_dim_value(r.dims[0], text, sizeof(text));
	CHECK_STR(text, "2");
	bt_rec_dim_value(r.dims[1], text, sizeof(text));
	CHECK_STR(text, "last");
	CHECK_EQ(parse(&r, HEAD "\"value\":1,\"value\":null}", &why), 0);
	CHECK(!r.has_value);
}

static void test_escaped_names(void)
{
	struct bt_rec_in r;
	const char *why;

	CHECK_EQ(parse(&r, "{\"\\u0076\":1,\"metric\":\"m\",\"k\\u0069nd\":\"res\\u0075lt\",\"v\\u0061lue\":5,"
		"\"p\\u0034\\u0032\":1,\"\\u00e9\":2}", &why), 0);
	CHECK(r.has_value && r.value.i == 5);
	CHECK_EQ(r.n_dims, 1);
}

/* count dimensions and tail; tests the bound. */
static int parse_dims(unsigned count, const char *tail)
{
	char line[2048];
	struct bt_rec_in r;
	const char *why = "";
	size_t len = (size_t)snprintf(line, sizeof(line), HEAD "\"value\":1");
	int rc;

	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, ",\"d%u\":%u", (i * 7) % count, i);
	snprintf(line + len, sizeof(line) - len, "%s}", tail);
	rc = parse(&r, line, &why);
	if (rc < 0)
		CHECK_STR(why, "too many dimensions");
	for (unsigned i = 1; rc == 0 && i < r.n_dims; i++)
		CHECK(bt_json_compare_keys(r.dims[i - 1], r.dims[i]) < 0);
	return rc < 0 ? rc : (int)r.n_dims;
}

/* A dimension of len bytes, each of them a given one. */
static int parse_long(size_t len, char byte)
{
	static char line[8192], text[4096];
	struct bt_rec_in r;
	const char *why = "";
	int rc;

	memset(text, byte, len);
	text[len] = '\0';
	snprintf(line, sizeof(line), HEAD "\"value\":1,\"path\":\"%s\"}", text);
	rc = parse(&r, line, &why);
	if (rc < 0)
		CHECK_STR(why, "a key or its value is too long");
	return rc;
}

/* What a writer would cut is refused: two such values could come out alike. */
static void test_long_dims(void)
{
	CHECK_EQ(parse_long(BT_REC_TEXT, 'a'), 0);
	CHECK_EQ(parse_long(BT_REC_TEXT + 1, 'a'), -EINVAL);
	CHECK_EQ(parse_long(BT_REC_TEXT / 3, (char)0xff), 0);
	CHECK_EQ(parse_long(BT_REC_TEXT / 3 + 1, (char)0xff), -EINVAL);
}

static void test_many_dims(void)
{
	CHECK_EQ(parse_dims(BT_REC_KEYS, ""), BT_REC_KEYS);
	CHECK_EQ(parse_dims(BT_REC_KEYS + 1, ""), -EINVAL);
	CHECK_EQ(parse_dims(BT_REC_KEYS, ",\"d0\":1,\"n1\":null,\"a1\":[]"), BT_REC_KEYS);
	CHECK_EQ(parse_dims(BT_REC_KEYS, ",\"d0\":null"), BT_REC_KEYS - 1);
	CHECK_EQ(parse_dims(200, ",\"kind\":\"meta\""), 0);
}

static void test_span_text(void)
{
	const struct bt_span s = { "h\\u00e9l\\\"lo\\ud83d\\ude00", 24, true }, raw = { "h\xc3\xa9llo", 6, false };
	char text[16];

	CHECK_EQ(bt_span_text(s, text, sizeof(text)), 11);
	CHECK_STR(text, "h\u00e9l\"lo\U0001f600");
	CHECK_EQ(bt_span_text(s, text, 11), 7);
	CHECK_STR(text, "h\u00e9l\"lo");
	CHECK_EQ(bt_span_text(raw, text, 3), 1);
	CHECK_STR(text, "h");
	CHECK_EQ(bt_span_text(raw, text, 4), 3);
	CHECK_STR(text, "h\u00e9");
	CHECK_EQ(bt_span_text(raw, text, 1), 0);
	CHECK_EQ(bt_span_text(raw, text, 0), 0);
	CHECK_EQ(bt_span_text((struct bt_span){ NULL, 0, false }, text, 16), 0);
	CHECK_STR(text, "");
	CHECK(!bt_span_is((struct bt_span){ NULL, 0, false }, ""));
	CHECK(bt_span_is((struct bt_span){ text, 0, false }, ""));
	CHECK(!bt_span_is(raw, "h") && !bt_span_is(raw, "h\u00e9llos"));
}

static const struct unit_test tests[] = {
	{ "blank lines, CRLF, mark, last line without end", test_manners },
	{ "nothing in it", test_empty },
	{ "a line comes as soon as it is there", test_at_once },
	{ "NUL bytes pass", test_nul_bytes },
	{ "the bound on a line", test_too_long },
	{ "a line without end is not kept", test_too_long_in_pieces },
	{ "a long line in small pieces", test_partial_reads },
	{ "what cannot be read", test_open_errors },
	{ "a scalar record", test_scalar },
	{ "a distribution", test_distribution },
	{ "null is absent", test_null_is_absent },
	{ "says what is wrong", test_wrong },
	{ "the histogram, with escapes or without", test_hist },
	{ "an array of values", test_values },
	{ "kinds without measurement", test_other_kinds },
	{ "the last of a name wins", test_duplicates },
	{ "names with escapes", test_escaped_names },
	{ "the bound on dimensions", test_many_dims },
	{ "the bound on their length", test_long_dims },
	{ "text of a span is cut between characters", test_span_text },
	{ NULL, NULL }
};

static void on_alarm(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int rc;

	/* No SA_RESTART, as in the tools. */
	sigaction(SIGALRM, &action, NULL);
	rc = unit_main(tests, argc, argv);
	bt_json_free(&json);
	return rc;
}
