/* SPDX-License-Identifier: ISC
 *
 * clock - monotonic nanoseconds, cheap to read, and absolute deadlines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "clock.h"

#define PAIR_TRIES 9
#define COST_BATCHES 15
#define COST_READINGS 64

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static uint64_t read_tsc(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

/* CPUID 0x80000007 EDX bit 8: the TSC runs at one rate in all P-, C- and T-states (Intel SDM 3, 18.17.1; AMD APM 3). */
static bool tsc_is_invariant(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1 << 8);
#else
	return false;
#endif
}

/* The kernel checks the TSCs of all CPUs against each other, and leaves "tsc" when they disagree. */
static bool kernel_trusts_tsc(void)
{
	static const char *const names[] = { "tsc\n", "kvm-clock\n", "hyperv_clocksource_tsc_page\n" };
	char text[64];
	ssize_t len;
	int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(text, names[i]) == 0)
			return true;
	return false;
}

/* Both clocks at one instant: the tightest of several tries, as an interrupt in between can only widen one. */
static void read_pair(uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < PAIR_TRIES; i++) {
		uint64_t before = read_tsc(), now = bt_clock_monotonic(), width = read_tsc() - before;

		if (width < best) {
			best = width;
			*tsc = before + width / 2;
			*ns = now;
		}
	}
}

/* ns per tick in 2^-32, from two pairs. */
static uint64_t factor(uint64_t ticks, uint64_t ns)
{
	return (uint64_t)(((unsigned __int128)ns << 32) / ticks);
}

static void calibrate(struct bt_clock *c, uint64_t spend_ns)
{
	struct timespec pause = { .tv_sec = (time_t)(spend_ns / 1000000000u), .tv_nsec = (long)(spend_ns % 1000000000u) };
	uint64_t tsc, ns;

	read_pair(&c->first_tsc, &c->first_ns);
	nanosleep(&pause, NULL);
	read_pair(&tsc, &ns);
	c->tsc = tsc > c->first_tsc && ns > c->first_ns;
	if (!c->tsc)
		return;
	c->mult = factor(tsc - c->first_tsc, ns - c->first_ns);
	c->tsc_base = c->first_tsc;
	c->ns_base = c->first_ns;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t measure_cost(const struct bt_clock *c)
{
	uint64_t batch[COST_BATCHES];

	for (unsigned i = 0; i < COST_BATCHES; i++) {
		uint64_t start = bt_clock_now(c), end = start;

		for (unsigned k = 0; k < COST_READINGS; k++)
			end = bt_clock_now(c);
		batch[i] = end - start;
	}
	qsort(batch, COST_BATCHES, sizeof(*batch), compare_u64);
	return batch[COST_BATCHES / 2] * 100 / COST_READINGS;
}

void bt_clock_init(struct bt_clock *c, uint64_t spend_ns)
{
	*c = (struct bt_clock){ .tsc = false };
	if (tsc_is_invariant() && kernel_trusts_tsc())
		calibrate(c, spend_ns);
	c->cost_ns100 = measure_cost(c);
}

void bt_clock_refine(struct bt_clock *c)
{
	uint64_t tsc, ns, shown;

	if (!c->tsc)
		return;
	read_pair(&tsc, &ns);
	if (tsc <= c->tsc_base || ns <= c->first_ns)
		return;
	shown = c->ns_base + (uint64_t)(((unsigned __int128)(tsc - c->tsc_base) * c->mult) >> 32);
	c->mult = factor(tsc - c->first_tsc, ns - c->first_ns);
	c->tsc_base = tsc;
	c->ns_base = shown > ns ? shown : ns;
}

const char *bt_clock_name(const struct bt_clock *c)
{
	return c->tsc ? "tsc" : "monotonic";
}

int64_t bt_clock_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t bt_clock_relate(void)
{
	uint64_t narrowest = UINT64_MAX;
	int64_t found = 0;

	for (int i = 0; i < 5 && narrowest > 1000; i++) {
		uint64_t before = bt_clock_monotonic();
		int64_t wall = bt_clock_wall_us();
		uint64_t width = bt_clock_monotonic() - before;

		if (width >= narrowest)
			continue;
		narrowest = width;
		found = wall - (int64_t)((before + width / 2) / 1000);
	}
	return found;
}

int bt_clock_sleep_until(const struct bt_clock *c, uint64_t due_ns, uint64_t spin_ns)
{
	uint64_t now;

	while ((now = bt_clock_now(c)) < due_ns) {
		uint64_t left = due_ns - now, wake;
		struct timespec ts;

		if (left <= spin_ns) {
			relax();
			continue;
		}
		/* The kernel's clock may differ from ours by the error of calibration: carry the remainder over, not the instant. */
		wake = bt_clock_monotonic() + left - spin_ns;
		ts.tv_sec = (time_t)(wake / 1000000000u);
		ts.tv_nsec = (long)(wake % 1000000000u);
		if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
			return -EINTR;
	}
	return 0;
}
