/* SPDX-License-Identifier: ISC
 *
 * gzip - inflates and deflates gzip data (RFC 1952) piece by piece, as it comes.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "gzip.h"

#define INPUT 65536u         /* bytes, what a pipe holds */
#define OUTPUT 16384u        /* bytes of one write(2) */
#define GZIP_ONLY (15 + 16)  /* window bits: the largest window, and a gzip header instead of zlib's */
#define OS_UNKNOWN 255

/* MEMBER: inside one. BETWEEN: one has ended. PADDING: a zero byte has come after it. ENDED: nothing more will. */
enum state { MEMBER, BETWEEN, PADDING, ENDED };

struct bt_gunzip {
	z_stream z; /* its input is a part of in */
	enum state state;
	bool eof;
	const char *why; /* of the error found, NULL: none */
	size_t cap;      /* of in, bytes */
	unsigned char in[];
};

struct bt_gzip {
	z_stream z;
	gz_header header;
	struct bt_outfile *file;
	int error; /* the first, or 0 */
	unsigned char out[OUTPUT];
};

bool bt_gunzip_is(const void *head)
{
	return !memcmp(head, "\x1f\x8b", 2);
}

struct bt_gunzip *bt_gunzip_new(const void *head, size_t len)
{
	size_t cap = len > INPUT ? len : INPUT;
	struct bt_gunzip *g = malloc(sizeof(*g) + cap);

	if (!g)
		return NULL;
	memset(g, 0, sizeof(*g));
	g->cap = cap;
	if (inflateInit2(&g->z, GZIP_ONLY) != Z_OK) {
		free(g);
		return NULL;
	}
	memcpy(g->in, head, len);
	g->z.next_in = g->in;
	g->z.avail_in = (uInt)len;
	return g;
}

void bt_gunzip_free(struct bt_gunzip *g)
{
	if (g)
		inflateEnd(&g->z);
	free(g);
}

void *bt_gunzip_room(struct bt_gunzip *g, size_t *cap)
{
	memmove(g->in, g->z.next_in, g->z.avail_in);
	g->z.next_in = g->in;
	*cap = g->cap - g->z.avail_in;
	return g->in + g->z.avail_in;
}

void bt_gunzip_fed(struct bt_gunzip *g, size_t len)
{
	g->z.avail_in += (uInt)len;
	g->eof = len == 0;
}

static ssize_t refuse(struct bt_gunzip *g, const char *why)
{
	g->why = why;
	g->state = ENDED;
	return -EBADMSG;
}

/* Input is used up. */
static ssize_t want_more(struct bt_gunzip *g)
{
	return g->eof ? refuse(g, "truncated gzip data") : -EAGAIN;
}

/* Returns as bt_gunzip_take; 0 when the member has ended without giving anything. */
static ssize_t inflate_member(struct bt_gunzip *g, void *out, size_t cap)
{
	uInt room = cap > INT32_MAX ? INT32_MAX : (uInt)cap;
	ssize_t got;
	int rc;

	g->z.next_out = out;
	g->z.avail_out = room;
	rc = inflate(&g->z, Z_SYNC_FLUSH);
	got = room - g->z.avail_out;
	if (rc == Z_STREAM_END)
		g->state = BETWEEN;
	else if (rc == Z_MEM_ERROR)
		return -ENOMEM;
	else if (rc != Z_OK && rc != Z_BUF_ERROR)
		refuse(g, "corrupt gzip data");
	else if (got == 0)
		return want_more(g);
	return got;
}

/* Whether another member follows. Returns 0 when that is settled, or as bt_gunzip_take. */
static ssize_t look_behind(struct bt_gunzip *g)
{
	const unsigned char *p = g->z.next_in;

	if (g->z.avail_in == 0) {
		if (g->eof)
			g->state = ENDED;
		return g->eof ? 0 : -EAGAIN;
	}
	if (p[0] == 0) {
		g->state = PADDING;
		g->z.next_in++;
		g->z.avail_in--;
		return 0;
	}
	if (g->state == PADDING || p[0] != 0x1f || (g->z.avail_in > 1 && !bt_gunzip_is(p)))
		return refuse(g, "garbage after gzip data ignored");
	if (g->z.avail_in == 1)
		return want_more(g);
	g->state = MEMBER;
	return inflateReset(&g->z) == Z_OK ? 0 : -ENOMEM;
}

ssize_t bt_gunzip_take(struct bt_gunzip *g, void *out, size_t cap, const char **why)
{
	ssize_t rc = 0;

	while (rc == 0 && g->state != ENDED)
		rc = g->state == MEMBER ? inflate_member(g, out, cap) : look_behind(g);
	if (rc == 0 && g->why)
		rc = -EBADMSG;
	*why = rc == -EBADMSG ? g->why : NULL;
	return rc;
}

struct bt_gzip *bt_gzip_new(struct bt_outfile *file)
{
	struct bt_gzip *w = malloc(sizeof(*w));

	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->file = file;
	w->header.os = OS_UNKNOWN;
	if (deflateInit2(&w->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_ONLY, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(w);
		return NULL;
	}
	deflateSetHeader(&w->z, &w->header);
	w->z.next_out = w->out;
	w->z.avail_out = OUTPUT;
	return w;
}

void bt_gzip_free(struct bt_gzip *w)
{
	if (w)
		deflateEnd(&w->z);
	free(w);
}

static void drain(struct bt_gzip *w)
{
	w->error = bt_outfile_write(w->file, w->out, OUTPUT - w->z.avail_out);
	w->z.next_out = w->out;
	w->z.avail_out = OUTPUT;
}

int bt_gzip_write(struct bt_gzip *w, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	while (len > 0 && w->error == 0) {
		uInt piece = len > INT32_MAX ? INT32_MAX : (uInt)len;

		w->z.next_in = (unsigned char *)p;
		w->z.avail_in = piece;
		deflate(&w->z, Z_NO_FLUSH);
		p += piece - w->z.avail_in;
		len -= piece - w->z.avail_in;
		if (w->z.avail_out == 0)
			drain(w);
	}
	return w->error;
}

int bt_gzip_end(struct bt_gzip *w)
{
	int rc = Z_OK;

	while (rc != Z_STREAM_END && w->error == 0) {
		rc = deflate(&w->z, Z_FINISH);
		drain(w);
	}
	return w->error;
}
