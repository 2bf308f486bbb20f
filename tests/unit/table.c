/* SPDX-License-Identifier: ISC
 *
 * unit/table - tables for people: alignment, Markdown, and records as rows.
 */
#include "rectable.h"
#include "table.h"
#include "unit.h"

static void fill(struct bt_table *t)
{
	bt_table_init(t, 4);
	t->right[1] = t->right[3] = true;
	bt_table_row(t);
	bt_table_cell(t, 0, "name");
	bt_table_cell(t, 1, "x");
	bt_table_cell(t, 2, "empty");
	bt_table_cell(t, 3, "p50");
	bt_table_row(t);
	bt_table_cell(t, 0, "gr\xc3\xbc\xc3\x9f");
	bt_table_cell(t, 1, "%d", 12);
	bt_table_row(t);
	bt_table_cell(t, 0, "a|b\n\xff");
	bt_table_cell(t, 0, "a|b\n\xff.");
	bt_table_cell(t, 3, "%.1f us", 1.5);
}

static void test_text(void)
{
	struct bt_buf b = BT_BUF_INIT;
	struct bt_table t;

	fill(&t);
	bt_table_text(&t, &b);
	CHECK_STR(bt_buf_cstr(&b), "name     x     p50\n"
				   "gr\xc3\xbc\xc3\x9f    12\n"
				   "a|b??.      1.5 us\n");
	bt_table_free(&t);
	bt_buf_free(&b);
}

static void test_markdown(void)
{
	struct bt_buf b = BT_BUF_INIT;
	struct bt_table t;

	fill(&t);
	bt_table_markdown(&t, &b);
	CHECK_STR(bt_buf_cstr(&b), "| name    |    x |    p50 |\n"
				   "| ------- | ---: | -----: |\n"
				   "| gr\xc3\xbc\xc3\x9f    |   12 |        |\n"
				   "| a\\|b??. |      | 1.5 us |\n");
	bt_table_free(&t);
	bt_buf_free(&b);
}

static void test_markup(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "io_uring", "io_uring" },           { "_x_", "\\_x\\_" },          { "a|b", "a\\|b" },
		{ "a\\|b", "a\\\\\\|b" },           { "`x`", "\\`x\\`" },          { "2*3*4", "2\\*3\\*4" },
		{ "[a](b)", "\\[a](b)" },             { "<b>", "\\<b>" },            { "p < 0.5 <5", "p < 0.5 <5" },
		{ "&lt; & x", "\\&lt; & x" },         { "~ ~~x~~", "~ \\~\\~x\\~\\~" }, { "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_buf b = BT_BUF_INIT;

		bt_markdown(&b, cases[i].text);
		CHECK_STR(bt_buf_cstr(&b), cases[i].want);
		bt_buf_free(&b);
	}
}

static void test_edges(void)
{
	struct bt_buf b = BT_BUF_INIT;
	struct bt_table t;

	bt_table_init(&t, 2);
	bt_table_cell(&t, 0, "no row yet");
	bt_table_text(&t, &b);
	bt_table_markdown(&t, &b);
	CHECK_EQ(b.len, 0);
	bt_table_row(&t);
	bt_table_cell(&t, 0, "head");
	bt_table_cell(&t, 7, "no such column");
	bt_table_right(&t, 1);
	bt_table_right(&t, 2);
	CHECK(t.right[1] && !t.right[2]);
	bt_table_right(&t, BT_TABLE_COLUMNS + 1000);
	bt_table_text(&t, &b);
	CHECK_STR(bt_buf_cstr(&b), "head\n");
	for (int i = 0; i < 1000; i++)
		bt_table_row(&t);
	bt_table_cell(&t, 1, "x");
	CHECK_EQ(t.rows, 1001);
	bt_table_free(&t);
	bt_table_init(&t, 3);
	bt_table_texts(&t, (const char *[]){ "A", "B", "C" });
	bt_table_texts(&t, (const char *[]){ "1%", NULL, "3" });
	b.len = 0;
	bt_table_text(&t, &b);
	CHECK_STR(bt_buf_cstr(&b), "A   C\n1%  3\n");
	bt_table_free(&t);
	bt_table_free(NULL);
	bt_buf_free(&b);
}

static const struct bt_rec_source source = { .run = "00000000", .host = "db1", .tool = "bcpu" };

static void result(struct bt_rectable *t, struct bt_buf *b, const char *test, unsigned taint, const char *extra)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = test;
	r.rep = 2;
	r.taint = taint;
	bt_rec_u64(&r, "threads", 4);
	if (extra)
		bt_rec_str(&r, "errno", extra);
	bt_rec_count(&r, "errors", "count", BT_BETTER_LOWER, 3);
	bt_rectable_add(t, b, &r);
}

