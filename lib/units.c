/* SPDX-License-Identifier: ISC
 *
 * units - from the units that other programs use to the base units of records.
 */
#include <string.h>

#include "units.h"

#define K 1000ull
#define KI 1024ull

static const struct bt_unit units[] = {
	{ "ps", "ns", 1, K },
	{ "nsec", "ns", 1, 1 },
	{ "us", "ns", K, 1 }, { "usec", "ns", K, 1 }, { "\xc2\xb5s", "ns", K, 1 }, { "\xce\xbcs", "ns", K, 1 },
	{ "ms", "ns", K * K, 1 }, { "msec", "ns", K * K, 1 },
	{ "s", "ns", K * K * K, 1 }, { "sec", "ns", K * K * K, 1 },
	{ "m", "ns", 60 * K * K * K, 1 }, { "min", "ns", 60 * K * K * K, 1 },
	{ "h", "ns", 3600 * K * K * K, 1 },
	{ "d", "ns", 86400 * K * K * K, 1 },
	{ "bit", "B", 1, 8 },
	{ "kB", "B", K, 1 }, { "KB", "B", K, 1 }, { "MB", "B", K * K, 1 }, { "GB", "B", K * K * K, 1 },
	{ "TB", "B", K * K * K * K, 1 },
	{ "KiB", "B", KI, 1 }, { "kiB", "B", KI, 1 }, { "MiB", "B", KI * KI, 1 }, { "GiB", "B", KI * KI * KI, 1 },
	{ "TiB", "B", KI * KI * KI * KI, 1 },
	{ "kB/s", "B/s", K, 1 }, { "KB/s", "B/s", K, 1 }, { "MB/s", "B/s", K * K, 1 }, { "GB/s", "B/s", K * K * K, 1 },
	{ "KiB/s", "B/s", KI, 1 }, { "kiB/s", "B/s", KI, 1 }, { "MiB/s", "B/s", KI * KI, 1 }, { "GiB/s", "B/s", KI * KI * KI, 1 },
	{ "bit/s", "B/s", 1, 8 }, { "kbit/s", "B/s", K / 8, 1 }, { "Mbit/s", "B/s", K * K / 8, 1 },
	{ "Gbit/s", "B/s", K * K * K / 8, 1 },
	{ "%", "ratio", 1, 100 }, { "percent", "ratio", 1, 100 }, { "ppm", "ratio", 1, K * K },
	{ "ops/s", "op/s", 1, 1 }, { "kop/s", "op/s", K, 1 }, { "Mop/s", "op/s", K * K, 1 }, { "Gop/s", "op/s", K * K * K, 1 },
	{ "kHz", "Hz", K, 1 }, { "KHz", "Hz", K, 1 }, { "MHz", "Hz", K * K, 1 }, { "GHz", "Hz", K * K * K, 1 },
	{ "uJ", "J", 1, K * K }, { "mJ", "J", 1, K }, { "kJ", "J", K, 1 }, { "Wh", "J", 3600, 1 },
	{ "mC", "C", 1, K },
};

static const char *const base_units[] = { "ns", "B", "op/s", "B/s", "ratio", "count", "Hz", "J", "C" };

const struct bt_unit *bt_unit_find(const char *name, size_t len)
{
	/* Nearly all records have one of these. */
	for (size_t i = 0; i < sizeof(base_units) / sizeof(base_units[0]); i++)
		if (strlen(base_units[i]) == len && memcmp(base_units[i], name, len) == 0)
			return NULL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, name, len) == 0)
			return &units[i];
	return NULL;
}

double bt_unit_double(const struct bt_unit *u, double v)
{
	return u->den > 1 ? v / (double)u->den : v * (double)u->num;
}

struct bt_number bt_unit_number(const struct bt_unit *u, struct bt_number v)
{
	__int128 product;

	if (v.integer && !__builtin_mul_overflow(v.i, (__int128)u->num, &product) && product % (__int128)u->den == 0) {
		v.i = product / (__int128)u->den;
		v.f = (double)v.i;
		return v;
	}
	v.integer = false;
	v.i = 0;
	v.f = bt_unit_double(u, v.f);
	return v;
}
