/* SPDX-License-Identifier: ISC
 *
 * gzip - tests of lib/gzip.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "gzip.h"
#include "unit.h"

#define TRUNCATED "truncated gzip data"
#define CORRUPT   "corrupt gzip data"
#define GARBAGE   "garbage after gzip data ignored"

/* "one\n" as gzip -n makes it. */
#define MEMBER 24
static const unsigned char one[MEMBER] = {
	0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0xcf, 0x4b, 0xe5, 2, 0, 0x9f, 0xa8, 0x17, 0xf8, 4, 0, 0, 0,
};

/* Data that begins with a member, fed in pieces of piece bytes. The text goes to got (64 bytes), NUL-terminated. Returns
 * 0 or -errno, and *why. */
static ssize_t inflate_all(const unsigned char *data, size_t len, size_t piece, char *got, const char **why)
{
	size_t at = len < 2 ? len : piece < 2 ? 2 : piece, n = 0;
	struct bt_gunzip *g;
	ssize_t rc;

	if (at > len)
		at = len;
	g = bt_gunzip_new(data, at);
	for (;;) {
		size_t room;
		void *to;

		rc = bt_gunzip_take(g, got + n, 63 - n, why);
		if (rc > 0) {
			n += (size_t)rc;
			continue;
		}
		if (rc != -EAGAIN)
			break;
		to = bt_gunzip_room(g, &room);
		if (room > piece)
			room = piece;
		if (room > len - at)
			room = len - at;
		memcpy(to, data + at, room);
		at += room;
		bt_gunzip_fed(g, room);
	}
	CHECK_EQ(bt_gunzip_take(g, got + n, 63 - n, why), rc); /* an end stays one */
	bt_gunzip_free(g);
	got[n] = '\0';
	return rc;
}

/* The same in pieces of every size. */
static void check_data(const unsigned char *data, size_t len, const char *text, const char *want_why)
{
	char got[64];

	for (size_t piece = 1; piece <= len + 1; piece++) {
		const char *why = "unset";
		ssize_t rc = inflate_all(data, len, piece, got, &why);

		CHECK_EQ(rc, want_why ? -EBADMSG : 0);
		CHECK(want_why ? why && !strcmp(why, want_why) : !why);
		CHECK_STR(got, text);
	}
}

static void test_members(void)
{
	unsigned char data[3 * MEMBER];

	for (int i = 0; i < 3; i++)
		memcpy(data + i * MEMBER, one, MEMBER);
	check_data(data, MEMBER, "one\n", NULL);
	check_data(data, 2 * MEMBER, "one\none\n", NULL);
	check_data(data, 3 * MEMBER, "one\none\none\n", NULL);
}

static void test_behind(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text, *why;
	} cases[] = {
		{ "\0", 1, "one\n", NULL },
		{ "\0\0\0\0\0\0\0", 7, "one\n", NULL },
		{ "\0\0x", 3, "one\n", GARBAGE },
		{ "\0\x1f\x8b\x08", 4, "one\n", GARBAGE },
		{ "\n", 1, "one\n", GARBAGE },
		{ "{\"v\":1}\n", 8, "one\n", GARBAGE },
		{ "\x1f\x1f", 2, "one\n", GARBAGE },
		{ "\x1f", 1, "one\n", TRUNCATED },
		{ "\x1f\x8b", 2, "one\n", TRUNCATED },
		{ "\x1f\x8b\x07\0\0\0\0\0\0\x03", 10, "one\n", CORRUPT },
	};
	unsigned char data[MEMBER + 16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(data, one, MEMBER);
		memcpy(data + MEMBER, cases[i].bytes, cases[i].len);
		check_data(data, MEMBER + cases[i].len, cases[i].text, cases[i].why);
	}
}

/* Cut anywhere; only the checksum and the length say so when the text is whole. */
static void test_truncated(void)
{
	char got[64];

	for (size_t len = 2; len < MEMBER; len++) {
		const char *why = NULL;

		CHECK_EQ(inflate_all(one, len, 5, got, &why), -EBADMSG);
		CHECK(why && !strcmp(why, TRUNCATED));
		CHECK(!strncmp("one\n", got, strlen(got)));
		CHECK(len < MEMBER - 8 || strlen(got) == 4);
	}
}

/* Each bit of the data, the checksum and the length changed, once; the last six bits of the data only fill their byte. */
static void test_corrupt(void)
{
	unsigned char data[MEMBER];
	char got[64];

	for (size_t bit = 10 * 8; bit < MEMBER * 8; bit++) {
		const char *why = NULL;

		if (bit / 8 == MEMBER - 9 && bit % 8 >= 2)
			continue;
		memcpy(data, one, MEMBER);
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		CHECK_EQ(inflate_all(data, MEMBER, MEMBER, got, &why), -EBADMSG);
		CHECK(why && (!strcmp(why, CORRUPT) || !strcmp(why, TRUNCATED) || !strcmp(why, GARBAGE)));
	}
}

