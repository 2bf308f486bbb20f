/* SPDX-License-Identifier: ISC
 *
 * schedstat - the scheduler's counters of a thread, from /proc.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"
#include "schedstat.h"

#define TEXT_MAX 4096       /* bytes of most status files */
#define LONG_MAX_TEXT (1u << 20) /* of those with thousands of groups */

/* The next of the numbers that are parted by one blank and ended by a newline or the end. */
static int take(const char **p, uint64_t *out)
{
	size_t len = strcspn(*p, " \n");
	char word[24];

	if (len >= sizeof(word))
		return -EINVAL;
	memcpy(word, *p, len);
	word[len] = '\0';
	*p += len + ((*p)[len] != '\0');
	return bt_num_u64(word, 0, UINT64_MAX, out) < 0 ? -EINVAL : 0;
}

static int take_field(const char *status, const char *key, uint64_t *out)
{
	char value[24];

	if (bt_src_field(status, key, value, sizeof(value)) < 0)
		return -EINVAL;
	return bt_num_u64(value, 0, UINT64_MAX, out) < 0 ? -EINVAL : 0;
}

/* The kernel writes a newline and a backslash in a name as \n and \\. */
static void unescape(char *name)
{
	char *to = name;

	for (const char *from = name; *from; from++) {
		if (from[0] == '\\' && (from[1] == 'n' || from[1] == '\\'))
			*to++ = *++from == 'n' ? '\n' : '\\';
		else
			*to++ = *from;
	}
	*to = '\0';
}

int bt_schedcount_times(struct bt_schedcount *c, const char *schedstat)
{
	struct bt_schedcount got = *c;

	if (take(&schedstat, &got.run_ns) < 0 || take(&schedstat, &got.wait_ns) < 0 || take(&schedstat, &got.slices) < 0 || *schedstat)
		return -EINVAL;
	*c = got;
	return 0;
}

int bt_schedstat_parse(struct bt_schedstat *s, const char *schedstat, const char *status)
{
	struct bt_schedcount c = { 0 };
	char state[4];

	if (bt_schedcount_times(&c, schedstat) < 0)
		return -EINVAL;
	if (take_field(status, "voluntary_ctxt_switches", &c.voluntary) < 0 ||
	    take_field(status, "nonvoluntary_ctxt_switches", &c.involuntary) < 0)
		return -EINVAL;
	s->count = c;
	s->pid = (uint32_t)bt_src_field_u64(status, "Tgid");
	bt_src_field(status, "State", state, sizeof(state));
	s->state = state[0];
	bt_src_field(status, "Name", s->comm, sizeof(s->comm));
	unescape(s->comm);
	return 0;
}

static int gone(int rc)
{
	return rc == -ENOENT ? -ESRCH : rc;
}

int bt_schedstat_read(struct bt_schedstat *s, const struct bt_src *src, uint32_t pid, uint32_t tid)
{
	char schedstat[96], status[TEXT_MAX], *whole;
	int rc = bt_src_read(src, schedstat, sizeof(schedstat), "/proc/%u/task/%u/schedstat", pid, tid);

	if (rc < 0)
		return gone(rc);
	rc = bt_src_read(src, status, sizeof(status), "/proc/%u/task/%u/status", pid, tid);
	if (rc < 0)
		return gone(rc);
	if (rc < TEXT_MAX - 1)
		return bt_schedstat_parse(s, schedstat, status);
	whole = bt_src_text(src, LONG_MAX_TEXT, "/proc/%u/task/%u/status", pid, tid);
	rc = whole ? bt_schedstat_parse(s, schedstat, whole) : -ESRCH;
	free(whole);
	return rc;
}

int bt_schedcount_since(const struct bt_schedcount *from, const struct bt_schedcount *to, struct bt_schedcount *d)
{
	if (to->run_ns < from->run_ns || to->wait_ns < from->wait_ns || to->slices < from->slices || to->voluntary < from->voluntary ||
	    to->involuntary < from->involuntary)
		return -ERANGE;
	*d = (struct bt_schedcount){
		.run_ns = to->run_ns - from->run_ns, .wait_ns = to->wait_ns - from->wait_ns, .slices = to->slices - from->slices,
		.voluntary = to->voluntary - from->voluntary, .involuntary = to->involuntary - from->involuntary,
	};
	return 0;
}

void bt_schedcount_add(struct bt_schedcount *sum, const struct bt_schedcount *d)
{
	sum->run_ns += d->run_ns;
	sum->wait_ns += d->wait_ns;
	sum->slices += d->slices;
	sum->voluntary += d->voluntary;
	sum->involuntary += d->involuntary;
}
