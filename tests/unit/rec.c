/* SPDX-License-Identifier: ISC
 *
 * unit/rec - what the JSON and TSV encoders write.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "rec.h"
#include "unit.h"

static const char *const tag_names[] = { "env", "note" }, *const tag_values[] = { "prod", "a\tb" };

static struct bt_rec_source source(unsigned n_tags)
{
	struct bt_rec_source s = { .run = "7f3a9c21", .host = "db1", .tool = "bdisk" };

	s.tag_names = tag_names;
	s.tag_values = tag_values;
	s.n_tags = n_tags;
	return s;
}

static char line[BT_REC_MAX + 1];

/* Encode with the cached source and without: both must agree. line holds the result without its newline. */
static int encode(const struct bt_rec *r, unsigned n_tags, struct bt_histcodec *codec)
{
	struct bt_rec_source plain = source(n_tags), cached = source(n_tags);
	char other[BT_REC_MAX];
	int len, again;

	bt_rec_source_prepare(&cached);
	len = bt_rec_json(r, &plain, codec, line);
	again = bt_rec_json(r, &cached, codec, other);
	CHECK_EQ(again, len);
	if (len < 0)
		return len;
	CHECK(memcmp(line, other, (size_t)len) == 0);
	CHECK(len <= BT_REC_MAX && line[len - 1] == '\n' && !memchr(line, '\n', (size_t)len - 1));
	line[len - 1] = '\0';
	return len;
}

static void test_value(void)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_RESULT);
	r.ts_us = 1763661234123456;
	r.test = "randread";
	r.rep = 1;
	r.dur_ns = 5000000000;
	r.loop = "closed";
	r.taint = BT_TAINT_STEAL | BT_TAINT_FREQ;
	r.lost = 7;
	r.late_ns = 99;
	bt_rec_u64(&r, "bs", 4096);
	bt_rec_str(&r, "engine", "io_uring");
	bt_rec_bool(&r, "direct", true);
	bt_rec_value(&r, "iops", "op/s", BT_BETTER_HIGHER, 1234.5);
	encode(&r, 2, NULL);
	CHECK_STR(line, "{\"v\":1,\"kind\":\"result\",\"ts\":1763661234.123456,\"run\":\"7f3a9c21\",\"host\":\"db1\",\"tool\":"
			"\"bdisk\",\"test\":\"randread\",\"rep\":1,\"bs\":4096,\"engine\":\"io_uring\",\"direct\":true,\"env\":\"prod\","
			"\"note\":\"a\\tb\",\"metric\":\"iops\",\"unit\":\"op/s\",\"better\":\"higher\",\"loop\":\"closed\",\"dur\":5,"
			"\"value\":1234.5,\"taint\":\"steal,freq\",\"lost\":7,\"late\":99}");
}

static void test_absent(void)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_MARK);
	r.ts_us = 1;
	bt_rec_str(&r, "name", "go");
	encode(&r, 0, NULL);
	CHECK_STR(line, "{\"v\":1,\"kind\":\"mark\",\"ts\":0.000001,"
			"\"run\":\"7f3a9c21\",\"host\":\"db1\",\"tool\":\"bdisk\",\"name\":\"go\"}");
}

static void test_numbers(void)
{
	static const struct { uint64_t ns; const char *text; } spans[] = {
		{ 1, "\"dur\":0.000000001," }, { 100000000, "\"dur\":0.1," }, { 5000000010, "\"dur\":5.00000001," },
		{ 60000000000, "\"dur\":60," }, { UINT64_MAX, "\"dur\":18446744073.709551615," },
	};
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_RESULT);
	bt_rec_u64(&r, "big", UINT64_MAX);
	bt_rec_f64(&r, "nan", NAN);
	bt_rec_f64(&r, "inf", -INFINITY);
	bt_rec_raw(&r, "list", "[1,2]", 5);
	bt_rec_count(&r, "count", "count", BT_BETTER_NONE, UINT64_MAX);
	encode(&r, 0, NULL);
	CHECK(strstr(line, "\"big\":18446744073709551615,\"nan\":null,\"inf\":null,\"list\":[1,2],\"metric\":\"count\","
			   "\"unit\":\"count\",\"value\":18446744073709551615}"));
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		r.dur_ns = spans[i].ns;
		encode(&r, 0, NULL);
		CHECK(strstr(line, spans[i].text));
	}
}

