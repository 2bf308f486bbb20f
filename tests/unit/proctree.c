/* SPDX-License-Identifier: ISC
 *
 * proctree - unit tests of descent among processes, most of it below a root of its own.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "fixture.h"
#include "proctree.h"
#include "rng.h"
#include "unit.h"

#define MOST 4096

static char dir[64];
static const struct bt_src fixture = { dir };

static uint32_t seen[MOST];
static size_t n_seen, stop_at;

static int take(void *arg, uint32_t pid)
{
	CHECK(arg == &n_seen);
	if (n_seen < MOST)
		seen[n_seen++] = pid;
	return n_seen == stop_at ? -ECANCELED : 0;
}

static int descend(const struct bt_src *src, const uint32_t *pids, size_t count)
{
	n_seen = 0;
	return bt_proctree_each(src, pids, count, take, &n_seen);
}

/* The pids seen, "2 3 4 ", in the order they came. */
static const char *below(const struct bt_src *src, const uint32_t *pids, size_t count)
{
	static char text[512];
	size_t len = 0;

	CHECK_EQ(descend(src, pids, count), 0);
	text[0] = '\0';
	for (size_t i = 0; i < n_seen && len < sizeof(text) - 16; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%u ", seen[i]);
	return text;
}

#define BELOW(...) below(&fixture, (const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void add_process(uint32_t pid, uint32_t parent, const char *name)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	snprintf(text, sizeof(text), "%u (%s) S %u %u %u 0 -1 4194304 100 0 0 0\n", pid, name, parent, pid, pid);
	fixture_text(dir, path, text);
}

static void start_over(void)
{
	fixture_remove(dir);
	CHECK(fixture_dir(dir) != NULL);
}

/* 1 - 10 - 100 - 1000, 10 - 101, 1 - 11; 2 - 20 */
static void make_family(void)
{
	start_over();
	add_process(1, 0, "init");
	add_process(2, 0, "kthreadd");
	add_process(10, 1, "shell");
	add_process(11, 1, "other");
	add_process(20, 2, "kworker/0:0");
	add_process(100, 10, "make");
	add_process(101, 10, "less");
	add_process(1000, 100, "cc");
	fixture_text(dir, "/proc/self", "no process");
	fixture_text(dir, "/proc/12x/stat", "12 (x) S 10 0\n");
	fixture_text(dir, "/proc/0/stat", "0 (x) S 10 0\n");
}

static void test_descent(void)
{
	make_family();
	CHECK_STR(BELOW(10), "100 101 1000 ");
	CHECK_STR(BELOW(1), "10 11 100 101 1000 ");
	CHECK_STR(BELOW(1000), "");
	CHECK_STR(BELOW(2), "20 ");
	CHECK_STR(BELOW(4711), "");
	CHECK_EQ(descend(&fixture, NULL, 0), 0);
	CHECK_EQ(n_seen, 0);
}

/* Nobody comes twice, and one that is named is taken when it also descends from another. */
static void test_several(void)
{
	make_family();
	CHECK_STR(BELOW(10, 2), "100 101 20 1000 ");
	CHECK_STR(BELOW(10, 10), "100 101 1000 ");
	CHECK_STR(BELOW(10, 100), "100 101 1000 ");
	CHECK_STR(BELOW(100, 10), "1000 100 101 ");
	CHECK_STR(BELOW(1, 10, 100, 1000), "10 11 100 101 1000 ");
}

/* A name may look like the rest of the line, or like its end. */
static void test_hostile_names(void)
{
	make_family();
	add_process(30, 11, "x) S 1 1 1");
	add_process(31, 11, ") S 10 (");
	add_process(32, 11, "a\nb) S 10 \n");
	add_process(33, 11, "");
	add_process(34, 11, "((((((((((((((((");
	CHECK_STR(BELOW(11), "30 31 32 33 34 ");
	CHECK_STR(BELOW(10), "100 101 1000 ");
}

