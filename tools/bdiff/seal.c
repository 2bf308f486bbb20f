/* SPDX-License-Identifier: ISC
 *
 * seal - the first and the last line of an exported baseline.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "seal.h"

#define CRC_TEXT 9 /* bytes: 8 hexadecimal digits and NUL */

static void count_line(struct bdiff_seal *s, const char *line, size_t len)
{
	s->crc = (uint32_t)crc32_z(s->crc, (const unsigned char *)line, len);
	s->crc = (uint32_t)crc32_z(s->crc, (const unsigned char *)"\n", 1);
	s->lines++;
}

static void crc_text(char out[CRC_TEXT], uint32_t crc)
{
	snprintf(out, CRC_TEXT, "%08x", crc);
}

static bool is_first(const struct bt_rec_in *r)
{
	const struct bt_json_field *f = bt_json_find(r->json, "export");

	return r->kind == BT_KIND_META && bt_span_is(r->tool, "bdiff") && f && f->type == BT_JSON_TRUE;
}

static const struct bt_json_field *crc_of(const struct bt_rec_in *r)
{
	const struct bt_json_field *f = bt_json_find(r->json, "crc32");

	return r->kind == BT_KIND_END && bt_span_is(r->tool, "bdiff") && f && f->type == BT_JSON_STRING ? f : NULL;
}

static const char *check_last(const struct bdiff_seal *s, const struct bt_rec_in *r, const struct bt_json_field *crc)
{
	char want[CRC_TEXT], have[2 * CRC_TEXT];

	crc_text(want, s->crc);
	bt_rec_dim_value(crc, have, sizeof(have));
	if (!s->open)
		return "the beginning of the baseline is missing";
	if (r->records > s->lines)
		return "records of the baseline are missing";
	if (r->records < s->lines)
		return "the baseline has more records than it was written with";
	return strcmp(want, have) == 0 ? NULL : "the checksum does not match: the baseline has been changed";
}

int bdiff_seal_check(struct bdiff_seal *s, const struct bt_rec_in *r, const char *line, size_t len, const char **why)
{
	const struct bt_json_field *crc = r ? crc_of(r) : NULL;
	bool first = r && is_first(r);

	if (crc) {
		*why = check_last(s, r, crc);
		s->open = false;
		return *why ? -EBADMSG : 1;
	}
	if (first)
		*s = (struct bdiff_seal){ .open = true, .cut = s->cut || s->open };
	if (s->open)
		count_line(s, line, len);
	return first;
}

static void out(struct bdiff_sealer *s, const char *bytes, size_t len)
{
	if (s->error < 0 || len == 0)
		return;
	s->error = s->gzip ? bt_gzip_write(s->gzip, bytes, len) : bt_outfile_write(s->file, bytes, len);
}

static void flush(struct bdiff_sealer *s)
{
	out(s, s->buf, s->len);
	s->len = 0;
}

static void put(struct bdiff_sealer *s, const char *bytes, size_t len)
{
	if (len > sizeof(s->buf) - s->len)
		flush(s);
	if (len > sizeof(s->buf)) {
		out(s, bytes, len);
		return;
	}
	memcpy(s->buf + s->len, bytes, len);
	s->len += len;
}

void bdiff_sealer_line(struct bdiff_sealer *s, const char *line, size_t len)
{
	/* A line of a foreign producer may be longer than a record is. */
	if (len + 1 > sizeof(s->buf) - s->len)
		flush(s);
	put(s, line, len);
	put(s, "\n", 1);
	count_line(&s->seal, line, len);
}

static void own_line(struct bdiff_sealer *s, struct bt_rec *r)
{
	char line[BT_REC_MAX];
	int len;

	r->ts_us = s->ts_us;
	len = bt_rec_json(r, s->src, NULL, line);
	if (len < 0)
		s->error = s->error < 0 ? s->error : len;
	else
		bdiff_sealer_line(s, line, (size_t)len - 1);
}

void bdiff_sealer_begin(struct bdiff_sealer *s, struct bt_outfile *file, bool gzip, const struct bt_rec_source *src,
			int64_t ts_us)
{
	struct bt_rec r;

	s->file = file;
	s->gzip = gzip ? bt_gzip_new(file) : NULL;
	s->src = src;
	s->ts_us = ts_us;
	s->seal = (struct bdiff_seal){ .open = true };
	s->error = gzip && !s->gzip ? -ENOMEM : 0;
	s->len = 0;
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_rec_bool(&r, "export", true);
	own_line(s, &r);
}

int bdiff_sealer_end(struct bdiff_sealer *s)
{
	char crc[CRC_TEXT];
	struct bt_rec r;

	crc_text(crc, s->seal.crc);
	bt_rec_init(&r, BT_KIND_END);
	bt_rec_str(&r, "status", "ok");
	bt_rec_u64(&r, "records", s->seal.lines);
	bt_rec_u64(&r, "elapsed", 0);
	bt_rec_u64(&r, "errors", 0);
	bt_rec_str(&r, "crc32", crc);
	own_line(s, &r);
	flush(s);
	if (s->gzip && s->error == 0)
		s->error = bt_gzip_end(s->gzip);
	bt_gzip_free(s->gzip);
	return s->error;
}
