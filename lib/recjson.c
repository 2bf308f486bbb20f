/* SPDX-License-Identifier: ISC
 *
 * recjson - encodes a record as one line of JSON.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "fmt.h"
#include "rec.h"

#define NUMBER_MAX 40 /* bytes: the longest number of any type */
#define TAIL_MAX 256  /* bytes: taint, lost and late, see put_quality() */

/* Where the next byte goes. end leaves room for the closing brace and the newline; full: something did not fit. */
struct enc {
	char *p, *end;
	bool full;
};

static inline bool room(struct enc *e, size_t len)
{
	if (__builtin_expect((size_t)(e->end - e->p) >= len, 1))
		return true;
	e->full = true;
	return false;
}

static inline void put(struct enc *e, const char *bytes, size_t len)
{
	if (!room(e, len))
		return;
	memcpy(e->p, bytes, len);
	e->p += len;
}

#define PUT(e, literal) put((e), (literal), sizeof(literal) - 1)

static void put_string(struct enc *e, const char *s, size_t len)
{
	char text[BT_REC_TEXT + 2];

	if ((size_t)(e->end - e->p) >= sizeof(text)) {
		e->p += bt_rec_string(e->p, BT_REC_TEXT, s, len);
		return;
	}
	/* Near the end of the line the string must still be whole, or cut where it always is. */
	put(e, text, bt_rec_string(text, BT_REC_TEXT, s, len));
}

static void put_u64(struct enc *e, uint64_t v)
{
	if (room(e, NUMBER_MAX))
		e->p += bt_fmt_u64(e->p, v);
}

static void put_f64(struct enc *e, double v)
{
	if (room(e, NUMBER_MAX))
		e->p += bt_fmt_f64(e->p, v);
}

/* Nanoseconds as seconds, exact, without needless zeros. */
static void put_seconds(struct enc *e, uint64_t ns)
{
	uint64_t rest = ns % 1000000000u;
	unsigned digits = 9;

	if (!room(e, NUMBER_MAX))
		return;
	e->p += bt_fmt_u64(e->p, ns / 1000000000u);
	if (rest == 0)
		return;
	for (; rest % 10 == 0; rest /= 10)
		digits--;
	*e->p++ = '.';
	for (unsigned i = digits; i-- > 0; rest /= 10)
		e->p[i] = (char)('0' + rest % 10);
	e->p += digits;
}

static void put_key_name(struct enc *e, const char *name)
{
	size_t len = strlen(name);

	if (!room(e, len + 4))
		return;
	*e->p++ = ',';
	*e->p++ = '"';
	memcpy(e->p, name, len);
	e->p += len;
	*e->p++ = '"';
	*e->p++ = ':';
}

static void put_key(struct enc *e, const struct bt_key *k)
{
	put_key_name(e, k->name);
	switch (k->type) {
	case BT_KEY_STR:
		put_string(e, k->str, k->len);
		break;
	case BT_KEY_RAW:
		put(e, k->str, k->len);
		break;
	case BT_KEY_U64:
		put_u64(e, k->u64);
		break;
	case BT_KEY_F64:
		put_f64(e, k->f64);
		break;
	case BT_KEY_BOOL:
		put(e, k->flag ? "true" : "false", k->flag ? 4 : 5);
		break;
	}
}

/* run, host and tool: the same in all records. */
static void put_source(struct enc *e, const struct bt_rec_source *src)
{
	PUT(e, ",\"run\":\"");
	put(e, src->run, strlen(src->run));
	PUT(e, "\",\"host\":");
	put_string(e, src->host, strlen(src->host));
	PUT(e, ",\"tool\":");
	put_string(e, src->tool, strlen(src->tool));
}

static void put_header(struct enc *e, const struct bt_rec *r, const struct bt_rec_source *src)
{
	const char *kind = bt_kind_name(r->kind);

	PUT(e, "{\"v\":1,\"kind\":\"");
	put(e, kind, strlen(kind));
	PUT(e, "\",\"ts\":");
	if (room(e, NUMBER_MAX))
		e->p += bt_fmt_time(e->p, r->ts_us);
	if (src->head_len > 0)
		put(e, src->head, src->head_len);
	else
		put_source(e, src);
	if (r->test) {
		PUT(e, ",\"test\":");
		put_string(e, r->test, strlen(r->test));
	}
	if (r->rep > 0) {
		PUT(e, ",\"rep\":");
		put_u64(e, r->rep);
	}
}