static const char *quoted(const char *s, size_t len, size_t max)
{
	static char out[512];
	size_t n;

	memset(out, '#', sizeof(out));
	n = bt_rec_string(out, max, s, len);
	CHECK(n <= max + 2 && out[n] == '#');
	out[n] = '\0';
	return out;
}

static void test_strings(void)
{
	char low[34];

	CHECK_STR(quoted("", 0, 8), "\"\"");
	CHECK_STR(quoted("a\"b\\c/\x7f", 7, 80), "\"a\\\"b\\\\c/\x7f\"");
	for (int i = 0; i < 32; i++)
		low[i] = (char)i;
	CHECK_STR(quoted(low, 32, 400),
		  "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f\\u0010\\u0011\\u0012"
		  "\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f\"");
	CHECK_STR(quoted("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 15, 80),
		  "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

/* Every byte at every offset of the eight that are looked at together. */
static void test_string_words(void)
{
	for (int at = 0; at < 16; at++)
		for (int c = 0; c < 128; c++) {
			char text[17] = "abcdefghijklmnop", slow[80], piece[8];
			size_t n = 0;

			text[at] = (char)c;
			for (int i = 0; i < 16; i++) {
				snprintf(piece, sizeof(piece), "%s", quoted(text + i, 1, 8) + 1);
				piece[strlen(piece) - 1] = '\0';
				n += (size_t)snprintf(slow + n, sizeof(slow) - n, "%s", piece);
			}
			quoted(text, 16, 100);
			CHECK(strncmp(quoted(text, 16, 100) + 1, slow, n) == 0);
		}
}

#define BAD "\xef\xbf\xbd"

static void test_utf8_repair(void)
{
	CHECK_STR(quoted("\xff" "a", 2, 80), "\"" BAD "a\"");
	CHECK_STR(quoted("\xc0\x80", 2, 80), "\"" BAD BAD "\""); /* overlong NUL */
	CHECK_STR(quoted("\xc1\xbf", 2, 80), "\"" BAD BAD "\"");
	CHECK_STR(quoted("\xe0\x9f\xbf", 3, 80), "\"" BAD BAD BAD "\"");
	CHECK_STR(quoted("\xe0\xa0\x80", 3, 80), "\"\xe0\xa0\x80\"");
	CHECK_STR(quoted("\xed\xa0\x80", 3, 80), "\"" BAD BAD BAD "\""); /* surrogate */
	CHECK_STR(quoted("\xed\x9f\xbf", 3, 80), "\"\xed\x9f\xbf\"");
	CHECK_STR(quoted("\xf0\x8f\xbf\xbf", 4, 80), "\"" BAD BAD BAD BAD "\"");
	CHECK_STR(quoted("\xf4\x8f\xbf\xbf", 4, 80), "\"\xf4\x8f\xbf\xbf\"");
	CHECK_STR(quoted("\xf4\x90\x80\x80", 4, 80), "\"" BAD BAD BAD BAD "\""); /* above U+10FFFF */
	CHECK_STR(quoted("\xf5\x80\x80\x80", 4, 80), "\"" BAD BAD BAD BAD "\"");
	CHECK_STR(quoted("x\xe2\x82", 3, 80), "\"x" BAD BAD "\""); /* cut short */
	CHECK_STR(quoted("\xe2\x82z", 3, 80), "\"" BAD BAD "z\"");
}

static void test_string_cut(void)
{
	CHECK_STR(quoted("abcdef", 6, 3), "\"abc\"");
	CHECK_STR(quoted("ab\xe2\x82\xac", 5, 4), "\"ab\""); /* never half a character */
	CHECK_STR(quoted("ab\xe2\x82\xac", 5, 5), "\"ab\xe2\x82\xac\"");
	CHECK_STR(quoted("ab\n", 3, 3), "\"ab\"");
	CHECK_STR(quoted("ab\x01", 3, 7), "\"ab\"");
	CHECK_STR(quoted("abcdefgh", 8, 8), "\"abcdefgh\"");
	CHECK_STR(quoted("abcdefgh", 8, 7), "\"abcdefg\"");
	CHECK_STR(quoted("abc", 3, 0), "\"\"");
}

static void test_long_keys(void)
{
	static char text[3000];
	struct bt_rec r;
	int len;

	memset(text, 'x', sizeof(text) - 1);
	bt_rec_init(&r, BT_KIND_WARN);
	bt_rec_str(&r, "code", "long");
	bt_rec_str(&r, "msg", text);
	len = encode(&r, 0, NULL);
	CHECK(len > BT_REC_TEXT && len < BT_REC_TEXT + 200);
	for (int i = 0; i < 4; i++)
		bt_rec_str(&r, "more", text);
	CHECK_EQ(encode(&r, 0, NULL), -EMSGSIZE);
}

/* The last byte of the line is usable, and not one more. */
static void test_exact_fit(void)
{
	static char text[BT_REC_MAX];
	struct bt_rec r;
	int base, len;

	memset(text, 'x', sizeof(text));
	bt_rec_init(&r, BT_KIND_MARK);
	for (int i = 0; i < 3; i++)
		bt_rec_text(&r, "k", text, 1000);
	bt_rec_text(&r, "last", text, 0);
	base = encode(&r, 0, NULL);
	r.keys[3].len = (uint32_t)(BT_REC_MAX - base);
	len = encode(&r, 0, NULL);
	CHECK_EQ(len, BT_REC_MAX);
	r.keys[3].len++;
	CHECK_EQ(encode(&r, 0, NULL), -EMSGSIZE);
}

static void test_too_many_keys(void)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_MARK);
	for (int i = 0; i < BT_REC_KEYS; i++)
		bt_rec_u64(&r, "k", 1);
	CHECK(encode(&r, 0, NULL) > 0);
	bt_rec_u64(&r, "k", 1);
	CHECK_EQ(encode(&r, 0, NULL), -EMSGSIZE);
}

static void test_tag_gives_way(void)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_MARK);
	bt_rec_str(&r, "env", "mine");
	encode(&r, 2, NULL);
	CHECK(strstr(line, "\"env\":\"mine\",\"note\":\"a\\tb\"}"));
	CHECK(!strstr(line, "prod"));
}