static unsigned count(const char *text, const char *word)
{
	unsigned n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

static void test_rows(void)
{
	struct bt_rectable t = BT_RECTABLE_INIT;
	struct bt_buf b = BT_BUF_INIT;
	struct bt_rec r;

	result(&t, &b, "int", 0, NULL);
	result(&t, &b, "hash", BT_TAINT_STEAL, NULL);
	result(&t, &b, "hash", 0, "E\nIO");
	CHECK_STR(bt_buf_cstr(&b),
		  "TEST          THREADS  METRIC             VALUE        P50        P99        MAX          N\n"
		  "int #2              4  errors                 3\n"
		  "hash #2             4  errors                 3                                              ! steal\n"
		  "hash #2             4  errors                 3                                              errno=E?IO\n");
	result(&t, &b, "int", 0, "EIO");
	result(&t, &b, "int", BT_TAINT_STEAL, "EIO");
	CHECK_EQ(count(bt_buf_cstr(&b), "errno=EIO\n"), 1);
	CHECK_EQ(count(bt_buf_cstr(&b), "3                                              \" ! steal\n"), 1);
	result(&t, &b, "int", 0, NULL);
	result(&t, &b, "int", 0, "EIO");
	CHECK_EQ(count(bt_buf_cstr(&b), "errno=EIO\n"), 2);
	CHECK_EQ(count(bt_buf_cstr(&b), "METRIC"), 1);
	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = "other"; /* without threads */
	bt_rectable_add(&t, &b, &r);
	CHECK_EQ(count(bt_buf_cstr(&b), "METRIC"), 2);
	r.kind = BT_KIND_SAMPLE;
	bt_rectable_add(&t, &b, &r);
	CHECK_EQ(count(bt_buf_cstr(&b), "METRIC"), 3);
	bt_buf_free(&b);
}

/* What is long has no column, however often it comes. */
static void test_long_dims(void)
{
	struct bt_rectable t = BT_RECTABLE_INIT;
	struct bt_buf b = BT_BUF_INIT;
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = "read";
	bt_rec_str(&r, "short", "12345678901234567890");
	bt_rec_str(&r, "long", "123456789012345678901");
	bt_rec_count(&r, "errors", "count", BT_BETTER_LOWER, 3);
	bt_rectable_add(&t, &b, &r);
	CHECK_EQ(count(bt_buf_cstr(&b), "SHORT                 METRIC "), 1);
	CHECK_EQ(count(bt_buf_cstr(&b), "LONG"), 0);
	CHECK_EQ(count(bt_buf_cstr(&b), "  long=123456789012345678901\n"), 1);
	bt_buf_free(&b);
}

static void test_distribution_row(void)
{
	struct bt_rectable t = BT_RECTABLE_INIT;
	struct bt_buf b = BT_BUF_INIT;
	struct bt_hist h;
	struct bt_rec r;

	bt_hist_init(&h, 3);
	bt_hist_add_n(&h, 1500, 100);
	bt_rec_init(&r, BT_KIND_SAMPLE);
	r.ts_us = 5000000;
	t.start_us = 3500000;
	r.test = "int";
	bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, &h);
	bt_rectable_add(&t, &b, &r);
	CHECK_STR(bt_buf_cstr(&b), "      AT  TEST          METRIC             VALUE        P50        P99        MAX          N\n"
				   "   1.5 s  int           lat                        1.500 us   1.500 us   1.500 us        100\n");
	bt_hist_free(&h);
	bt_buf_free(&b);
}

static void test_lines(void)
{
	struct bt_rectable t = { .source = &source };
	struct bt_buf b = BT_BUF_INIT;
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", "0.1");
	bt_rec_str(&r, "cpu_model", "Fast 1");
	bt_rec_u64(&r, "cpus", 2);
	bt_rec_str(&r, "kernel", "6.18.5");
	bt_rectable_add(&t, &b, &r);
	bt_rec_init(&r, BT_KIND_WARN);
	bt_rec_str(&r, "code", "busy");
	bt_rec_str(&r, "msg", "cpu is in use");
	bt_rectable_add(&t, &b, &r);
	bt_rec_init(&r, BT_KIND_END);
	bt_rec_str(&r, "status", "ok");
	bt_rectable_add(&t, &b, &r);
	bt_rec_init(&r, BT_KIND_END);
	bt_rec_str(&r, "status", "interrupted");
	bt_rec_f64(&r, "elapsed", 1.5);
	bt_rectable_add(&t, &b, &r);
	CHECK_STR(bt_buf_cstr(&b), "bcpu 0.1 on db1: Fast 1, 2 CPUs, Linux 6.18.5\n\n"
				   "warning: cpu is in use (busy)\ninterrupted after 1.5 s\n");
	bt_buf_free(&b);
}

static void test_events(void)
{
	struct bt_rectable t = { .start_us = 1000000 };
	struct bt_buf b = BT_BUF_INIT;
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_EVENT);
	r.ts_us = 2250000;
	bt_rec_str(&r, "comm", "a\033b");
	bt_rec_u64(&r, "fd", 3);
	bt_rec_count(&r, "lat", "ns", BT_BETTER_LOWER, 1500);
	bt_rectable_add(&t, &b, &r);
	bt_rec_init(&r, BT_KIND_MARK);
	r.ts_us = 3000000;
	bt_rec_str(&r, "name", "mark-1");
	bt_rectable_add(&t, &b, &r);
	CHECK_STR(bt_buf_cstr(&b), "    1.250000 s  lat             1.500 us  comm=a?b fd=3\n"
				   "    2.000000 s  mark: mark-1\n");
	bt_buf_free(&b);
}

static const struct unit_test tests[] = {
	{ "aligns text by characters", test_text },
	{ "writes Markdown", test_markdown },
	{ "escapes what Markdown would take for markup, and no more", test_markup },
	{ "takes empty tables and wrong columns", test_edges },
	{ "shows results as rows", test_rows },
	{ "a long dimension follows the row", test_long_dims },
	{ "shows a distribution", test_distribution_row },
	{ "shows meta, warn and a bad end as lines", test_lines },
	{ "shows events and marks as lines", test_events },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
