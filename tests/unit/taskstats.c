/* SPDX-License-Identifier: ISC
 *
 * taskstats - unit tests of the kernel's accounting: its messages, made here, whole and broken.
 */
#include <errno.h>
#include <linux/acct.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdlib.h>

#include "rng.h"
#include "taskstats.h"
#include "unit.h"

#define SECOND 1000000000ull

struct seen {
	struct taskfig list[8];
	unsigned n;
};

static void take(void *arg, const struct taskfig *f)
{
	struct seen *s = arg;

	if (s->n < 8)
		s->list[s->n++] = *f;
}

static size_t put(char *at, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len) };

	memcpy(at, &a, sizeof(a));
	memcpy(at + NLA_HDRLEN, data, len);
	return (size_t)NLA_ALIGN(a.nla_len);
}

/* As the kernel sends it. */
static size_t message(char *out, const struct taskstats *s)
{
	uint32_t pid = s->ac_pid;
	char nest[1024];
	size_t len;

	memset(out, 0, NLMSG_LENGTH(GENL_HDRLEN));
	len = put(nest, TASKSTATS_TYPE_PID, &pid, sizeof(pid));
	len += put(nest + len, TASKSTATS_TYPE_NULL, "", 0);
	len += put(nest + len, TASKSTATS_TYPE_STATS, s, sizeof(*s));
	return NLMSG_LENGTH(GENL_HDRLEN) + put(out + NLMSG_LENGTH(GENL_HDRLEN), TASKSTATS_TYPE_AGGR_PID, nest, len);
}

static struct taskstats thread(uint32_t pid, uint32_t tid, bool last)
{
	struct taskstats s = { .version = TASKSTATS_VERSION, .ac_pid = tid, .ac_tgid = pid, .ac_ppid = 7, .ac_etime = 5000, .ac_utime = 3000,
			       .ac_stime = 1000, .ac_minflt = 20, .nvcsw = 4, .ac_exitcode = 0x300, .ac_flag = last ? AGROUP : 0 };

	memcpy(s.ac_comm, "x\n\xff", 3);
	return s;
}

static void feed(struct bt_taskstats *t, struct taskstats s, struct seen *seen, int want)
{
	char text[2048];
	size_t len = message(text, &s);

	CHECK_EQ(bt_taskstats_message(t, text, len, 10 * SECOND, take, seen), want);
}

static void test_one(void)
{
	static struct bt_taskstats t = { .fd = -1 };
	struct seen seen = { .n = 0 };
	const struct taskfig *f = seen.list;

	feed(&t, thread(11, 11, true), &seen, 0);
	CHECK_EQ(seen.n, 2);
	CHECK(f[0].kind == TASKFIG_THREAD && f[1].kind == TASKFIG_PROCESS);
	CHECK(f[1].pid == 11 && f[1].tid == 11 && f[1].ppid == 7 && f[1].threads == 1);
	CHECK_EQ(f[1].user_ns, 3000000);
	CHECK_EQ(f[1].sys_ns, 1000000);
	CHECK_EQ(f[1].start_ns, 10 * SECOND - 5000000);
	CHECK_EQ(f[1].end_ns, 10 * SECOND);
	CHECK(f[1].minor == 20 && f[1].voluntary == 4 && f[1].exit_code == 0x300);
	CHECK(strcmp(f[1].comm, "x\n\xff") == 0);
	CHECK(!(f[1].known & TASKFIG_WAIT)); /* the kernel was not asked to count it */
	bt_taskstats_close(&t);
}

static void test_threads(void)
{
	static struct bt_taskstats t = { .fd = -1 };
	struct seen seen = { .n = 0 };

	feed(&t, thread(11, 12, false), &seen, 0);
	feed(&t, thread(11, 11, false), &seen, 0);
	feed(&t, thread(20, 20, true), &seen, 0);
	feed(&t, thread(11, 13, true), &seen, 0);
	CHECK_EQ(seen.n, 6);
	CHECK(seen.list[3].kind == TASKFIG_PROCESS && seen.list[3].pid == 20 && seen.list[3].minor == 20);
	CHECK(seen.list[5].kind == TASKFIG_PROCESS && seen.list[5].pid == 11 && seen.list[5].tid == 11 && seen.list[5].minor == 60);
	CHECK_EQ(seen.list[5].user_ns, 9000000);
	CHECK_EQ(seen.list[5].threads, 0);
	CHECK_EQ(t.n_parts, 0);
	feed(&t, thread(30, 31, false), &seen, 0);
	CHECK_EQ(t.n_parts, 1);
	bt_taskstats_close(&t);
}

/* One whose structure is in another order. */
static void test_other_layout(void)
{
	static struct bt_taskstats t = { .fd = -1 };
	struct taskstats s = thread(11, 11, true);
	struct seen seen = { .n = 0 };
	char text[2048];
	size_t len = message(text, &s);
	uint32_t other = 12;

	memcpy(text + NLMSG_LENGTH(GENL_HDRLEN) + 2 * NLA_HDRLEN, &other, sizeof(other));
	CHECK_EQ(bt_taskstats_message(&t, text, len, 10 * SECOND, take, &seen), -EINVAL);
	CHECK_EQ(seen.n, 0);
	bt_taskstats_close(&t);
}

static void test_broken(void)
{
	static struct bt_taskstats t = { .fd = -1 };
	struct taskstats s = thread(11, 12, false);
	struct bt_rng rng;
	char text[2048];
	size_t whole = message(text, &s);

	bt_rng_seed(&rng, 1);
	for (unsigned i = 0; i < 20000; i++) {
		struct seen seen = { .n = 0 };
		size_t len = bt_rng_below(&rng, 2) ? whole : bt_rng_below(&rng, whole);
		char *copy = malloc(len + 1);

		memcpy(copy, text, len);
		for (unsigned k = 0; len > 0 && k < 3; k++)
			copy[bt_rng_below(&rng, bt_rng_below(&rng, 2) && len > 48 ? 48 : len)] = (char)bt_rng_next(&rng);
		copy = realloc(copy, len ? len : 1);
		(void)bt_taskstats_message(&t, copy, len, 10 * SECOND, take, &seen);
		free(copy);
	}
	bt_taskstats_close(&t);
}

static const struct unit_test tests[] = {
	{ "tells the end of a process", test_one },
	{ "puts threads together", test_threads },
	{ "sees that a structure is another one", test_other_layout },
	{ "survives broken messages", test_broken },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