static void test_dist(void)
{
	struct bt_histcodec *codec = bt_histcodec_new();
	struct bt_hist h;
	struct bt_rec r;

	bt_hist_init(&h, 3);
	for (uint64_t v = 1; v <= 100; v++)
		bt_hist_add(&h, v);
	bt_rec_init(&r, BT_KIND_RESULT);
	bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, &h);
	encode(&r, 0, codec);
	CHECK(strstr(line, "\"better\":\"lower\",\"n\":100,\"min\":1,\"mean\":50.5,\"sd\":28.8"));
	CHECK(strstr(line, ",\"p50\":50,\"p90\":90,\"p99\":99,\"p999\":100,\"max\":100,\"sum\":5050,"
			   "\"digits\":3,\"hist\":\"HISTFAAA"));
	encode(&r, 0, NULL);
	CHECK(strstr(line, "\"sum\":5050}"));
	bt_hist_free(&h);
	bt_histcodec_free(codec);
}

static void test_empty_dist(void)
{
	struct bt_histcodec *codec = bt_histcodec_new();
	struct bt_hist h;
	struct bt_rec r;

	bt_hist_init(&h, 3);
	bt_rec_init(&r, BT_KIND_SAMPLE);
	bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, &h);
	encode(&r, 0, codec);
	CHECK(strstr(line, "\"n\":0,\"min\":null,\"mean\":null,\"sd\":null,\"p50\":null,\"p90\":null,\"p99\":null,\"p999\":null,"
			   "\"max\":null,\"sum\":null}"));
	bt_histcodec_free(codec);
}

static void test_overflow_is_told(void)
{
	struct bt_hist h;
	struct bt_rec r;

	bt_hist_init(&h, 1);
	bt_hist_add(&h, UINT64_MAX);
	bt_rec_init(&r, BT_KIND_SAMPLE);
	bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, &h);
	encode(&r, 0, NULL);
	CHECK(strstr(line, "\"taint\":\"overflow\"}"));
	h.dropped = 3;
	encode(&r, 0, NULL);
	CHECK(strstr(line, "\"taint\":\"overflow\",\"lost\":3}"));
	bt_hist_free(&h);
}

/* Value of "digits" in line, 0 when absent. */
static int digits(void)
{
	const char *p = strstr(line, "\"digits\":");

	return p ? p[9] - '0' : 0;
}

