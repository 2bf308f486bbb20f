/* SPDX-License-Identifier: ISC
 *
 * json - tests of the scanner and of what its strings and numbers stand for.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "buf.h"
#include "fmt.h"
#include "json.h"
#include "rng.h"
#include "unit.h"

/* The text in memory of just its size, so that the sanitizers see a read beyond it. */
static int parse(struct bt_json *j, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	int rc;

	if (!copy)
		abort();
	memcpy(copy, text, len);
	rc = bt_json_parse(j, copy, len);
	if (rc < 0)
		CHECK(j->error != NULL && j->error_at <= len);
	free(copy);
	return rc;
}

/* Each line of a file of fixtures, and each proper piece of it from its start, which is never an object. */
static void check_fixtures(const char *name, int want)
{
	const char *dir = getenv("BT_FIXTURES");
	struct bt_json j = BT_JSON_INIT;
	unsigned lines = 0;
	char path[512], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/json/%s", dir ? dir : "tests/fixtures", name);
	f = fopen(path, "r");
	CHECK(f != NULL);
	while (f && fgets(line, sizeof(line), f)) {
		size_t len = strcspn(line, "\n"), inner = len;
		int rc = parse(&j, line, len);

		lines++;
		if (rc != want)
			printf("# %s:%u: %s\n", path, lines, j.error ? j.error : "accepted");
		CHECK_EQ(rc, want);
		while (want == 0 && inner > 0 && line[inner - 1] != '}')
			inner--;
		for (size_t cut = 0; want == 0 && cut < inner; cut++)
			CHECK_EQ(parse(&j, line, cut), -EINVAL);
	}
	CHECK(lines > 50);
	if (f)
		fclose(f);
	bt_json_free(&j);
}

static void test_accept(void)
{
	check_fixtures("accept.ndjson", 0);
}

static void test_reject(void)
{
	check_fixtures("reject.ndjson", -EINVAL);
}

/* A byte that must not stand raw in a string, at every place of the eight bytes that are looked at together. */
static void test_control_bytes(void)
{
	struct bt_json j = BT_JSON_INIT;
	char text[64];

	for (int byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < 20; at++) {
			size_t len = (size_t)snprintf(text, sizeof(text), "{\"k\":\"qqqqqqqqqqqqqqqqqqqqqqqq\"}");

			text[6 + at] = (char)byte;
			CHECK_EQ(parse(&j, text, len) == 0, byte >= 0x20 && byte != '"' && byte != '\\');
		}
	CHECK_EQ(parse(&j, "{\"a\":1}\0", 8), -EINVAL);
	CHECK_EQ(parse(&j, "{\"a\0b\":1}", 9), -EINVAL);
	CHECK_EQ(parse(&j, "{\n\"a\"\r:1\n}", 10), 0);
	bt_json_free(&j);
}

static void test_fields(void)
{
	static const char line[] = "{\"a\":1, \"b\\n\" : \"x\\ty\",\"c\":[1,{\"d\":2}] ,\"e\":null,\"f\":true,\"g\":false,"
		"\"a\":-2.5e3}";
	static const struct {
		const char *key, *val;
		enum bt_json_type type;
	} want[] = {
		{ "a", "1", BT_JSON_NUMBER }, { "b\\n", "x\\ty", BT_JSON_STRING }, { "c", "[1,{\"d\":2}]", BT_JSON_NESTED },
		{ "e", "null", BT_JSON_NULL }, { "f", "true", BT_JSON_TRUE }, { "g", "false", BT_JSON_FALSE },
		{ "a", "-2.5e3", BT_JSON_NUMBER },
	};
	struct bt_json j = BT_JSON_INIT;

	CHECK_EQ(bt_json_parse(&j, line, strlen(line)), 0);
	CHECK_EQ(j.n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < j.n; i++) {
		const struct bt_json_field *f = &j.fields[i];

		CHECK(f->key_len == strlen(want[i].key) && !memcmp(f->key, want[i].key, f->key_len));
		CHECK(f->val_len == strlen(want[i].val) && !memcmp(f->val, want[i].val, f->val_len));
		CHECK_EQ(f->type, want[i].type);
		CHECK_EQ(f->key_escaped, i == 1);
		CHECK_EQ(f->val_escaped, i == 1);
	}
	CHECK(bt_json_find(&j, "a") == &j.fields[6]);
	CHECK(bt_json_find(&j, "b\n") == &j.fields[1]);
	CHECK(bt_json_find(&j, "b\\n") == NULL);
	CHECK(bt_json_find(&j, "d") == NULL);
	bt_json_free(&j);
	bt_json_free(NULL);
}