static bool has_key(const struct bt_rec *r, const char *name)
{
	for (unsigned i = 0; i < r->n_keys; i++)
		if (strcmp(r->keys[i].name, name) == 0)
			return true;
	return false;
}

/* Tags, without those whose name r uses itself: a key stands once in a record. */
static void put_tags(struct enc *e, const struct bt_rec *r, const struct bt_rec_source *src)
{
	bool clash = false;

	for (unsigned i = 0; i < src->n_tags && !clash; i++)
		clash = has_key(r, src->tag_names[i]);
	if (src->tags_len > 0 && !clash) {
		put(e, src->tags, src->tags_len);
		return;
	}
	for (unsigned i = 0; i < src->n_tags; i++) {
		if (has_key(r, src->tag_names[i]))
			continue;
		put_key_name(e, src->tag_names[i]);
		put_string(e, src->tag_values[i], strlen(src->tag_values[i]));
	}
}

void bt_rec_source_prepare(struct bt_rec_source *src)
{
	static const struct bt_rec none;
	struct enc e = { .p = src->head, .end = src->head + sizeof(src->head) };

	src->head_len = src->tags_len = 0;
	put_source(&e, src);
	src->head_len = e.full ? 0 : (uint32_t)(e.p - src->head);
	e = (struct enc){ .p = src->tags, .end = src->tags + sizeof(src->tags) };
	put_tags(&e, &none, src);
	src->tags_len = e.full ? 0 : (uint32_t)(e.p - src->tags);
}

static void put_measure_head(struct enc *e, const struct bt_rec *r)
{
	const char *better = bt_better_name(r->better);

	if (r->metric) {
		PUT(e, ",\"metric\":");
		put_string(e, r->metric, strlen(r->metric));
	}
	if (r->unit) {
		PUT(e, ",\"unit\":");
		put_string(e, r->unit, strlen(r->unit));
	}
	if (better) {
		PUT(e, ",\"better\":\"");
		put(e, better, strlen(better));
		PUT(e, "\"");
	}
	if (r->loop) {
		PUT(e, ",\"loop\":");
		put_string(e, r->loop, strlen(r->loop));
	}
	if (r->dur_ns > 0) {
		PUT(e, ",\"dur\":");
		put_seconds(e, r->dur_ns);
	}
}

static void put_value(struct enc *e, const struct bt_rec *r)
{
	PUT(e, ",\"value\":");
	if (r->integral)
		put_u64(e, r->value_u64);
	else
		put_f64(e, r->value_f64);
}

/* All of a distribution but its histogram. */
static void put_summary(struct enc *e, const struct bt_hist *h)
{
	static const double ranks[4] = { 50, 90, 99, 99.9 };
	uint64_t p[4];

	if (!h || h->n == 0) {
		PUT(e, ",\"n\":0,\"min\":null,\"mean\":null,\"sd\":null,\"p50\":null,\"p90\":null,\"p99\":null,\"p999\":null,"
		       "\"max\":null,\"sum\":null");
		return;
	}
	bt_hist_percentiles(h, ranks, p, 4);
	PUT(e, ",\"n\":");
	put_u64(e, h->n);
	PUT(e, ",\"min\":");
	put_u64(e, h->min);
	PUT(e, ",\"mean\":");
	put_f64(e, bt_hist_mean(h));
	PUT(e, ",\"sd\":");
	put_f64(e, bt_hist_sd(h));
	PUT(e, ",\"p50\":");
	put_u64(e, p[0]);
	PUT(e, ",\"p90\":");
	put_u64(e, p[1]);
	PUT(e, ",\"p99\":");
	put_u64(e, p[2]);
	PUT(e, ",\"p999\":");
	put_u64(e, p[3]);
	PUT(e, ",\"max\":");
	put_u64(e, h->max);
	PUT(e, ",\"sum\":");
	if (room(e, NUMBER_MAX))
		e->p += bt_fmt_i128(e->p, (__int128)h->sum);
}

