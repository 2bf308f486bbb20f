/* SPDX-License-Identifier: ISC
 *
 * opt - one const table of options per tool, which feeds both getopt_long(3) and --help.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "num.h"
#include "opt.h"

#define OPTIONS_MAX 64 /* rows in one table */

static size_t table_rows(const struct bt_opt *table)
{
	size_t n = 0;

	while (n < OPTIONS_MAX && table[n].name)
		n++;
	return n;
}

void bt_opts_init(struct bt_opts *o, const struct bt_opt *table, int argc, char **argv)
{
	memset(o, 0, sizeof(*o));
	o->table = table;
	o->argc = argc;
	o->argv = argv;
	optind = 0; /* glibc and musl: start over, forget any earlier scan */
	opterr = 0;
}

char **bt_opts_words(int argc, char **argv)
{
	char **words = calloc((size_t)argc + 1, sizeof(*words));

	if (!words)
		return argv;
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	return words;
}

/* The two forms that getopt_long wants, made anew for each call: tables are small and options are few. */
static void getopt_tables(const struct bt_opt *table, char *letters, struct option *longs)
{
	size_t n = table_rows(table);

	*letters++ = ':'; /* a missing argument is told apart from an unknown option */
	for (size_t i = 0; i < n; i++) {
		longs[i] = (struct option){ table[i].name, table[i].arg ? required_argument : no_argument, NULL, table[i].key };
		if (table[i].key < 256) {
			*letters++ = (char)table[i].key;
			if (table[i].arg)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	memset(&longs[n], 0, sizeof(longs[n]));
}

/* The word of the command line that getopt_long has just refused. */
static const char *refused_word(const struct bt_opts *o)
{
	int i = optind > 1 ? optind - 1 : 1;

	return i < o->argc ? o->argv[i] : "?";
}

static int refuse(struct bt_opts *o, int key)
{
	const char *word = refused_word(o);

	if (o->error[0])
		return -EINVAL;
	if (key == ':')
		snprintf(o->error, sizeof(o->error), "option %.80s needs an argument", word);
	else if (optopt > 0 && optopt < 256 && strncmp(word, "--", 2) != 0)
		snprintf(o->error, sizeof(o->error), "unknown option -%c", optopt);
	else
		snprintf(o->error, sizeof(o->error), "unknown, ambiguous or misused option %.80s", word);
	return -EINVAL;
}

/* The index of the word behind "--" if nothing but operands stands before that from at on, else 0. getopt_long moves "--" to the
 * front of the operands, but never what is behind it: so this must be asked before it gets there. */
static int behind_dashes(const struct bt_opts *o, int at)
{
	while (at < o->argc && (o->argv[at][0] != '-' || o->argv[at][1] == '\0'))
		at++;
	return at < o->argc && strcmp(o->argv[at], "--") == 0 ? at + 1 : 0;
}

static void end_options(struct bt_opts *o, int behind)
{
	o->first = optind;
	o->last = o->argc;
	if (behind == 0)
		return;
	o->command = &o->argv[behind];
	o->last = strcmp(o->argv[behind - 1], "--") == 0 ? behind - 1 : behind; /* not moved under POSIXLY_CORRECT */
	if (o->last < o->first)
		o->last = o->first;
}

int bt_opts_next(struct bt_opts *o)
{
	int behind = behind_dashes(o, optind > 0 ? optind : 1);
	char letters[2 * OPTIONS_MAX + 2];
	struct option longs[OPTIONS_MAX + 1];
	int key;

	if (o->error[0])
		return -EINVAL;
	getopt_tables(o->table, letters, longs);
	key = getopt_long(o->argc, o->argv, letters, longs, NULL);
	if (key == -1) {
		end_options(o, behind);
		return 0;
	}
	if (key == '?' || key == ':')
		return refuse(o, key);
	for (o->row = o->table; o->row->key != key; o->row++)
		;
	o->arg = optarg;
	return key;
}

void bt_opts_fail(struct bt_opts *o, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	if (o->error[0])
		return;
	if (o->row->key < 256)
		snprintf(o->error, sizeof(o->error), "-%c, --%s: ", o->row->key, o->row->name);
	else
		snprintf(o->error, sizeof(o->error), "--%s: ", o->row->name);
	len = strlen(o->error);
	va_start(ap, fmt);
	vsnprintf(o->error + len, sizeof(o->error) - len, fmt, ap);
	va_end(ap);
}

/* One sentence for both failures of a number: what was given, what is accepted. */
static void fail_number(struct bt_opts *o, int rc, const char *what, const char *min, const char *max)
{
	if (rc < 0)
		bt_opts_fail(o, "'%.60s' is %s; %s from %s to %s is accepted", o->arg,
			     rc == -ERANGE ? "out of range" : "no such value", what, min, max);
}

void bt_opts_u64(struct bt_opts *o, uint64_t min, uint64_t max, uint64_t *out)
{
	char low[32], high[32];

	snprintf(low, sizeof(low), "%llu", (unsigned long long)min);
	snprintf(high, sizeof(high), "%llu", (unsigned long long)max);
	fail_number(o, bt_num_u64(o->arg, min, max, out), "a whole number", low, high);
}

void bt_opts_f64(struct bt_opts *o, double min, double max, double *out)
{
	char low[32], high[32];

	snprintf(low, sizeof(low), "%g", min);
	snprintf(high, sizeof(high), "%g", max);
	fail_number(o, bt_num_f64(o->arg, min, max, out), "a number", low, high);
}

/* v of base units written with the largest suffix that divides it: 1048576 is 1M, 1500 is 1500. */
static void with_suffix(char out[32], uint64_t v, const char *const *names, const uint64_t *factors)
{
	size_t i = 0;

	while (names[i + 1] && v && v % factors[i + 1] == 0)
		i++;
	snprintf(out, 32, "%llu%s", (unsigned long long)(v / factors[i]), names[i]);
}

void bt_opts_size(struct bt_opts *o, uint64_t min, uint64_t max, uint64_t *out_bytes)
{
	static const char *const names[] = { "", "k", "M", "G", "T", "P", NULL };
	static const uint64_t factors[] = { 1, 1ull << 10, 1ull << 20, 1ull << 30, 1ull << 40, 1ull << 50 };
	char low[32], high[32];

	with_suffix(low, min, names, factors);
	with_suffix(high, max, names, factors);
	fail_number(o, bt_num_size(o->arg, min, max, out_bytes), "a size such as 4k or 1M", low, high);
}

void bt_opts_time(struct bt_opts *o, uint64_t min_ns, uint64_t max_ns, uint64_t *out_ns)
{
	static const char *const names[] = { "ns", "us", "ms", "s", "m", "h", "d", NULL };
	static const uint64_t factors[] = { 1, 1000, 1000000, 1000000000, 60000000000, 3600000000000, 86400000000000 };
	char low[32], high[32];

	with_suffix(low, min_ns, names, factors);
	with_suffix(high, max_ns, names, factors);
	fail_number(o, bt_num_time(o->arg, min_ns, max_ns, out_ns), "a time such as 100us or 5s", low, high);
}

void bt_opts_rate(struct bt_opts *o, double min, double max, double *out_per_s)
{
	char low[32], high[32];

	snprintf(low, sizeof(low), "%g", min);
	snprintf(high, sizeof(high), "%g", max);
	fail_number(o, bt_num_rate(o->arg, min, max, out_per_s), "a rate per second such as 50k", low, high);
}

void bt_opts_list(struct bt_opts *o, uint32_t max, uint32_t *out, size_t cap, size_t *count)
{
	int rc = bt_num_list(o->arg, max, out, cap);

	if (rc > 0)
		*count = (size_t)rc;
	else if (rc == -E2BIG)
		bt_opts_fail(o, "more than %zu entries in '%.60s'", cap, o->arg);
	else
		bt_opts_fail(o, "'%.60s' is no list such as 0,2-5 of numbers up to %u", o->arg, max);
}

void bt_opts_dir(struct bt_opts *o, const char **out)
{
	int fd = open(o->arg, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		bt_opts_fail(o, "%.100s: %s", o->arg, strerror(errno));
		return;
	}
	close(fd);
	*out = o->arg;
}

void bt_opts_choice(struct bt_opts *o, const char *const *names, int *out)
{
	struct bt_buf all = BT_BUF_INIT;

	for (int i = 0; names[i]; i++) {
		if (!strcmp(o->arg, names[i])) {
			*out = i;
			bt_buf_free(&all);
			return;
		}
		bt_buf_printf(&all, "%s%s", i == 0 ? "" : names[i + 1] ? ", " : " or ", names[i]);
	}
	bt_opts_fail(o, "'%.60s' is none of %s", o->arg, bt_buf_cstr(&all));
	bt_buf_free(&all);
}

/* By letter, small before capital; options without a letter follow by name. */
static int by_letter(const void *a, const void *b)
{
	const struct bt_opt *x = *(const struct bt_opt *const *)a, *y = *(const struct bt_opt *const *)b;
	bool x_long = x->key >= 256, y_long = y->key >= 256;
	int fold;

	if (x_long || y_long)
		return x_long && y_long ? strcmp(x->name, y->name) : x_long - y_long;
	fold = (x->key | 0x20) - (y->key | 0x20);
	return fold ? fold : y->key - x->key;
}

static void help_row(struct bt_buf *b, const struct bt_opt *row)
{
	char letter[8] = "    ", left[64];

	if (row->key < 256)
		snprintf(letter, sizeof(letter), "-%c, ", row->key);
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, row->name, row->arg ? " " : "", row->arg ? row->arg : "");
	/* Two blanks at least, or a long name and the help would look like one text. */
	bt_buf_printf(b, "%-25s  %s\n", left, row->help);
}

void bt_opts_help(struct bt_buf *b, const struct bt_tool *tool)
{
	const struct bt_opt *rows[OPTIONS_MAX];
	size_t n = table_rows(tool->options);

	for (size_t i = 0; i < n; i++)
		rows[i] = &tool->options[i];
	qsort(rows, n, sizeof(rows[0]), by_letter);
	bt_buf_printf(b, "usage: %s %s\n%s\n\noptions:\n", tool->name, tool->synopsis, tool->purpose);
	for (size_t i = 0; i < n; i++)
		help_row(b, rows[i]);
	bt_buf_printf(b, "\nexamples:\n%s\nsee %s(1), btools(7)\n", tool->examples, tool->name);
}