/* The more there is beside the histogram, the fewer digits it keeps, as if it had counted with so few. */
static void test_oversize(void)
{
	struct bt_histcodec *codec = bt_histcodec_new();
	unsigned seen = 0;
	static char text[1000];
	uint64_t x = 1;
	struct bt_hist h;

	memset(text, 'x', sizeof(text));
	bt_hist_init(&h, 3);
	for (int i = 0; i < 20000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		bt_hist_add(&h, (x >> 33) % ((uint64_t)1 << (8 + (x >> 20) % 12)));
	}
	for (unsigned fill = 0; fill < 3800; fill += 40) {
		struct bt_hist back, want;
		char *hist;
		struct bt_rec r;

		bt_rec_init(&r, BT_KIND_RESULT);
		r.taint = ~0u;
		for (unsigned left = fill; left > 0; left -= left < 1000 ? left : 1000)
			bt_rec_text(&r, "k", text, left < 1000 ? left : 1000);
		bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, &h);
		if (encode(&r, 0, NULL) < 0)
			break;
		CHECK(encode(&r, 0, codec) > 0);
		seen |= 1u << digits();
		CHECK(strstr(line, ",\"taint\":\"steal,throttled,migrated,freq,thermal,shared,short,cached,sparse,"
				   "overflow,wrong,contended,preempted,pages,coarse,backwards\"}"));
		hist = strstr(line, "\"hist\":\"");
		CHECK(!hist == !digits());
		if (!hist)
			continue;
		bt_hist_init(&back, 3);
		bt_hist_init(&want, 3);
		hist += 8;
		CHECK_EQ(bt_hist_decode(codec, hist, strcspn(hist, "\""), &back), 0);
		CHECK_EQ(back.digits, digits());
		CHECK_EQ(back.n, h.n);
		bt_hist_merge(&want, &h);
		bt_hist_reduce(&want, back.digits);
		CHECK_EQ(bt_hist_percentile(&back, 50), bt_hist_percentile(&want, 50));
		bt_hist_free(&back);
		bt_hist_free(&want);
	}
	CHECK(seen & 1u << 0);
	CHECK(seen & 1u << 1);
	CHECK(seen & 1u << 2);
	CHECK_EQ(h.digits, 3);
	bt_hist_free(&h);
	bt_histcodec_free(codec);
}

/* Random records: always one valid object within the limit, or -EMSGSIZE. */
static void test_random(void)
{
	static const char *const names[] = { "a", "bs", "comm", "cgroup", "x" };
	struct bt_json json = BT_JSON_INIT;
	static char text[1500];

	srand(1);
	for (int round = 0; round < 5000; round++) {
		struct bt_rec r;
		int len;

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)(rand() >> 7);
		bt_rec_init(&r, (enum bt_kind)(rand() % BT_KIND_COUNT));
		r.ts_us = rand();
		for (int k = 0; k < 5; k++)
			bt_rec_text(&r, names[k], text + rand() % 100, (size_t)(rand() % (round % 2 ? 40 : 700)));
		bt_rec_value(&r, "m", "count", BT_BETTER_NONE, (double)rand() / (double)(rand() % 5));
		len = encode(&r, 2, NULL);
		CHECK(len > 0 || len == -EMSGSIZE);
		if (len > 0)
			CHECK_EQ(bt_json_parse(&json, line, (size_t)len - 1), 0);
	}
	bt_json_free(&json);
}

static void test_tsv(void)
{
	struct bt_rec_source s = source(2);
	struct bt_hist h;
	struct bt_rec r;
	int len;

	bt_rec_init(&r, BT_KIND_RESULT);
	r.ts_us = 1763661234123456;
	r.test = "a\tb\nc";
	bt_rec_u64(&r, "qd", 32);
	bt_rec_str(&r, "bs", "x\xff");
	bt_rec_value(&r, "iops", "op/s", BT_BETTER_HIGHER, 2.5);
	len = bt_rec_tsv(&r, &s, line);
	line[len] = '\0';
	CHECK_STR(line, "1763661234.123456\tresult\t7f3a9c21\tdb1\tbdisk\ta b c\t-\tbs=x" BAD ",env=prod,note=a b,qd=32\t"
			"iops\top/s\t2.5\t-\t-\t-\t-\t-\t-\t-\t-\t-\n");
	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = "a,b=c%";
	bt_rec_str(&r, "k", "1,l=2%");
	s.n_tags = 0;
	len = bt_rec_tsv(&r, &s, line);
	line[len] = '\0';
	CHECK(strstr(line, "\ta,b=c%\t-\tk=1%2Cl%3D2%25\t"));
	bt_hist_init(&h, 3);
	bt_hist_add(&h, 10);
	bt_hist_add(&h, 20);
	bt_rec_init(&r, BT_KIND_SAMPLE);
	r.rep = 2;
	bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, &h);
	s.n_tags = 0;
	len = bt_rec_tsv(&r, &s, line);
	line[len] = '\0';
	CHECK_STR(line, "0.000000\tsample\t7f3a9c21\tdb1\tbdisk\t-\t2\t-\tlat\tns\t-\t2\t15\t5\t10\t10\t20\t20\t20\t20\n");
	bt_hist_free(&h);
}

