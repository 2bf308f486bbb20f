/* SPDX-License-Identifier: ISC
 *
 * glob - unit tests of the matcher of command names, against a recursive one.
 */
#include <stdbool.h>

#include "glob.h"
#include "rng.h"
#include "unit.h"

struct pair {
	char pattern[BT_GLOB_LEN], text[BT_GLOB_LEN];
	bool match;
};

static const struct pair pairs[] = {
	{ "", "", true }, { "", "a", false }, { "*", "", true }, { "?", "", false }, { "a", "", false },
	{ "nginx", "nginx", true }, { "nginx", "nginx2", false }, { "nginx2", "nginx", false }, { "NGINX", "nginx", false },
	{ "ngin?", "nginx", true }, { "ngin?", "ngin", false }, { "*", "nginx", true }, { "ng*", "nginx", true },
	{ "*nx", "nginx", true }, { "*nx", "nxnx", true }, { "*nx", "nxn", false }, { "n*x", "nginx", true }, { "n*x", "nx", true },
	{ "n*g*x", "nginx", true }, { "n*z*x", "nginx", false }, { "***", "nginx", true }, { "*?*", "", false },
	{ "?*?", "a", false }, { "?*?", "ab", true }, { "*a*b*a*", "xaxbxax", true }, { "*ab", "aab", true },
	{ "*aab", "aaab", true }, { "kworker/*:*", "kworker/0:1H", true }, { "[ab]", "a", false }, { "[ab]", "[ab]", true },
	{ "\\*", "\\x", true }, { "\xff*", "\xff\x80", true }, { "?", "\x80", true }, { "\x7f", "\xff", false },
	{ "abcdefghijklmnop", "abcdefghijklmnop", true }, { "abcdefghijklmnoX", "abcdefghijklmnop", false },
	{ "abcdefghijklmno*", "abcdefghijklmnop", true }, { "abcdefghijklmno", "abcdefghijklmnop", false },
	{ "????????????????", "abcdefghijklmnop", true }, { "????????????????", "abcdefghijklmno", false },
	{ "***************p", "abcdefghijklmnop", true }, { "a\0b", "a\0c", true }, { "a*\0b", "abc\0d", true }
};

static void test_known(void)
{
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (bt_glob16(pairs[i].pattern, pairs[i].text) != pairs[i].match) {
			CHECK(!"the pair below");
			printf("# pattern \"%.16s\" text \"%.16s\"\n", pairs[i].pattern, pairs[i].text);
		}
}

static bool reference(const char *p, size_t p_len, const char *t, size_t t_len)
{
	if (p_len == 0)
		return t_len == 0;
	if (*p == '*')
		return reference(p + 1, p_len - 1, t, t_len) || (t_len && reference(p, p_len, t + 1, t_len - 1));
	return t_len && (*p == '?' || *p == *t) && reference(p + 1, p_len - 1, t + 1, t_len - 1);
}

/* A few letters and many wildcards, so that both outcomes are common; some bytes after the end, that must not count. */
static void fill(struct bt_rng *rng, char out[BT_GLOB_LEN], const char *alphabet, size_t letters)
{
	size_t len = bt_rng_below(rng, BT_GLOB_LEN + 1), i;

	for (i = 0; i < BT_GLOB_LEN; i++)
		out[i] = alphabet[bt_rng_below(rng, letters)];
	if (len < BT_GLOB_LEN)
		out[len] = '\0';
}

static void test_random(void)
{
	static const char letters[] = "aab*?\xff", bytes[] = "ab\xff\x7f*";
	unsigned i, matches = 0, wrong = 0;
	struct bt_rng rng;
	struct pair p;
	bool want;

	bt_rng_seed(&rng, 1);
	for (i = 0; i < 300000; i++) {
		fill(&rng, p.pattern, letters, sizeof(letters) - 1);
		fill(&rng, p.text, bytes, 1 + bt_rng_below(&rng, sizeof(bytes) - 1));
		want = reference(p.pattern, strnlen(p.pattern, BT_GLOB_LEN), p.text, strnlen(p.text, BT_GLOB_LEN));
		matches += want;
		wrong += bt_glob16(p.pattern, p.text) != want;
	}
	CHECK_EQ(wrong, 0);
	CHECK(matches > 10000 && matches < 290000);
}

/* All patterns and texts of up to five of a few symbols. */
static void spell(char out[BT_GLOB_LEN], unsigned number, const char *symbols)
{
	unsigned n = (unsigned)strlen(symbols), i = 0;

	memset(out, 0, BT_GLOB_LEN);
	for (; number; number = (number - 1) / n)
		out[i++] = symbols[(number - 1) % n];
}

static void test_exhaustive(void)
{
	unsigned p, t, wrong = 0;
	struct pair x;

	for (p = 0; p < 1 + 3 + 9 + 27 + 81 + 243; p++)
		for (t = 0; t < 1 + 2 + 4 + 8 + 16 + 32; t++) {
			spell(x.pattern, p, "a*?");
			spell(x.text, t, "ab");
			wrong += bt_glob16(x.pattern, x.text) != reference(x.pattern, strlen(x.pattern), x.text, strlen(x.text));
		}
	CHECK_EQ(wrong, 0);
}

static const struct unit_test tests[] = {
	{ "gives the known answers", test_known },
	{ "agrees with a recursive matcher on random pairs", test_random },
	{ "agrees with it on all short pairs", test_exhaustive },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
