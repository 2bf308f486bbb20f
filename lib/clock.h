/* SPDX-License-Identifier: ISC
 *
 * clock - monotonic nanoseconds, cheap to read, and absolute deadlines.
 *
 * On x86-64 with an invariant TSC that the kernel trusts (current clocksource tsc, or a paravirtual one with the
 * nonstop flag) a reading is RDTSC times a factor; otherwise it is clock_gettime(CLOCK_MONOTONIC). The origin is that
 * of CLOCK_MONOTONIC at calibration.
 */
#ifndef BT_CLOCK_H
#define BT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct bt_clock {
	bool tsc;            /* readings come from the TSC */
	uint64_t tsc_base;   /* TSC at ns_base */
	uint64_t ns_base;    /* CLOCK_MONOTONIC at tsc_base */
	uint64_t mult;       /* ns = ns_base + (tsc - tsc_base) * mult >> 32 */
	uint64_t first_tsc;  /* the pair that init began with, for bt_clock_refine */
	uint64_t first_ns;
	uint64_t cost_ns100; /* median cost of one reading, in hundredths of a nanosecond */
};

/* bt_clock_init - choose the source and calibrate within spend_ns (200000: good to about 1e-4; 20 ms: 1e-6), then
 * measure the cost of a reading. Fills *c; cannot fail. One clock per program, made by main, read by all threads. */
void bt_clock_init(struct bt_clock *c, uint64_t spend_ns);

/* bt_clock_refine - recalibrate against everything since init, for a factor that gets better the longer the program has
 * run. The clock never steps back; it may step forward by the error it had gathered. Call only while no other thread
 * reads it. */
void bt_clock_refine(struct bt_clock *c);

/* bt_clock_name - "tsc" or "monotonic". */
const char *bt_clock_name(const struct bt_clock *c);

static inline uint64_t bt_clock_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* bt_clock_now - nanoseconds. Neither fenced nor serialising: for spans of 100 ns and more. */
static inline uint64_t bt_clock_now(const struct bt_clock *c)
{
#if defined(__x86_64__)
	if (c->tsc) {
		uint64_t ticks = __builtin_ia32_rdtsc() - c->tsc_base;
		return c->ns_base + (uint64_t)(((unsigned __int128)ticks * c->mult) >> 32);
	}
#else
	(void)c;
#endif
	return bt_clock_monotonic();
}

/* bt_clock_wall_us - Unix time in microseconds. */
int64_t bt_clock_wall_us(void);

/* bt_clock_relate - Unix time less CLOCK_MONOTONIC, in microseconds, from a few looks at both; good to a microsecond where the
 * machine is not too busy. It changes when the wall clock is set or slewed. */
int64_t bt_clock_relate(void);

/* bt_clock_sleep_until - sleep until the clock shows due_ns, waking spin_ns early and spinning the rest. Returns 0, or
 * -EINTR when a signal came first. A time in the past returns at once. */
int bt_clock_sleep_until(const struct bt_clock *c, uint64_t due_ns, uint64_t spin_ns);

#endif