/* Blocks flushed by a writer that goes on are given out before more input is asked for. */
static void test_flushed(void)
{
	static const char *const texts[] = { "first\n", "second\n", "third\n" };
	struct bt_gunzip *g = NULL;
	unsigned char piece[128];
	const char *why;
	char got[64];
	z_stream z = { 0 };

	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	for (int i = 0; i < 3; i++) {
		size_t len, room, want = strlen(texts[i]);

		z.next_in = (unsigned char *)texts[i];
		z.avail_in = (uInt)want;
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		deflate(&z, Z_SYNC_FLUSH);
		len = sizeof(piece) - z.avail_out;
		if (!g) {
			g = bt_gunzip_new(piece, len);
		} else {
			memcpy(bt_gunzip_room(g, &room), piece, len);
			bt_gunzip_fed(g, len);
		}
		CHECK_EQ(bt_gunzip_take(g, got, sizeof(got), &why), want);
		CHECK(!memcmp(got, texts[i], want));
		CHECK_EQ(bt_gunzip_take(g, got, sizeof(got), &why), -EAGAIN);
	}
	deflateEnd(&z);
	bt_gunzip_free(g);
}

/* Bytes that hardly compress, more than any buffer holds. */
static void fill_noise(char *text, size_t len)
{
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (char)(x >> 24);
	}
}

/* Writes text to a new file in steps. Returns its descriptor. */
static int write_gzip(const char *text, size_t len, size_t step)
{
	char path[] = "/tmp/bt-unit-XXXXXX";
	struct bt_outfile file = { .fd = mkstemp(path) };
	struct bt_gzip *w = bt_gzip_new(&file);

	unlink(path);
	for (size_t at = 0; at < len; at += step)
		CHECK_EQ(bt_gzip_write(w, text + at, step < len - at ? step : len - at), 0);
	CHECK_EQ(bt_gzip_end(w), 0);
	bt_gzip_free(w);
	bt_gzip_free(NULL);
	return file.fd;
}

static void check_round(const char *text, size_t len, size_t step)
{
	int fd = write_gzip(text, len, step);
	size_t size = (size_t)lseek(fd, 0, SEEK_END), n = 0;
	unsigned char *data = malloc(size + 1);
	char *got = malloc(len + 1);
	struct bt_gunzip *g;
	const char *why;
	ssize_t rc;

	CHECK_EQ(pread(fd, data, size, 0), size);
	/* No flags, no time, no system. */
	CHECK(!memcmp(data, "\x1f\x8b\x08\0\0\0\0\0", 8) && data[9] == 255);
	g = bt_gunzip_new(data, size);
	while ((rc = bt_gunzip_take(g, got + n, len + 1 - n, &why)) > 0)
		n += (size_t)rc;
	if (rc == -EAGAIN) {
		bt_gunzip_fed(g, 0);
		rc = bt_gunzip_take(g, got, 1, &why);
	}
	CHECK_EQ(rc, 0);
	CHECK_EQ(n, len);
	CHECK(n == len && !memcmp(got, text, len));
	bt_gunzip_free(g);
	free(data);
	free(got);
	close(fd);
}

static void test_round(void)
{
	static const size_t sizes[] = { 0, 1, 1000, 16384, 300000 };
	char *text = malloc(300000);

	fill_noise(text, 300000);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check_round(text, sizes[i], 300000);
		check_round(text, sizes[i], 777);
	}
	memset(text, 'x', 300000);
	check_round(text, 300000, 300000);
	free(text);
}

static void test_write_error(void)
{
	struct bt_outfile file = { .fd = open("/dev/full", O_WRONLY) };
	struct bt_gzip *w = bt_gzip_new(&file);
	char *text = malloc(100000);

	fill_noise(text, 100000);
	CHECK_EQ(bt_gzip_write(w, text, 100000), -ENOSPC);
	CHECK_EQ(bt_gzip_write(w, text, 1), -ENOSPC);
	CHECK_EQ(bt_gzip_end(w), -ENOSPC);
	bt_gzip_free(w);
	free(text);
	close(file.fd);
}

static const struct unit_test tests[] = {
	{ "members one after the other are one text", test_members },
	{ "zero bytes behind are nothing, others an error found last", test_behind },
	{ "cut anywhere is truncated", test_truncated },
	{ "any bit changed is found", test_corrupt },
	{ "what was flushed comes at once", test_flushed },
	{ "what is written reads back, in a header without time and name", test_round },
	{ "a write error stays", test_write_error },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