static void test_names(void)
{
	CHECK_EQ(bt_kind_of("meta", 4), BT_KIND_META);
	CHECK_EQ(bt_kind_of("diff", 4), BT_KIND_DIFF);
	CHECK_EQ(bt_kind_of("met", 3), -EINVAL);
	CHECK_EQ(bt_kind_of("", 0), -EINVAL);
	CHECK_EQ(bt_rec_class("ts", 2), BT_CLASS_HEADER);
	CHECK_EQ(bt_rec_class("value", 5), BT_CLASS_MEASURE);
	CHECK_EQ(bt_rec_class("p99", 3), BT_CLASS_MEASURE);
	CHECK_EQ(bt_rec_class("p99_9", 5), BT_CLASS_MEASURE);
	CHECK_EQ(bt_rec_class("p", 1), BT_CLASS_DIM);
	CHECK_EQ(bt_rec_class("p9_", 3), BT_CLASS_DIM);
	CHECK_EQ(bt_rec_class("p_9", 3), BT_CLASS_DIM);
	CHECK_EQ(bt_rec_class("pid", 3), BT_CLASS_DIM);
	CHECK_EQ(bt_rec_class("taint", 5), BT_CLASS_QUALITY);
	CHECK_EQ(bt_rec_class("tain", 4), BT_CLASS_DIM);
	CHECK_EQ(bt_rec_class("v\0x", 3), BT_CLASS_DIM);
}

static void test_taint(void)
{
	char text[BT_TAINT_TEXT_MAX];

	CHECK_EQ(bt_taint_text(0, text), 0);
	CHECK_STR(text, "");
	CHECK_EQ(bt_taint_text(BT_TAINT_CONTENDED | BT_TAINT_STEAL, text), 15);
	CHECK_STR(text, "steal,contended");
	CHECK(bt_taint_text(~0u, text) < BT_TAINT_TEXT_MAX);
}

static void test_taint_join(void)
{
	char list[BT_TAINT_LIST] = "", name[64];

	bt_taint_join(list, "");
	CHECK_STR(list, "");
	bt_taint_join(list, "steal,freq");
	bt_taint_join(list, "fr,,freq,custom,stealth,");
	bt_taint_join(list, "steal");
	CHECK_STR(list, "custom,fr,freq,steal,stealth");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "name_%d", i);
		bt_taint_join(list, name);
	}
	CHECK(strlen(list) < BT_TAINT_LIST && strlen(list) > BT_TAINT_LIST - 12);
}

static const struct unit_test tests[] = {
	{ "writes a scalar record in the documented order", test_value },
	{ "leaves absent things out", test_absent },
	{ "keeps integers and spans exact, writes null for NaN", test_numbers },
	{ "escapes strings", test_strings },
	{ "escapes alike at any place of a word", test_string_words },
	{ "repairs UTF-8", test_utf8_repair },
	{ "cuts strings at a character", test_string_cut },
	{ "bounds single strings and the line", test_long_keys },
	{ "fills the line to its last byte and no further", test_exact_fit },
	{ "refuses too many keys", test_too_many_keys },
	{ "lets a tag give way to a key", test_tag_gives_way },
	{ "writes a distribution", test_dist },
	{ "writes an empty distribution", test_empty_dist },
	{ "tells of clamped and dropped values", test_overflow_is_told },
	{ "gives up digits, then the histogram", test_oversize },
	{ "writes valid JSON whatever it is given", test_random },
	{ "writes TSV", test_tsv },
	{ "knows kinds and keys by name", test_names },
	{ "names taints", test_taint },
	{ "joins lists of taints", test_taint_join },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
