/* SPDX-License-Identifier: ISC
 *
 * proctask - the figures of a task from the texts of its files in /proc.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "proctask.h"

#define USER_HZ_NS 10000000u
#define WQ_WORKER 0x20u /* PF_WQ_WORKER */

/* The number at *p, behind blanks; *p moves behind it. One that is negative is 0, as far as it goes. */
static bool number(const char **p, uint64_t *out)
{
	const char *s = *p;
	uint64_t v = 0;
	bool negative;

	while (*s == ' ' || *s == '\t')
		s++;
	negative = *s == '-';
	s += negative;
	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	*p = s;
	*out = negative ? 0 : v;
	return true;
}

/* The kernel's own name for a worker, as everywhere but in /proc, ends before what it works on: "kworker/u8:0-events_unbound". */
static size_t worker_name(const char *name, size_t len)
{
	const char *colon = memchr(name, ':', len);
	size_t n = colon ? (size_t)(colon - name) : len;

	while (n < len && name[n] != '-' && name[n] != '+')
		n++;
	return n;
}

static void take_name(struct taskfig *f, const char *name, size_t len)
{
	if (f->flags & WQ_WORKER)
		len = worker_name(name, len);
	if (len > sizeof(f->comm) - 1)
		len = sizeof(f->comm) - 1;
	memset(f->comm, 0, sizeof(f->comm));
	memcpy(f->comm, name, len);
}

/* The fields from the fourth to the 24th, as proc(5) numbers them. The second one, the name in parentheses, may hold anything. */
int bt_proctask_stat(const char *text, uint32_t page_bytes, struct taskfig *f)
{
	const char *name = strchr(text, '('), *end = strrchr(text, ')'), *p = text;
	uint64_t v[25], tid;

	if (!name || !end || end < name || !number(&p, &tid) || p + 1 != name || tid > UINT32_MAX)
		return -EINVAL;
	p = end + 1;
	if (p[0] != ' ' || !p[1] || p[2] != ' ')
		return -EINVAL;
	p += 2;
	for (unsigned i = 4; i <= 24; i++)
		if (!number(&p, &v[i]))
			return -EINVAL;
	f->tid = (uint32_t)tid;
	f->zombie = end[2] == 'Z' || end[2] == 'X';
	f->ppid = (uint32_t)v[4];
	f->flags = (uint32_t)v[9];
	f->minor = v[10];
	f->major = v[12];
	f->user_ns = v[14] * USER_HZ_NS;
	f->sys_ns = v[15] * USER_HZ_NS;
	f->threads = (uint32_t)v[20];
	f->start_ns = v[22] * USER_HZ_NS;
	f->rss_bytes = v[24] * page_bytes;
	f->known |= TASKFIG_CPU | TASKFIG_FAULTS | TASKFIG_THREADS | TASKFIG_RSS;
	take_name(f, name + 1, (size_t)(end - name - 1));
	return 0;
}

int bt_proctask_schedstat(const char *text, struct taskfig *f)
{
	uint64_t run, wait;

	if (!number(&text, &run) || !number(&text, &wait))
		return -EINVAL;
	f->run_ns = run;
	f->wait_ns = wait;
	f->known |= TASKFIG_RUN | TASKFIG_WAIT;
	return 0;
}

/* The text behind "key:" at the beginning of a line; NULL: there is no such line. */
static const char *line_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, len) == 0 && p[len] == ':')
			return p + len + 1;
	}
	return NULL;
}

static bool line_number(const char *text, const char *key, uint64_t *out)
{
	const char *p = line_of(text, key);

	return p && number(&p, out);
}

int bt_proctask_io(const char *text, struct taskfig *f)
{
	uint64_t rchar, wchar, read_bytes, write_bytes;

	if (!line_number(text, "rchar", &rchar) || !line_number(text, "wchar", &wchar) ||
	    !line_number(text, "read_bytes", &read_bytes) || !line_number(text, "write_bytes", &write_bytes))
		return -EINVAL;
	f->read_chars = rchar;
	f->write_chars = wchar;
	f->read_bytes = read_bytes;
	f->write_bytes = write_bytes;
	f->known |= TASKFIG_IO;
	return 0;
}

/* The last one of the line is that of the innermost namespace. */
static uint32_t last_number(const char *p)
{
	uint64_t v = 0;

	while (p && number(&p, &v))
		;
	return v <= UINT32_MAX ? (uint32_t)v : 0;
}

int bt_proctask_status(const char *text, struct taskfig *f)
{
	uint64_t voluntary, involuntary;

	if (!line_number(text, "voluntary_ctxt_switches", &voluntary) || !line_number(text, "nonvoluntary_ctxt_switches", &involuntary))
		return -EINVAL;
	f->voluntary = voluntary;
	f->involuntary = involuntary;
	f->ns_tid = last_number(line_of(text, "NSpid"));
	f->known |= TASKFIG_SWITCHES;
	return 0;
}

int bt_proctask_pss(const char *text, uint64_t *bytes)
{
	uint64_t kib;

	if (!*text) {
		*bytes = 0; /* a kernel thread */
		return 0;
	}
	if (!line_number(text, "Pss", &kib) || kib > UINT64_MAX / 1024)
		return -EINVAL;
	*bytes = kib * 1024;
	return 0;
}
