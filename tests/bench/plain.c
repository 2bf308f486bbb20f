/* SPDX-License-Identifier: ISC
 *
 * plain - what bmem is compared with: the loops of STREAM as its rules have them (https://www.cs.virginia.edu/stream/ref.html), left
 * to the compiler with -O3 -march=native, and a plain loop of loads of which each needs the one before. Prints records.
 *
 * usage: plain [4k|thp [SIZE ...]]
 *
 * STREAM, without SIZE: static arrays, all four loops in turn ten times, the first time not counted, one element counted once in each
 * array. SIZE: bytes of a chain, one pointer in each line of 64 bytes. Each in a process of its own: what one has taken before changes
 * which memory the next one gets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "err.h"
#include "num.h"
#include "out.h"
#include "rng.h"

#define N (16u * 1024 * 1024) /* doubles of an array: 128 MB */
#define TIMES 10
#define Q 3.0
#define LOADS 16384u
#define CHASE_NS 200000000u
#define LINE 64u
#define HUGE_BYTES (2u << 20)

static _Alignas(HUGE_BYTES) double a[N], b[N], c[N];

struct plain {
	struct bt_clock clock;
	struct bt_out out;
	const char *pages;
	int advice;
	uint64_t wrong;
};

static void report(struct plain *p, const char *test, uint64_t size, const struct bt_hist *hist)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = test;
	bt_rec_str(&r, "peer", "plain");
	bt_rec_str(&r, "pages", p->pages);
	bt_rec_u64(&r, "size", size);
	bt_rec_dist(&r, "batch", "ns", BT_BETTER_LOWER, hist);
	bt_out_rec(&p->out, &r);
}

static void copy(void)
{
	for (size_t i = 0; i < N; i++)
		c[i] = a[i];
}

static void scale(void)
{
	for (size_t i = 0; i < N; i++)
		b[i] = Q * c[i];
}

static void add(void)
{
	for (size_t i = 0; i < N; i++)
		c[i] = a[i] + b[i];
}

static void triad(void)
{
	for (size_t i = 0; i < N; i++)
		a[i] = b[i] + Q * c[i];
}

/* All elements are alike, and follow from one. */
static void check_stream(struct plain *p)
{
	double x = 1, y = 2, z = 0;

	for (unsigned k = 0; k < TIMES; k++) {
		z = x;
		y = Q * z;
		z = x + y;
		x = y + Q * z;
	}
	for (size_t i = 0; i < N; i++)
		p->wrong += a[i] != x || b[i] != y || c[i] != z;
}

static void stream(struct plain *p)
{
	static const struct {
		const char *name;
		void (*loop)(void);
	} loops[] = { { "copy", copy }, { "scale", scale }, { "add", add }, { "triad", triad } };
	struct bt_hist hists[4];

	madvise(a, sizeof(a), p->advice);
	madvise(b, sizeof(b), p->advice);
	madvise(c, sizeof(c), p->advice);
	for (size_t i = 0; i < N; i++)
		a[i] = 1, b[i] = 2, c[i] = 0;
	for (unsigned i = 0; i < 4; i++)
		bt_hist_init(&hists[i], 3);
	for (unsigned k = 0; k < TIMES; k++)
		for (unsigned i = 0; i < 4; i++) {
			uint64_t start = bt_clock_now(&p->clock);

			loops[i].loop();
			if (k > 0)
				bt_hist_add(&hists[i], bt_clock_now(&p->clock) - start);
		}
	check_stream(p);
	for (unsigned i = 0; i < 4; i++) {
		report(p, loops[i].name, sizeof(a), &hists[i]);
		bt_hist_free(&hists[i]);
	}
}

struct line {
	struct line *next;
	char rest[LINE - sizeof(struct line *)];
};

/* One cycle through all (Sattolo's algorithm). */
static void make_chain(struct line *lines, uint64_t n)
{
	struct bt_rng rng;

	bt_rng_seed(&rng, 1);
	for (uint64_t i = 0; i < n; i++)
		lines[i].next = &lines[i];
	for (uint64_t i = n - 1; i > 0; i--) {
		uint64_t k = bt_rng_below(&rng, i);
		struct line *other = lines[k].next;

		lines[k].next = lines[i].next;
		lines[i].next = other;
	}
}

static void chase(struct plain *p, uint64_t bytes)
{
	uint64_t room = (bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES, start;
	struct line *lines = aligned_alloc(HUGE_BYTES, room), *at;
	struct bt_hist hist;

	if (!lines)
		bt_die(BT_EXIT_TROUBLE, "out of memory");
	madvise(lines, room, p->advice);
	make_chain(lines, bytes / LINE);
	bt_hist_init(&hist, 3);
	at = lines;
	start = bt_clock_now(&p->clock);
	while (hist.n < 10 || bt_clock_now(&p->clock) - start < CHASE_NS) {
		uint64_t begin = bt_clock_now(&p->clock);

		for (unsigned i = 0; i < LOADS; i++)
			at = at->next;
		__asm__ volatile("" : : "r"(at));
		bt_hist_add(&hist, bt_clock_now(&p->clock) - begin);
	}
	report(p, "latency", bytes, &hist);
	bt_hist_free(&hist);
	free(lines);
}

static void begin(struct plain *p)
{
	static const struct bt_out_opts opts = { .format = BT_FORMAT_AUTO };
	struct bt_rec meta;

	bt_clock_init(&p->clock, 20000000);
	if (bt_out_open(&p->out, &opts, "bench") < 0)
		bt_die(BT_EXIT_TROUBLE, "stdout cannot be written");
	bt_rec_init(&meta, BT_KIND_META);
	bt_rec_str(&meta, "version", BT_VERSION);
	bt_out_rec(&p->out, &meta);
}

int main(int argc, char **argv)
{
	static struct plain p = { .pages = "4k" };
	uint64_t start, size;
	int rc;

	bt_err_init("plain");
	if (argc > 1)
		p.pages = argv[1];
	if (strcmp(p.pages, "4k") != 0 && strcmp(p.pages, "thp") != 0)
		bt_die(BT_EXIT_USAGE, "usage: plain [4k|thp [SIZE ...]]");
	p.advice = p.pages[0] == 't' ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
	begin(&p);
	start = bt_clock_now(&p.clock);
	if (argc < 3)
		stream(&p);
	for (int i = 2; i < argc; i++) {
		if (bt_num_size(argv[i], 2 * LINE, 1u << 30, &size) < 0)
			bt_die(BT_EXIT_USAGE, "%s: a size from 128 to 1G is accepted", argv[i]);
		chase(&p, size);
	}
	bt_out_end(&p.out, p.wrong ? "failed" : "ok", bt_clock_now(&p.clock) - start, p.wrong);
	rc = bt_out_close(&p.out);
	return rc < 0 || p.wrong;
}