static void test_errors(void)
{
	static const struct {
		const char *line, *error;
		size_t at;
	} cases[] = {
		{ "", "not a JSON object", 0 }, { "  x", "not a JSON object", 2 },
		{ "{\"a\":1} x", "something follows the object", 8 },
		{ "{\"a\":01}", "no comma or closing brace after a value", 6 }, { "{\"a\":1.}", "bad number", 7 },
		{ "{\"a\":\"b", "string without end", 5 }, { "{\"a\":\"b\\q\"}", "bad escape in a string", 7 },
		{ "{\"a\":yes}", "not a JSON value", 5 }, { "{\"a\"}", "no colon after a key", 4 },
		{ "{\"a\":1,}", "no key where one is due", 7 },
		{ "{\"a\":[1;2]}", "no comma or closing bracket after a value", 7 },
	};
	struct bt_json j = BT_JSON_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_EQ(parse(&j, cases[i].line, strlen(cases[i].line)), -EINVAL);
		CHECK_STR(j.error, cases[i].error);
		CHECK_EQ(j.error_at, cases[i].at);
	}
	bt_json_free(&j);
}

/* {"a":[[[...1...]]]} or, with objects, {"a":{"b":{"b":...1...}}}, depth containers in all. */
static int parse_nested(struct bt_json *j, size_t depth, int objects, int close)
{
	struct bt_buf b = BT_BUF_INIT;
	int rc;

	bt_buf_str(&b, "{\"a\":");
	for (size_t i = 1; i < depth; i++)
		bt_buf_str(&b, objects ? "{\"b\":" : "[");
	bt_buf_char(&b, '1');
	bt_buf_fill(&b, objects ? '}' : ']', close ? depth - 1 : 0);
	bt_buf_char(&b, '}');
	rc = parse(j, b.data, b.len);
	bt_buf_free(&b);
	return rc;
}

static void test_depth(void)
{
	struct bt_json j = BT_JSON_INIT;

	for (int objects = 0; objects < 2; objects++) {
		for (size_t depth = 1; depth <= BT_JSON_DEPTH; depth++)
			CHECK_EQ(parse_nested(&j, depth, objects, 1), 0);
		CHECK_EQ(parse_nested(&j, BT_JSON_DEPTH + 1, objects, 1), -EINVAL);
		CHECK_EQ(parse_nested(&j, 1000000, objects, 1), -EINVAL);
		CHECK_EQ(parse_nested(&j, 100, objects, 0), -EINVAL);
	}
	bt_json_free(&j);
}

/* An object of n fields; the parser keeps the memory of the one before. */
static int parse_many(struct bt_json *j, unsigned n)
{
	struct bt_buf b = BT_BUF_INIT;
	int rc;

	bt_buf_char(&b, '{');
	for (unsigned i = 0; i < n; i++)
		bt_buf_printf(&b, "%s\"k%u\":%u", i ? "," : "", i, i);
	bt_buf_char(&b, '}');
	rc = parse(j, b.data, b.len);
	bt_buf_free(&b);
	return rc;
}

static void test_many_fields(void)
{
	struct bt_json j = BT_JSON_INIT;

	CHECK_EQ(parse_many(&j, BT_JSON_FIELDS_MAX), 0);
	CHECK_EQ(j.n, BT_JSON_FIELDS_MAX);
	CHECK_EQ(parse_many(&j, BT_JSON_FIELDS_MAX + 1), -EINVAL);
	CHECK_EQ(parse_many(&j, 3), 0);
	CHECK_EQ(j.n, 3);
	bt_json_free(&j);
}

