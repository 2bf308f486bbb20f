/* SPDX-License-Identifier: ISC
 *
 * jsonpath - values within nested JSON.
 */
#include "buf.h"
#include "jsonpath.h"
#include "unit.h"

static const struct {
	const char *json, *path, *value; /* NULL: there is none */
	enum bt_json_type type;
} cases[] = {
	{ "{\"a\":1}", "a", "1", BT_JSON_NUMBER },
	{ "{\"a\":1}", "b", NULL, BT_JSON_NULL },
	{ "{\"a\":{\"b\":2}}", "a.b", "2", BT_JSON_NUMBER },
	{ "{\"a\":{\"b\":2},\"a.b\":3}", "a.b", "3", BT_JSON_NUMBER },
	{ "{\"a\":[{\"b\":4},{\"b\":5}]}", "a.1.b", "5", BT_JSON_NUMBER },
	{ "{\"a\":[{\"b\":4},{\"b\":5}]}", "a.2.b", NULL, BT_JSON_NULL },
	{ "{\"a\":[[1,2],[3]]}", "a.0.1", "2", BT_JSON_NUMBER },
	{ "{\"a\":[1]}", "a.00", NULL, BT_JSON_NULL },
	{ "{\"a\":[1]}", "a.-1", NULL, BT_JSON_NULL },
	{ "{\"a\":[]}", "a.0", NULL, BT_JSON_NULL },
	{ "{\"a\":{}}", "a.0", NULL, BT_JSON_NULL },
	{ "{\"a\":{\"0\":7}}", "a.0", "7", BT_JSON_NUMBER },
	{ " { \"a\" : { \"x\" : [ 1 , { \"y\" : 2 } ] , \"b\" : -1.5e3 } } ", "a.b", "-1.5e3", BT_JSON_NUMBER },
	{ " { \"a\" : { \"x\" : [ 1 , { \"y\" : 2 } ] , \"b\" : -1.5e3 } } ", "a.x.1.y", "2", BT_JSON_NUMBER },
	{ "{\"a\":{\"b\":\"x\\\"}],\",\"c\":6}}", "a.c", "6", BT_JSON_NUMBER },
	{ "{\"a\":{\"b\":\"x\\\"}],\",\"c\":6}}", "a.b", "x\\\"}],", BT_JSON_STRING },
	{ "{\"a\":{\"\\u0062\":8}}", "a.b", "8", BT_JSON_NUMBER },
	{ "{\"a\":{\"b\":1,\"b\":9}}", "a.b", "9", BT_JSON_NUMBER },
	{ "{\"a\":{\"b\":true,\"c\":false,\"d\":null}}", "a.b", "true", BT_JSON_TRUE },
	{ "{\"a\":{\"b\":true,\"c\":false,\"d\":null}}", "a.c", "false", BT_JSON_FALSE },
	{ "{\"a\":{\"b\":true,\"c\":false,\"d\":null}}", "a.d", "null", BT_JSON_NULL },
	{ "{\"a\":{\"b\":{\"c\":1}}}", "a.b", "{\"c\":1}", BT_JSON_NESTED },
	{ "{\"a\":5}", "a.b", NULL, BT_JSON_NULL },
	{ "{\"a\":\"{\\\"b\\\":1}\"}", "a.b", NULL, BT_JSON_NULL },
	{ "{\"\":{\"\":3}}", ".", "3", BT_JSON_NUMBER },
	{ "{\"\":{\"a\":3}}", ".a", "3", BT_JSON_NUMBER },
	{ "{\"a\":{\"\":3}}", "a.", "3", BT_JSON_NUMBER },
	{ "{\"a\":3}", "", NULL, BT_JSON_NULL },
};

static void test_cases(void)
{
	struct bt_json json = BT_JSON_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_json_field f;
		char text[64] = "";
		bool found;

		CHECK_EQ(bt_json_parse(&json, cases[i].json, strlen(cases[i].json)), 0);
		found = bt_json_path(&json, cases[i].path, &f);
		CHECK_EQ(found, cases[i].value != NULL);
		if (!found || !cases[i].value)
			continue;
		memcpy(text, f.val, f.val_len < sizeof(text) - 1 ? f.val_len : sizeof(text) - 1);
		CHECK_STR(text, cases[i].value);
		CHECK_EQ(f.type, cases[i].type);
	}
	bt_json_free(&json);
}

/* As deep as the parser lets it be. */
static void test_deep(void)
{
	struct bt_buf line = BT_BUF_INIT, path = BT_BUF_INIT;
	struct bt_json json = BT_JSON_INIT;
	struct bt_json_field f;
	int depth = BT_JSON_DEPTH - 2;

	bt_buf_str(&line, "{\"a\":");
	bt_buf_fill(&line, '[', (size_t)depth);
	bt_buf_char(&line, '1');
	bt_buf_fill(&line, ']', (size_t)depth);
	bt_buf_char(&line, '}');
	bt_buf_char(&path, 'a');
	for (int i = 0; i < depth; i++)
		bt_buf_str(&path, ".0");
	CHECK_EQ(bt_json_parse(&json, line.data, line.len), 0);
	CHECK(bt_json_path(&json, bt_buf_cstr(&path), &f) && f.type == BT_JSON_NUMBER);
	bt_buf_free(&line);
	bt_buf_free(&path);
	bt_json_free(&json);
}

static const struct unit_test tests[] = {
	{ "paths", test_cases },
	{ "the deepest nesting", test_deep },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
