/* SPDX-License-Identifier: ISC
 *
 * recread - fuzz target: any bytes as a file of records. The first byte sets the bound on a line, the rest is the file.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "recread.h"

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "fuzz: %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static bool inside(const char *p, size_t len, const char *line, size_t line_len)
{
	return p >= line && p <= line + line_len && len <= line_len - (size_t)(p - line);
}

/* The C library reads the same number. */
static void check_number(const struct bt_json_field *f)
{
	char *copy = strndup(f->val, f->val_len);
	struct bt_number v;
	double want;
	int rc;

	MUST(copy);
	want = strtod(copy, NULL);
	rc = bt_json_number(f->val, f->val_len, &v);
	MUST(rc == (isinf(want) ? -ERANGE : 0));
	MUST(v.f == want);
	MUST(!v.integer || (double)v.i == want);
	free(copy);
}

static void check_string(const char *text, size_t len, bool escaped)
{
	char *out = malloc(len + 1);
	size_t n;

	MUST(out);
	n = bt_json_unescape(text, len, out);
	MUST(n <= len && out[n] == '\0');
	MUST(escaped ? n < len : n == len && !memcmp(out, text, len));
	free(out);
}

/* What was passed over as a nested value is one on its own. */
static void check_nested(const struct bt_json_field *f)
{
	char *text = malloc(f->val_len + 6u);
	struct bt_json j = BT_JSON_INIT;

	MUST(text);
	memcpy(text, "{\"a\":", 5);
	memcpy(text + 5, f->val, f->val_len);
	text[f->val_len + 5] = '}';
	MUST(bt_json_parse(&j, text, f->val_len + 6u) == 0);
	MUST(j.n == 1 && j.fields[0].type == BT_JSON_NESTED && j.fields[0].val_len == f->val_len);
	bt_json_free(&j);
	free(text);
}

static void check_field(const struct bt_json_field *f, const char *line, size_t len)
{
	MUST(inside(f->key, f->key_len, line, len) && inside(f->val, f->val_len, line, len));
	check_string(f->key, f->key_len, f->key_escaped);
	if (f->type == BT_JSON_STRING)
		check_string(f->val, f->val_len, f->val_escaped);
	else if (f->type == BT_JSON_NUMBER)
		check_number(f);
	else if (f->type == BT_JSON_NESTED)
		check_nested(f);
}

/* A line that is an object is none without its last byte, nor with another one behind it. */
static void check_edges(const char *line, size_t len)
{
	char *copy = malloc(len + 1);
	struct bt_json j = BT_JSON_INIT;

	MUST(copy);
	memcpy(copy, line, len);
	copy[len] = 'x';
	MUST(bt_json_parse(&j, copy, len + 1) == -EINVAL);
	while (copy[len - 1] != '}')
		len--;
	MUST(bt_json_parse(&j, copy, len - 1) == -EINVAL);
	bt_json_free(&j);
	free(copy);
}

static void check_record(const struct bt_rec_in *r, const char *line, size_t len)
{
	const struct bt_span *spans = &r->run;
	char text[16];

	for (const struct bt_span *s = spans; s <= &r->values; s++) {
		MUST(!s->p || inside(s->p, s->len, line, len));
		MUST(bt_span_text(*s, text, sizeof(text)) < sizeof(text));
	}
	MUST((unsigned)r->kind < BT_KIND_COUNT && r->n_dims <= BT_REC_KEYS);
	MUST(!r->n || (r->has_dist && r->has_min && r->has_max));
	for (unsigned i = 0; i < r->n_dims; i++) {
		MUST(r->dims[i] >= r->json->fields && r->dims[i] < r->json->fields + r->json->n);
		MUST(r->dims[i]->type != BT_JSON_NULL && r->dims[i]->type != BT_JSON_NESTED);
		MUST(i == 0 || bt_json_compare_keys(r->dims[i - 1], r->dims[i]) < 0);
		MUST(bt_rec_dim_value(r->dims[i], text, sizeof(text)) < sizeof(text));
	}
}

static void check_line(struct bt_json *json, const char *line, size_t len)
{
	/* A copy of just its size: reading beyond it must be seen. */
	char *copy = malloc(len ? len : 1);
	const char *why = NULL;
	struct bt_rec_in r;
	int rc;

	MUST(copy);
	memcpy(copy, line, len);
	rc = bt_rec_parse(&r, json, copy, len, &why);
	MUST(rc == 0 || (rc == -EINVAL && why));
	if (rc == 0)
		check_record(&r, copy, len);
	if (!json->error) {
		for (size_t i = 0; i < json->n; i++)
			check_field(&json->fields[i], copy, len);
		check_edges(copy, len);
	}
	MUST(json->error_at <= len);
	free(copy);
}