static void test_broken_lines(void)
{
	static const char *const lines[] = {
		"", "\n", "40", "40 (x", "40 (x)", "40 (x) S", "40 (x) S ", "40 (x) S 1", "40 (x) S -1 2 3\n", "40 (x) S ten 2\n",
		"40 (x) S 18446744073709551626 2\n", "40 (x) S 4294967306 2\n", "40 x S 10 2\n", "40 (x)) S)10)2\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		make_family();
		fixture_text(dir, "/proc/40/stat", lines[i]);
		CHECK_STR(BELOW(10), "100 101 1000 ");
	}
}

static void test_circles(void)
{
	make_family();
	add_process(10, 1000, "its own grandchild's");
	CHECK_STR(BELOW(10), "100 101 1000 10 ");
	CHECK_STR(BELOW(1000), "10 100 101 1000 ");
	CHECK_STR(BELOW(10, 100, 1000), "100 101 1000 10 ");
	add_process(50, 50, "its own parent");
	CHECK_STR(BELOW(50), "50 ");
}

static void test_ends_early(void)
{
	make_family();
	for (stop_at = 1; stop_at <= 5; stop_at++) {
		CHECK_EQ(descend(&fixture, &(uint32_t){ 1 }, 1), -ECANCELED);
		CHECK_EQ(n_seen, stop_at);
	}
	stop_at = 0;
}

static void test_no_proc(void)
{
	char long_root[PATH_MAX + 1];
	struct bt_src src = { "/no/such/root" };

	CHECK_EQ(descend(&src, &(uint32_t){ 1 }, 1), -ENOENT);
	memset(long_root, '/', PATH_MAX);
	long_root[PATH_MAX] = '\0';
	src.root = long_root; /* must not be cut to something that is there */
	CHECK_EQ(descend(&src, &(uint32_t){ 1 }, 1), -ENAMETOOLONG);
}

/* Against the parents themselves, on forests drawn at random: who is taken, how often, in which order. */
static void test_random(void)
{
	uint32_t parent[200], pids[3];
	struct bt_rng rng;
	size_t i, k;

	bt_rng_seed(&rng, 8);
	for (int round = 0; round < 10; round++) {
		bool below_pids[200] = { false }, taken[200] = { false };
		size_t want = 0;

		start_over();
		for (i = 1; i < 200; i++) {
			parent[i] = (uint32_t)bt_rng_below(&rng, i);
			add_process((uint32_t)i, parent[i], "p");
		}
		for (k = 0; k < 3; k++)
			pids[k] = 1 + (uint32_t)bt_rng_below(&rng, 199);
		for (i = 1; i < 200; i++) {
			for (k = 0; k < 3; k++)
				below_pids[i] |= parent[i] == pids[k];
			below_pids[i] |= below_pids[parent[i]];
			want += below_pids[i];
		}
		CHECK_EQ(descend(&fixture, pids, 3), 0);
		CHECK_EQ(n_seen, want);
		for (i = 0; i < n_seen; i++) {
			uint32_t p = parent[seen[i]];

			CHECK(below_pids[seen[i]] && !taken[seen[i]]);
			CHECK(taken[p] || p == pids[0] || p == pids[1] || p == pids[2]);
			taken[seen[i]] = true;
		}
	}
}

static void test_live(void)
{
	const struct bt_src live = { "" };
	uint32_t self = (uint32_t)getpid();
	bool found = false;
	int fds[2];
	char byte;
	pid_t pid;

	CHECK_EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) != 0);
	}
	CHECK_EQ(descend(&live, &self, 1), 0);
	for (size_t i = 0; i < n_seen; i++)
		found |= seen[i] == (uint32_t)pid;
	CHECK(found);
	close(fds[1]);
	close(fds[0]);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

static const struct unit_test tests[] = {
	{ "finds children and theirs, parents first", test_descent },
	{ "takes each once when several are named", test_several },
	{ "is not led astray by names", test_hostile_names },
	{ "passes over lines that tell nothing", test_broken_lines },
	{ "gets out of circles", test_circles },
	{ "ends when told to", test_ends_early },
	{ "says that there is no /proc", test_no_proc },
	{ "agrees with the parents of random forests", test_random },
	{ "finds a child of its own", test_live },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	if (!fixture_dir(dir))
		return 1;
	rc = unit_main(tests, argc, argv);
	fixture_remove(dir);
	return rc;
}
