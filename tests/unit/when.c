/* SPDX-License-Identifier: ISC
 *
 * when - points in time, as text and as numbers.
 */
#include <time.h>

#include "unit.h"
#include "when.h"

#define S 1000000ll

static const struct {
	const char *text;
	long long us; /* -1: no time */
} texts[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2025-11-20T17:53:54Z", 1763661234 * S },
	{ "2025-11-20T17:53:54.123456Z", 1763661234 * S + 123456 },
	{ "2025-11-20T17:53:54.123456999Z", 1763661234 * S + 123456 },
	{ "2025-11-20T17:53:54.1Z", 1763661234 * S + 100000 },
	{ "2025-11-20 17:53:54,5", 1763661234 * S + 500000 },
	{ "2025-11-20t17:53:54z", 1763661234 * S },
	{ "2025-11-20T18:53:54+01:00", 1763661234 * S },
	{ "2025-11-20T18:53:54+0100", 1763661234 * S },
	{ "2025-11-20T18:53:54+01", 1763661234 * S },
	{ "2025-11-20T12:23:54-05:30", 1763661234 * S },
	{ "2025-11-20T17:53:54", 1763661234 * S },
	{ "2025-11-20T17:53", 1763661180 * S },
	{ "2025-11-20", 1763596800 * S },
	{ "2024-02-29T00:00:00Z", 1709164800 * S },
	{ "2000-02-29", 951782400 * S },
	{ "1969-12-31T23:59:59Z", -1000000 },
	{ "2016-12-31T23:59:60Z", 1483228800 * S },
	{ "2025-11-20T24:00:00Z", 1763683200 * S },
	{ "1763661234", 1763661234 * S },
	{ "1763661234.25", 1763661234 * S + 250000 },
	{ "1763661234123", 1763661234 * S + 123000 },
	{ "2023-02-29", -1 },
	{ "1900-02-29", -1 },
	{ "2025-13-01", -1 },
	{ "2025-00-01", -1 },
	{ "2025-11-31", -1 },
	{ "2025-11-20T25:00:00Z", -1 },
	{ "2025-11-20T24:00:01Z", -1 },
	{ "2025-11-20T17:60:00Z", -1 },
	{ "2025-11-20T17:53:61Z", -1 },
	{ "2025-11-20T17:53:54.Z", -1 },
	{ "2025-11-20T17:53:54Zx", -1 },
	{ "2025-11-20T17:53:54+1", -1 },
	{ "2025-11-20T17:53:54+24:00", -1 },
	{ "2025-11-20T", -1 },
	{ "2025-11-20x", -1 },
	{ "2025-1-20", -1 },
	{ "9999-01-01", -1 },
	{ "0001-01-01", -1 },
	{ "", -1 },
	{ "now", -1 },
	{ "-", -1 },
	{ "1.", -1 },
	{ "1.2.3", -1 },
	{ "12e5", -1 },
};

static void test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int64_t us = -1;
		int rc = bt_when_text(texts[i].text, strlen(texts[i].text), &us);

		CHECK_EQ(us, texts[i].us);
		CHECK_EQ(rc == 0, texts[i].us != -1);
		if (us != texts[i].us)
			printf("# %s\n", texts[i].text);
	}
}

static const struct {
	const char *number;
	long long us;
} numbers[] = {
	{ "0", 0 },
	{ "1", 1000000 },
	{ "-1", -1000000 },
	{ "1763661234", 1763661234 * S },
	{ "1763661234.123456", 1763661234 * S + 123456 },
	{ "1763661234123", 1763661234 * S + 123000 },
	{ "1763661234123.5", 1763661234 * S + 123500 },
	{ "1763661234123456", 1763661234 * S + 123456 },
	{ "1763661234123456789", 1763661234 * S + 123456 },
	{ "-100000000000000001", -100000000000001 },
	{ "1e400", -1 },
	{ "9e18", 9000000000000000 },
	{ "1e19", -1 },
	{ "170141183460469231731687303715884105727", -1 },
};

static void test_numbers(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct bt_number v;
		int64_t us = -1;

		if (bt_json_number(numbers[i].number, strlen(numbers[i].number), &v) == 0)
			bt_when_number(&v, &us);
		CHECK_EQ(us, numbers[i].us);
	}
}

/* All days of 500 years, by the C library. */
static void test_days(void)
{
	for (int64_t day = -365 * 250; day < 365 * 250; day++) {
		time_t seconds = (time_t)(day * 86400 + 3661);
		char text[64];
		int64_t us = 1;
		struct tm tm;

		gmtime_r(&seconds, &tm);
		CHECK(bt_when_text(text, strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm), &us) == 0 && us == seconds * S);
		if (us != seconds * S)
			break;
	}
}

static const struct unit_test tests[] = {
	{ "text", test_texts },
	{ "numbers by their size", test_numbers },
	{ "every day, as the C library has it", test_days },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