/* Put digits and hist if they leave tail bytes free. Returns false when the histogram is too big; nothing is put then. */
static bool put_hist(struct enc *e, struct bt_histcodec *codec, const struct bt_hist *h, size_t tail)
{
	char *start = e->p;
	int len;

	if ((size_t)(e->end - e->p) < tail + sizeof(",\"digits\":3,\"hist\":\"\""))
		return false;
	PUT(e, ",\"digits\":");
	*e->p++ = (char)('0' + h->digits);
	PUT(e, ",\"hist\":\"");
	len = bt_hist_encode(codec, h, e->p, (size_t)(e->end - e->p) - tail - 1);
	if (len < 0) {
		e->p = start;
		return false;
	}
	e->p += len;
	*e->p++ = '"';
	return true;
}

/* The histogram with as many digits as fit, or none at all. */
static void fit_hist(struct enc *e, struct bt_histcodec *codec, const struct bt_hist *h, size_t tail)
{
	struct bt_hist coarse;
	unsigned digits = h->digits;
	bool done = put_hist(e, codec, h, tail);

	if (done || digits <= 1)
		return;
	bt_hist_init(&coarse, digits);
	if (bt_hist_merge(&coarse, h) == 0)
		while (!done && digits > 1 && bt_hist_reduce(&coarse, --digits) == 0)
			done = put_hist(e, codec, &coarse, tail);
	bt_hist_free(&coarse);
}

/* What a reader must know to trust the numbers. A histogram that clamped or lost values says so here by itself. */
static void put_quality(struct enc *e, const struct bt_rec *r)
{
	const struct bt_hist *h = r->shape == BT_SHAPE_DIST ? r->hist : NULL;
	uint64_t lost = r->lost + (h ? h->dropped : 0);
	unsigned taint = r->taint | (h && (h->clamped || h->dropped) ? BT_TAINT_OVERFLOW : 0);
	char text[BT_TAINT_TEXT_MAX];
	size_t len = taint ? bt_taint_text(taint, text) : 0;

	if (len > 0) {
		PUT(e, ",\"taint\":\"");
		put(e, text, len);
		PUT(e, "\"");
	}
	if (lost > 0) {
		PUT(e, ",\"lost\":");
		put_u64(e, lost);
	}
	if (r->late_ns > 0) {
		PUT(e, ",\"late\":");
		put_u64(e, r->late_ns);
	}
}

static void put_measurement(struct enc *e, const struct bt_rec *r, struct bt_histcodec *codec)
{
	char tail[TAIL_MAX];
	struct enc t = { .p = tail, .end = tail + sizeof(tail) };

	put_measure_head(e, r);
	if (r->shape == BT_SHAPE_VALUE)
		put_value(e, r);
	else if (r->shape == BT_SHAPE_DIST)
		put_summary(e, r->hist);
	if (r->shape == BT_SHAPE_FIGURES) {
		PUT(e, ",");
		put(e, r->figures, r->figures_len);
	}
	put_quality(&t, r);
	if (r->shape == BT_SHAPE_DIST && r->hist && r->hist->n > 0 && codec)
		fit_hist(e, codec, r->hist, (size_t)(t.p - tail));
	put(e, tail, (size_t)(t.p - tail));
}

int bt_rec_json(const struct bt_rec *r, const struct bt_rec_source *src, struct bt_histcodec *codec, char out[BT_REC_MAX])
{
	struct enc e = { .p = out, .end = out + BT_REC_MAX - 2, .full = r->too_many };

	put_header(&e, r, src);
	for (unsigned i = 0; i < r->n_keys; i++)
		put_key(&e, &r->keys[i]);
	if (src->n_tags > 0)
		put_tags(&e, r, src);
	put_measurement(&e, r, codec);
	if (e.full)
		return -EMSGSIZE;
	*e.p++ = '}';
	*e.p++ = '\n';
	return (int)(e.p - out);
}
