/* SPDX-License-Identifier: ISC
 *
 * src - kernel text files below a root prefix, so that everything read from /proc and /sys can come from a fixture.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "num.h"
#include "src.h"

static int make_path(const struct bt_src *s, char path[PATH_MAX], const char *fmt, va_list args)
{
	size_t root = strlen(s->root);
	int len;

	if (root >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, s->root, root);
	len = vsnprintf(path + root, PATH_MAX - root, fmt, args);
	if (len < 0)
		return -EINVAL;
	return (size_t)len < PATH_MAX - root ? 0 : -ENAMETOOLONG;
}

static int open_path(const struct bt_src *s, const char *fmt, va_list args)
{
	char path[PATH_MAX];
	int fd, rc = make_path(s, path, fmt, args);

	if (rc < 0)
		return rc;
	/* A fixture may hold anything: without O_NONBLOCK a FIFO in it would hang us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Up to cap bytes of fd. Returns the count or -errno. */
static ssize_t read_up_to(int fd, char *buf, size_t cap)
{
	size_t len = 0;
	ssize_t got;

	while (len < cap) {
		got = read(fd, buf + len, cap - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

static int read_path(const struct bt_src *s, char *buf, size_t cap, const char *fmt, va_list args)
{
	int fd = open_path(s, fmt, args);
	ssize_t len;

	buf[0] = '\0';
	if (fd < 0)
		return fd;
	len = read_up_to(fd, buf, cap - 1 < INT_MAX ? cap - 1 : INT_MAX);
	close(fd);
	buf[len > 0 ? len : 0] = '\0';
	return (int)len;
}

int bt_src_read(const struct bt_src *s, char *buf, size_t cap, const char *path_fmt, ...)
{
	va_list args;
	int rc;

	va_start(args, path_fmt);
	rc = read_path(s, buf, cap, path_fmt, args);
	va_end(args);
	return rc;
}

/* Cut buf after its first line and the blanks at that line's end. Returns the length. */
static size_t keep_line(char *buf)
{
	size_t len = strcspn(buf, "\n");

	while (len && (buf[len - 1] == ' ' || buf[len - 1] == '\t' || buf[len - 1] == '\r'))
		len--;
	buf[len] = '\0';
	return len;
}

int bt_src_line(const struct bt_src *s, char *buf, size_t cap, const char *path_fmt, ...)
{
	va_list args;
	int rc;

	va_start(args, path_fmt);
	rc = read_path(s, buf, cap, path_fmt, args);
	va_end(args);
	return rc < 0 ? rc : (int)keep_line(buf);
}

int bt_src_u64(const struct bt_src *s, uint64_t *out, const char *path_fmt, ...)
{
	char text[64];
	va_list args;
	uint64_t v;
	size_t len;
	bool kilo;
	int rc;

	va_start(args, path_fmt);
	rc = read_path(s, text, sizeof(text), path_fmt, args);
	va_end(args);
	if (rc < 0)
		return rc;
	len = strcspn(text, " \t\r\n");
	kilo = len && text[len - 1] == 'K';
	text[len - kilo] = '\0';
	if (bt_num_u64(text, 0, kilo ? UINT64_MAX / 1024 : UINT64_MAX, &v) < 0)
		return -EINVAL;
	*out = kilo ? v * 1024 : v;
	return 0;
}

bool bt_src_exists(const struct bt_src *s, const char *path_fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	int rc;

	va_start(args, path_fmt);
	rc = make_path(s, path, path_fmt, args);
	va_end(args);
	return rc == 0 && access(path, F_OK) == 0;
}

/* All of fd in fresh memory that grows as needed: most files are much smaller than max. */
static char *read_all(int fd, size_t max)
{
	size_t cap = 0, len = 0;
	char *text = NULL, *more;
	ssize_t got;

	do {
		cap = cap ? cap * 2 : 8192;
		if (cap > max)
			cap = max;
		more = realloc(text, cap + 1);
		got = more ? read_up_to(fd, more + len, cap - len) : -ENOMEM;
		if (got < 0) {
			free(more ? more : text);
			return NULL;
		}
		text = more;
		len += (size_t)got;
	} while (len == cap && cap < max);
	text[len] = '\0';
	return text;
}

char *bt_src_text(const struct bt_src *s, size_t max, const char *path_fmt, ...)
{
	va_list args;
	char *text;
	int fd;

	va_start(args, path_fmt);
	fd = open_path(s, path_fmt, args);
	va_end(args);
	if (fd < 0)
		return NULL;
	text = read_all(fd, max);
	close(fd);
	return text;
}

size_t bt_src_list(const struct bt_src *s, uint32_t max, uint32_t *out, size_t cap, const char *path_fmt, ...)
{
	char text[4096];
	va_list args;
	int n;

	va_start(args, path_fmt);
	n = read_path(s, text, sizeof(text), path_fmt, args);
	va_end(args);
	if (n <= 0)
		return 0;
	keep_line(text);
	n = bt_num_list(text, max, out, cap);
	return n > 0 ? (size_t)n : 0;
}

int bt_src_field(const char *text, const char *key, char *out, size_t cap)
{
	size_t key_len = strlen(key), len;
	const char *line, *value;

	out[0] = '\0';
	for (line = text; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (len <= key_len || strncmp(line, key, key_len) != 0 || !strchr(" \t:", line[key_len]))
			continue;
		value = line + key_len + strspn(line + key_len, " \t");
		value += *value == ':';
		value += strspn(value, " \t");
		len -= (size_t)(value - line);
		if (len > cap - 1)
			len = cap - 1;
		memcpy(out, value, len);
		out[len] = '\0';
		return (int)keep_line(out);
	}
	return -ENOENT;
}

uint64_t bt_src_field_u64(const char *text, const char *key)
{
	char value[32];
	uint64_t v = 0;

	bt_src_field(text, key, value, sizeof(value));
	value[strcspn(value, " \t")] = '\0';
	bt_num_u64(value, 0, UINT64_MAX, &v);
	return v;
}

size_t bt_src_copy(char *out, size_t cap, const char *s)
{
	size_t len = strnlen(s, cap - 1);

	memcpy(out, s, len);
	out[len] = '\0';
	return len;
}