static void test_unescape(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" }, { "plain", "plain" }, { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
		{ "\\u0041\\u00e9\\u20AC", "A\u00e9\u20ac" }, { "\\uD83D\\uDE00!", "\U0001f600!" },
		{ "\\uDBFF\\uDFFF", "\U0010ffff" }, { "\\uD83D", "\ufffd" }, { "\\uDE00x", "\ufffdx" },
		{ "\\uD83D\\u0041", "\ufffdA" }, { "\\uD83D\\uD83D\\uDE00", "\ufffd\U0001f600" },
		{ "a\\\\u0041", "a\\u0041" },
	};
	char out[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_EQ(bt_json_unescape(cases[i].text, strlen(cases[i].text), out), strlen(cases[i].want));
		CHECK_STR(out, cases[i].want);
	}
	CHECK_EQ(bt_json_unescape("a\\u0000b", 8, out), 3);
	CHECK(!memcmp(out, "a\0b", 4));
}

static void test_compare_keys(void)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{ "", "", 0 }, { "a", "a", 0 }, { "a", "b", -1 }, { "a", "ab", -1 }, { "\\u0061", "a", 0 },
		{ "\\u0061b", "a", 1 },
		{ "a\\n", "a\\u000a", 0 }, { "\xc3\xa9", "\\u00e9", 0 }, { "z", "\\u00e9", -1 }, { "\\u00e9", "z", 1 },
		{ "\\ta", "", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_json_field a = { .key = cases[i].a, .key_len = (uint32_t)strlen(cases[i].a) };
		struct bt_json_field b = { .key = cases[i].b, .key_len = (uint32_t)strlen(cases[i].b) };
		int order;

		a.key_escaped = strchr(a.key, '\\') != NULL;
		b.key_escaped = strchr(b.key, '\\') != NULL;
		order = bt_json_compare_keys(&a, &b);
		CHECK_EQ((order > 0) - (order < 0), cases[i].order);
		order = bt_json_compare_keys(&b, &a);
		CHECK_EQ((order > 0) - (order < 0), -cases[i].order);
	}
}

static void check_integer(const char *text, __int128 want)
{
	struct bt_number n;

	CHECK_EQ(bt_json_number(text, strlen(text), &n), 0);
	CHECK(n.integer && n.i == want);
	CHECK(n.f == strtod(text, NULL) && !signbit(n.f) == (text[0] != '-'));
}

static void test_integers(void)
{
	__int128 top = (__int128)(~(unsigned __int128)0 >> 1);
	struct bt_number n;

	check_integer("0", 0);
	check_integer("-0", 0);
	check_integer("1", 1);
	check_integer("9007199254740993", 9007199254740993);
	check_integer("9999999999999999999", 9999999999999999999u);
	check_integer("18446744073709551615", UINT64_MAX);
	check_integer("-18446744073709551616", -(__int128)UINT64_MAX - 1);
	check_integer("170141183460469231731687303715884105727", top);
	check_integer("-170141183460469231731687303715884105727", -top);
	CHECK_EQ(bt_json_number("170141183460469231731687303715884105728", 39, &n), 0);
	CHECK(!n.integer && n.f == 0x1p127);
	CHECK_EQ(bt_json_number("999999999999999999999999999999999999999", 39, &n), 0);
	CHECK(!n.integer && n.f == 1e39);
	CHECK_EQ(bt_json_number("1.0", 3, &n), 0);
	CHECK(!n.integer && n.f == 1);
	CHECK_EQ(bt_json_number("1e3", 3, &n), 0);
	CHECK(!n.integer && n.f == 1000);
}

/* Without a known answer: whatever strtod says. */
static void check_double(const char *text)
{
	double want = strtod(text, NULL);
	struct bt_number n;
	int rc = bt_json_number(text, strlen(text), &n);

	if (rc != (isinf(want) ? -ERANGE : 0) || n.f != want || !signbit(n.f) != !signbit(want))
		CHECK_STR("another number", text);
}

