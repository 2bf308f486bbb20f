/* SPDX-License-Identifier: ISC
 *
 * procmaps - the lines of /proc/PID/maps.
 */
#include <string.h>

#include "procmaps.h"

/* Digits and the byte after them, which must be `after`. Returns where it goes on, NULL if this is no number or p is NULL. */
static const char *take(const char *p, unsigned base, char after, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *start = p, *digit;

	*out = 0;
	if (!p)
		return NULL;
	for (; *p && (digit = memchr(digits, *p, base)); p++) {
		if (*out > UINT64_MAX / 16)
			return NULL;
		*out = *out * base + (uint64_t)(digit - digits);
	}
	return p > start && *p == after ? p + 1 : NULL;
}

/* "7f7143df5000-7f7143f4b000 r-xp 00026000 fe:00 332835       /usr/lib/libc.so.6", len bytes without newline. */
static bool split(const char *line, size_t len, struct bt_procmap *m)
{
	uint64_t major, minor;
	const char *p = take(line, 16, '-', &m->start);

	p = take(p, 16, ' ', &m->end);
	if (!p || strcspn(p, " \n") != 4 || p[4] != ' ')
		return false;
	m->exec = p[2] == 'x';
	p = take(p + 5, 16, ' ', &m->offset);
	p = take(p, 16, ':', &major);
	p = take(p, 16, ' ', &minor);
	if (!p)
		return false;
	m->dev = major << 32 | (uint32_t)minor;
	m->inode = 0;
	for (; *p >= '0' && *p <= '9'; p++)
		m->inode = m->inode * 10 + (uint64_t)(*p - '0');
	p += strspn(p, " ");
	m->path = p;
	m->path_len = len - (size_t)(p - line);
	return m->start < m->end;
}

const char *bt_procmaps_next(const char *text, struct bt_procmap *m)
{
	const char *next;
	size_t len;

	for (; *text; text = next) {
		len = strcspn(text, "\n");
		next = text + len + (text[len] == '\n');
		if (split(text, len, m))
			return next;
	}
	return NULL;
}
