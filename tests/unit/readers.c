/* SPDX-License-Identifier: ISC
 *
 * readers - tests of what readers of records share: intern, ranks, streams, badlines.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "badlines.h"
#include "intern.h"
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

static const struct unit_test tests[] = {
	{ "intern numbers strings by first appearance", test_intern },
	{ "ranks are sorted, unique and named", test_ranks },
	{ "streams: every meta wants its end", test_streams },
	{ "badlines: the first of each reason are shown", test_badlines },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