/* The rest of the file, cut into lines the simple way. */
struct plain {
	const uint8_t *at, *end;
	uint64_t number;
	const uint8_t *line;
	size_t len;
};

static bool is_blank(const uint8_t *p, size_t len)
{
	for (; len > 0; p++, len--)
		if (*p != ' ' && *p != '\t' && *p != '\r')
			return false;
	return true;
}

/* The line that bt_lines_next should bring next; false at the end. */
static bool next_plain(struct plain *f, size_t line_max)
{
	while (f->at < f->end) {
		const uint8_t *newline = memchr(f->at, '\n', (size_t)(f->end - f->at)), *to = newline ? newline : f->end;

		f->line = f->at;
		f->at = newline ? newline + 1 : f->end;
		if (++f->number == 1 && to - f->line >= 3 && !memcmp(f->line, "\xef\xbb\xbf", 3))
			f->line += 3;
		if (to > f->line && to[-1] == '\r')
			to--;
		f->len = (size_t)(to - f->line);
		if (f->len > line_max || !is_blank(f->line, f->len))
			return true;
	}
	return false;
}

static void check_stream(struct bt_lines *l, struct bt_json *json, struct plain *want)
{
	const char *line;
	size_t len;
	int rc;

	while ((rc = bt_lines_next(l, &line, &len)) != BT_LINE_EOF) {
		MUST(rc == BT_LINE_OK || rc == BT_LINE_PARTIAL || rc == BT_LINE_TOO_LONG);
		MUST(next_plain(want, l->line_max));
		MUST(l->number == want->number);
		MUST((rc == BT_LINE_TOO_LONG) == (want->len > l->line_max));
		if (rc != BT_LINE_TOO_LONG) {
			MUST(len == want->len && !memcmp(line, want->line, len));
			check_line(json, line, len);
		}
	}
	MUST(!next_plain(want, l->line_max));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_lines l = { .name = "fuzz", .owned = true };
	struct plain want = { .at = data + 1, .end = data + size };
	struct bt_json json = BT_JSON_INIT;

	if (size == 0)
		return 0;
	l.line_max = data[0] < 'A' ? data[0] : BT_LINE_MAX;
	l.fd = memfd_create("fuzz", MFD_CLOEXEC);
	MUST(l.fd >= 0 && write(l.fd, data + 1, size - 1) == (ssize_t)(size - 1) && lseek(l.fd, 0, SEEK_SET) == 0);
	check_stream(&l, &json, &want);
	bt_lines_close(&l);
	bt_json_free(&json);
	return 0;
}

static const struct fuzz_seed seeds[] = {
	FUZZ_TEXT("Z{\"v\":1,\"kind\":\"result\",\"ts\":1763661234.123456,\"run\":\"7f3a9c21\",\"host\":\"db1\","
		"\"tool\":\"bdisk\","
		"\"test\":\"randread\",\"rep\":1,\"bs\":4096,\"qd\":32,\"metric\":\"lat\",\"unit\":\"ns\","
		"\"better\":\"lower\","
		"\"loop\":\"closed\",\"dur\":5.000,\"n\":380211,\"min\":31210,\"mean\":420.1e3,\"sd\":1,\"p50\":2,\"max\":3,"
		"\"hist\":\"HISTFAAA\"}\n"),
	FUZZ_TEXT("Z\xef\xbb\xbf{\"v\":1,\"kind\":\"sample\",\"metric\":\"cpu\",\"value\":0.5,\"b\":1,"
		"\"a\":\"\\u00e9\\ud83d\\ude00\"}\r\n\r\n"
		"{\"v\":1,\"kind\":\"end\",\"status\":\"ok\",\"records\":2}"),
	FUZZ_TEXT("\x14{\"a\":[1,{\"b\":[]},{}]}\nlonger than twenty bytes {}\n{\"a\\tb\":-0.5e-3}\n"),
	FUZZ_TEXT("Z{\"v\":1,\"kind\":\"agg\",\"values\":[1,2.5],\"n\":18446744073709551615,\"min\":1,\"max\":2,\"a\":null,"
		"\"a\":1,"
		"\"x\":170141183460469231731687303715884105727,"
		"\"y\":1.00000000000000011102230246251565404236316680908203125}\n"),
	{ NULL, 0 }
};
FUZZ_MAIN(seeds)
