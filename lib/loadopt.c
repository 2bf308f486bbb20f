/* SPDX-License-Identifier: ISC
 *
 * loadopt - the options of all load tools.
 */
#include <stdio.h>
#include <string.h>

#include "cpus.h"
#include "load.h"

#define MS_NS 1000000u
#define DAY_NS (86400 * 1000000000ull)

static void take_threads(struct bt_load_opts *l, struct bt_opts *o)
{
	uint32_t list[BT_LOAD_SCALES_MAX];
	size_t n = 0;

	bt_opts_list(o, BT_LOAD_THREADS_MAX, list, BT_LOAD_SCALES_MAX, &n);
	for (size_t i = 0; i < n; i++)
		if (list[i] == 0) {
			bt_opts_fail(o, "%s: 0 workers can do nothing; 1 to %d", o->arg, BT_LOAD_THREADS_MAX);
			return;
		}
	if (n == 0)
		return;
	memcpy(l->threads, list, n * sizeof(*list));
	l->n_threads = n;
}

static void take_choices(struct bt_load_opts *l, struct bt_opts *o, int key)
{
	static const char *const arrivals[] = { "fixed", "poisson", NULL };
	static const char *const locks[] = { "wait", "fail", "off", NULL };
	int choice = key == BT_OPT_ARRIVAL ? (int)l->arrival : (int)l->lock;

	bt_opts_choice(o, key == BT_OPT_ARRIVAL ? arrivals : locks, &choice);
	if (key == BT_OPT_ARRIVAL)
		l->arrival = (enum bt_arrival)choice;
	else
		l->lock = (enum bt_load_lock)choice;
}

bool bt_load_option(struct bt_load_opts *l, struct bt_opts *o, int key)
{
	switch (key) {
	case 'c': bt_opts_list(o, BT_CPUS_MAX - 1, l->cpus, BT_LOAD_THREADS_MAX, &l->n_cpus); break;
	case 'd': bt_opts_time(o, MS_NS, 366 * DAY_NS, &l->duration_ns); l->duration_set = true; break;
	case 'i': bt_opts_time(o, MS_NS, DAY_NS, &l->interval_ns); break;
	case 'L': l->list = true; break;
	case 'm': l->metrics = o->arg; break;
	case 'n': bt_opts_u64(o, 1, INT64_MAX, &l->count); break;
	case 'N': l->dry_run = true; break;
	case 'r': bt_opts_rate(o, BT_PACE_RATE_MIN, BT_PACE_RATE_MAX, &l->rate); break;
	case 'R': bt_opts_u64(o, 1, 1000000, &l->repeat); break;
	case 't': take_threads(l, o); break;
	case 'w': bt_opts_time(o, 0, DAY_NS, &l->warmup_ns); break;
	case BT_OPT_ARRIVAL: take_choices(l, o, key); break;
	case BT_OPT_COOLDOWN: bt_opts_time(o, 0, DAY_NS, &l->cooldown_ns); break;
	case BT_OPT_SEED: bt_opts_u64(o, 0, UINT64_MAX, &l->seed); break;
	case BT_OPT_LOCK: take_choices(l, o, key); break;
	case BT_OPT_ROOT: bt_opts_dir(o, &l->root); break;
	default: return false;
	}
	return true;
}

bool bt_load_option_traces(int key)
{
	return key == BT_OPT_ROOT || (key < 128 && strchr("diLmnN", key));
}

bool bt_load_wants(const struct bt_load_opts *l, const char *metric)
{
	size_t len = strlen(metric);
	const char *p = l->metrics, *comma;

	if (!p)
		return true;
	for (; p; p = comma ? comma + 1 : NULL) {
		comma = strchr(p, ',');
		if ((comma ? (size_t)(comma - p) : strlen(p)) == len && memcmp(p, metric, len) == 0)
			return true;
	}
	return false;
}

bool bt_load_unknown(const struct bt_load_opts *l, const char *const *known, char out[64])
{
	const char *p = l->metrics;

	while (p) {
		size_t len = strcspn(p, ",");
		const char *const *name = known;

		while (*name && (strlen(*name) != len || memcmp(p, *name, len) != 0))
			name++;
		if (!*name) {
			snprintf(out, 64, "%.*s", (int)(len < 63 ? len : 63), p);
			return true;
		}
		p = p[len] ? p + len + 1 : NULL;
	}
	return false;
}

uint64_t bt_load_total_ns(const struct bt_load_opts *l, unsigned tests)
{
	double each = (double)l->duration_ns, total;

	if (l->count && l->rate > 0) {
		double by_count = (double)l->count / l->rate * 1e9;

		each = l->duration_set && each < by_count ? each : by_count;
	}
	total = ((double)l->warmup_ns + each + (double)l->cooldown_ns) * (double)l->n_threads * (double)l->repeat * tests;
	return total < 0x1p63 ? (uint64_t)total : INT64_MAX;
}