static void test_doubles(void)
{
	static const char *const cases[] = {
		"0.0", "-0.0", "0e5", "0.1", "-2.5", "1e22", "1e23", "9007199254740993.0", "9007199254740992.5", "1e308",
		"1e309", "-1e309",
		"1.7976931348623157e308", "1.7976931348623159e308", "4.9e-324", "2.4e-324", "2.5e-324", "1e-400",
		"1e99999999999999999999",
		"1e-99999999999999999999", "0e99999999999999999999", "2.2250738585072011e-308", "2.2250738585072014e-308",
		"0.000000000000000000000000000000001e33", "123456789012345678901234567890.5",
		"0.500000000000000166533453693773481063544750213623046875",
		"1.00000000000000011102230246251565404236316680908203125",
		"1.00000000000000011102230246251565404236316680908203124",
		"1.00000000000000011102230246251565404236316680908203126", "9214843084008499", "9214843084008499.5e0",
		"1E+5", "1e+00005",
	};
	struct bt_rng rng;
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_double(cases[i]);
	bt_rng_seed(&rng, 5);
	for (int i = 0; i < 300000; i++) {
		uint64_t bits = bt_rng_next(&rng), digits = bt_rng_next(&rng) >> bt_rng_below(&rng, 60);
		double v;

		memcpy(&v, &bits, sizeof(v));
		snprintf(text, sizeof(text), "%.*e", (int)bt_rng_below(&rng, 20), isfinite(v) ? v : 1.0);
		check_double(text);
		snprintf(text, sizeof(text), "%" PRIu64 "e%d", digits, (int)bt_rng_below(&rng, 60) - 30);
		check_double(text);
		snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, digits >> 20,
			bt_rng_next(&rng) >> bt_rng_below(&rng, 60));
		check_double(text);
	}
}

/* Nineteen digits that are fewer bits than the quotient needs: one in some thousand lies next to a half way point. */
static void test_near_half(void)
{
	struct bt_rng rng;
	char text[64];

	bt_rng_seed(&rng, 7);
	for (int i = 0; i < 200000; i++) {
		snprintf(text, sizeof(text), "0.%" PRIu64, 1000000000000000000u + bt_rng_below(&rng, 8999999999999999999u));
		check_double(text);
	}
}

static void test_what_fmt_writes(void)
{
	struct bt_rng rng;
	char text[BT_FMT_F64_MAX + 1];

	bt_rng_seed(&rng, 6);
	for (int i = 0; i < 300000; i++) {
		double v = (double)(bt_rng_next(&rng) >> bt_rng_below(&rng, 60)) / (double)(1 + (bt_rng_next(&rng) >> 40));
		size_t len = bt_fmt_f64(text, v);
		struct bt_number n;

		if (bt_json_number(text, len, &n) != 0 || n.f != v)
			CHECK_EQ(i, -1);
	}
}

/* The point half way between 1 and the next double, written with a million digits: the very last decides. */
static void test_long_numbers(void)
{
	static const char half[] = "1.00000000000000011102230246251565404236316680908203125";
	const size_t len = 1000000;
	char *text = malloc(len + 16);
	struct bt_number n;

	if (!text)
		abort();
	memset(text, '0', len);
	memcpy(text, half, sizeof(half) - 1);
	CHECK_EQ(bt_json_number(text, len, &n), 0);
	CHECK(n.f == 1.0);
	text[len - 1] = '1';
	CHECK_EQ(bt_json_number(text, len, &n), 0);
	CHECK(n.f == 1.0 + 0x1p-52);

	memset(text, '0', len);
	memcpy(text, "0.", 2);
	memcpy(text + len - 2, "15e1000000", 10);
	CHECK_EQ(bt_json_number(text, len + 8, &n), 0);
	CHECK(n.f == 1500.0);

	memset(text, '1', len);
	CHECK_EQ(bt_json_number(text, len, &n), -ERANGE);
	memcpy(text + len, "e-999999", 8);
	CHECK_EQ(bt_json_number(text, len + 8, &n), 0);
	CHECK(n.f == 1.1111111111111111111111);
	free(text);
}

static const struct unit_test tests[] = {
	{ "accepts what is JSON", test_accept },
	{ "rejects what is not", test_reject },
	{ "control bytes in strings", test_control_bytes },
	{ "finds the fields", test_fields },
	{ "says what is wrong and where", test_errors },
	{ "bounds the depth", test_depth },
	{ "bounds the number of fields", test_many_fields },
	{ "undoes escapes", test_unescape },
	{ "orders keys", test_compare_keys },
	{ "integers are exact to 127 bits", test_integers },
	{ "doubles are rounded as strtod does", test_doubles },
	{ "doubles next to a half way point", test_near_half },
	{ "reads back what fmt writes", test_what_fmt_writes },
	{ "numbers as long as a line", test_long_numbers },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
