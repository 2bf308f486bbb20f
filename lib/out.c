/* SPDX-License-Identifier: ISC
 *
 * out - where a tool's records go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "out.h"

static void choose_run(char run[9])
{
	const char *inherited = getenv("BTOOLS_RUN");
	static const char hex[] = "0123456789abcdef";
	uint32_t number;

	if (inherited && strlen(inherited) == 8 && strspn(inherited, "0123456789abcdefABCDEF") == 8) {
		for (int i = 0; i < 9; i++)
			run[i] = inherited[i] >= 'A' && inherited[i] <= 'F' ? (char)(inherited[i] | 0x20) : inherited[i];
		return;
	}
	/* A kernel whose pool is not ready yet still has a clock. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = (uint32_t)time(NULL) ^ (uint32_t)getpid() << 16;
	for (int i = 0; i < 8; i++)
		run[i] = hex[number >> (28 - 4 * i) & 15];
	run[8] = '\0';
}

int bt_out_open(struct bt_out *out, const struct bt_out_opts *opts, const char *tool)
{
	bool to_stdout = !opts->path || strcmp(opts->path, "-") == 0;
	int rc;

	memset(out, 0, sizeof(*out));
	out->format = opts->format;
	if (out->format == BT_FORMAT_AUTO)
		out->format = to_stdout && isatty(STDOUT_FILENO) ? BT_FORMAT_TEXT : BT_FORMAT_JSON;
	rc = bt_outfile_open(&out->file, opts->path);
	if (rc < 0)
		return rc;
	choose_run(out->source.run);
	if (gethostname(out->source.host, sizeof(out->source.host) - 1) < 0 || !out->source.host[0])
		memcpy(out->source.host, "localhost", sizeof("localhost"));
	out->source.tool = tool;
	out->source.tag_names = opts->tag_names;
	out->source.tag_values = opts->tag_values;
	out->source.n_tags = opts->n_tags;
	bt_rec_source_prepare(&out->source);
	out->text.source = &out->source;
	return 0;
}

static int flush_held(struct bt_out *out)
{
	size_t len = out->held;

	out->held = 0;
	return len > 0 ? bt_outfile_write(&out->file, out->batch, len) : 0;
}

/* Whole lines. */
static int write_line(struct bt_out *out, const char *line, size_t len)
{
	int rc = 0;

	if (!out->holding)
		return bt_outfile_write(&out->file, line, len);
	if (out->held + len > sizeof(out->batch))
		rc = flush_held(out);
	memcpy(out->batch + out->held, line, len);
	out->held += len;
	return rc;
}

void bt_out_hold(struct bt_out *out)
{
	out->holding = out->format != BT_FORMAT_TEXT;
}

int bt_out_release(struct bt_out *out)
{
	int rc = flush_held(out);

	out->holding = false;
	if (out->error == 0)
		out->error = rc;
	return out->error;
}

static int write_json(struct bt_out *out, const struct bt_rec *r)
{
	char line[BT_REC_MAX];
	int len;

	/* zlib's memory is only taken by programs that do write histograms. */
	if (r->shape == BT_SHAPE_DIST && !out->codec)
		out->codec = bt_histcodec_new();
	len = bt_rec_json(r, &out->source, out->codec, line);
	return len < 0 ? len : write_line(out, line, (size_t)len);
}

static int write_tsv(struct bt_out *out, const struct bt_rec *r)
{
	char line[BT_REC_MAX];
	int len = bt_rec_tsv(r, &out->source, line), rc = 0;

	if (len < 0)
		return len;
	if (!out->tsv_header_done)
		rc = write_line(out, BT_REC_TSV_HEADER, sizeof(BT_REC_TSV_HEADER) - 1);
	out->tsv_header_done = true;
	return rc < 0 ? rc : write_line(out, line, (size_t)len);
}

static int write_text(struct bt_out *out, const struct bt_rec *r)
{
	struct bt_buf b = BT_BUF_INIT;
	int rc;

	bt_rectable_add(&out->text, &b, r);
	rc = b.failed ? -ENOMEM : bt_outfile_write(&out->file, b.data, b.len);
	bt_buf_free(&b);
	return rc;
}

int bt_out_rec(struct bt_out *out, struct bt_rec *r)
{
	int rc;

	if (out->error < 0)
		return out->error;
	if (r->ts_us == 0)
		r->ts_us = out->now_us ? out->now_us : bt_clock_wall_us();
	if (out->format == BT_FORMAT_JSON)
		rc = write_json(out, r);
	else if (out->format == BT_FORMAT_TSV)
		rc = write_tsv(out, r);
	else
		rc = write_text(out, r);
	if (rc == 0)
		out->records++;
	else if (rc == -EMSGSIZE)
		out->refused++;
	else
		out->error = rc;
	return rc;
}

int bt_out_raw(struct bt_out *out, const void *bytes, size_t len)
{
	if (out->error == 0)
		out->error = bt_outfile_write(&out->file, bytes, len);
	return out->error;
}

int bt_out_warn(struct bt_out *out, const char *code, const char *msg)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_WARN);
	bt_rec_str(&r, "code", code);
	bt_rec_str(&r, "msg", msg);
	return bt_out_rec(out, &r);
}

int bt_out_end(struct bt_out *out, const char *status, uint64_t elapsed_ns, uint64_t errors)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_END);
	bt_rec_str(&r, "status", status);
	bt_rec_u64(&r, "records", out->records);
	bt_rec_f64(&r, "elapsed", (double)elapsed_ns / 1e9);
	bt_rec_u64(&r, "errors", errors);
	if (out->refused > 0)
		bt_rec_u64(&r, "refused", out->refused);
	return bt_out_rec(out, &r);
}

int bt_out_close(struct bt_out *out)
{
	int rc = 0;

	/* What was written before the disk filled is whole lines and worth keeping; an empty file would be worth less than what
	 * it replaces. */
	if (out->error < 0 && out->records == 0)
		bt_outfile_abort(&out->file);
	else
		rc = bt_outfile_commit(&out->file);
	bt_histcodec_free(out->codec);
	out->codec = NULL;
	return out->error < 0 ? out->error : rc;
}
