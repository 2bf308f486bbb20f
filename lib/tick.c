/* SPDX-License-Identifier: ISC
 *
 * tick - the length of the kernel's tick.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "gzip.h"
#include "num.h"
#include "schedstat.h"
#include "tick.h"

#define CONFIG_MAX (1u << 20) /* bytes of a configuration, and of a compressed one */
#define HZ_MIN 10
#define HZ_MAX 10000
#define LIMIT_NS 100000000u
#define STEPS 5u
#define STEPS_MIN 3u

uint64_t bt_tick_config(const char *text)
{
	static const char key[] = "CONFIG_HZ=";
	const char *line = text;
	char value[8];
	uint64_t hz;
	size_t len;

	while (line && strncmp(line, key, sizeof(key) - 1) != 0) {
		line = strchr(line, '\n');
		line += line ? 1 : 0;
	}
	if (!line)
		return 0;
	line += sizeof(key) - 1;
	len = strcspn(line, "\r\n");
	bt_src_copy(value, len + 1 < sizeof(value) ? len + 1 : sizeof(value), line);
	return len < sizeof(value) && bt_num_u64(value, HZ_MIN, HZ_MAX, &hz) == 0 ? 1000000000u / hz : 0;
}

/* All of it that is good. */
static void inflate_all(const char *data, size_t len, char *text, size_t cap)
{
	struct bt_gunzip *g = bt_gunzip_new(data, len);
	size_t have = 0;
	const char *why;
	ssize_t n;

	while (g && have < cap - 1) {
		n = bt_gunzip_take(g, text + have, cap - 1 - have, &why);
		if (n == -EAGAIN)
			bt_gunzip_fed(g, 0);
		else if (n <= 0)
			break;
		else
			have += (size_t)n;
	}
	text[have] = '\0';
	bt_gunzip_free(g);
}

static uint64_t from_compressed(const struct bt_src *src)
{
	char *data = malloc(CONFIG_MAX), *text = malloc(CONFIG_MAX);
	int len = data ? bt_src_read(src, data, CONFIG_MAX, "/proc/config.gz") : 0;
	uint64_t ns = 0;

	if (text && len > 2 && bt_gunzip_is(data)) {
		inflate_all(data, (size_t)len, text, CONFIG_MAX);
		ns = bt_tick_config(text);
	}
	free(data);
	free(text);
	return ns;
}

static uint64_t from_boot(const struct bt_src *src)
{
	char release[96], *text;
	uint64_t ns;

	if (bt_src_line(src, release, sizeof(release), "/proc/sys/kernel/osrelease") <= 0 || strchr(release, '/'))
		return 0;
	text = bt_src_text(src, CONFIG_MAX, "/boot/config-%s", release);
	ns = text ? bt_tick_config(text) : 0;
	free(text);
	return ns;
}

static int own_times(struct bt_schedcount *c)
{
	static const struct bt_src live = { "" };
	char text[96];
	int rc = bt_src_read(&live, text, sizeof(text), "/proc/thread-self/schedstat");

	return rc < 0 ? rc : bt_schedcount_times(c, text);
}

/* Other events than ticks make steps shorter, and two ticks can fall together: the largest but one is right. */
static uint64_t choose(const uint64_t *steps, unsigned n)
{
	uint64_t largest = 0, second = 0;

	for (unsigned i = 0; i < n; i++) {
		if (steps[i] > largest) {
			second = largest;
			largest = steps[i];
		} else if (steps[i] > second) {
			second = steps[i];
		}
	}
	return second;
}

/* Ticks have lengths that people choose; on a machine so busy that no step was whole, another length comes out: no answer. */
static uint64_t nearest(uint64_t ns)
{
	static const uint64_t usual[] = { 100, 250, 300, 1000 };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		uint64_t exact = 1000000000u / usual[i];

		if (ns > exact - exact / 20 && ns < exact + exact / 20)
			return exact;
	}
	return 0;
}

/* Only steps during which the thread did not leave its CPU. */
uint64_t bt_tick_measure(uint64_t limit_ns)
{
	uint64_t end = bt_clock_monotonic() + limit_ns, steps[STEPS];
	struct bt_schedcount last = { 0 }, now = { 0 };
	bool whole = false;
	unsigned n = 0;

	if (own_times(&last) != 0)
		return 0;
	while (n < STEPS && bt_clock_monotonic() < end) {
		if (own_times(&now) != 0)
			return 0;
		if (now.slices == last.slices && now.run_ns == last.run_ns)
			continue;
		if (now.slices == last.slices && whole)
			steps[n++] = now.run_ns - last.run_ns;
		whole = now.slices == last.slices;
		last = now;
	}
	return n >= STEPS_MIN ? nearest(choose(steps, n)) : 0;
}

uint64_t bt_tick_ns(const struct bt_src *src)
{
	uint64_t ns = from_compressed(src);

	if (ns == 0)
		ns = from_boot(src);
	return ns == 0 && !src->root[0] ? bt_tick_measure(LIMIT_NS) : ns;
}
