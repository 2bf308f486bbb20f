/* SPDX-License-Identifier: ISC
 *
 * opt - one const table of options per tool, which feeds both getopt_long(3) and --help.
 *
 * Errors are sticky: a value parser or the scanner that fails fills `error` with one sentence that names the option and
 * what it accepts; bt_opts_next() then returns -EINVAL for good. So a tool's option loop has no error handling of
 * its own:
 *
 *	while ((key = bt_opts_next(&o)) > 0)
 *		switch (key) {
 *		case 'b': bt_opts_size(&o, 1, 1 << 30, &block_bytes); break;
 *		...
 *		}
 *	if (key < 0)
 *		bt_die_usage(o.error);
 */
#ifndef BT_OPT_H
#define BT_OPT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct bt_opt {
	int key;          /* the short letter, or a value from 256 up for an option without one */
	const char *name; /* long name */
	const char *arg;  /* name of the argument, NULL when it takes none */
	const char *help; /* one phrase, lower case, no full stop */
};

/* One letter, one meaning, one wording: rows that several tools share. A tool lists those that make sense for it. */
enum bt_opt_long {
	BT_OPT_LOG = 256, BT_OPT_ARRIVAL, BT_OPT_COOLDOWN, BT_OPT_SEED, BT_OPT_LOCK, BT_OPT_ROOT, BT_OPT_STRICT,
	BT_OPT_TOOL, /* first value free for a tool's own long options */
};

/* Rows of every tool that writes records (taken by bt_out_option, see out.h). */
#define BT_OPTS_OUT \
	{ 'f', "format", "FORMAT", "output format: json, tsv or text (default: text on a terminal, else json)" }, \
	{ 'o', "output", "FILE", "write to FILE, whole, then renamed into place" }, \
	{ 'T', "tag", "KEY=VALUE", "add a dimension to every record; may be repeated" }
/* Rows of every tool (taken by bt_out_option as well). */
#define BT_OPTS_COMMON \
	{ 'q', "quiet", NULL, "no progress and no notes on stderr" }, \
	{ 'v', "verbose", NULL, "say more on stderr" }, \
	{ BT_OPT_LOG, "log", "FORMAT", "messages on stderr as text or json" }, \
	{ 'h', "help", NULL, "show this help" }, \
	{ 'V', "version", NULL, "show the version" }
/* Rows of every load tool (taken by bt_load_option, see load.h). */
#define BT_OPTS_LOAD \
	{ 'c', "cpus", "LIST", "pin the workers to these CPUs in turn (default: the allowed CPUs)" }, \
	{ 'd', "duration", "TIME", "length of each test (default 1s)" }, \
	{ 'i', "interval", "TIME", "emit samples this often while a test runs" }, \
	{ 'L', "list", NULL, "list the tests" }, \
	{ 'm', "metrics", "LIST", "emit only these metrics" }, \
	{ 'n', "count", "N", "end each test after N operations" }, \
	{ 'N', "dry-run", NULL, "check everything, emit meta and end, run nothing" }, \
	{ 'r', "rate", "RATE", "open loop: RATE operations per second, planned in advance" }, \
	{ 'R', "repeat", "N", "run the tests N times, interleaved (default 1)" }, \
	{ 't', "threads", "LIST", "numbers of workers, one run for each (default 1)" }, \
	{ 'w', "warmup", "TIME", "warm-up before each test, not counted (default 100ms)" }, \
	{ BT_OPT_ARRIVAL, "arrival", "LAW", "arrivals of the open loop: fixed or poisson (default fixed)" }, \
	{ BT_OPT_COOLDOWN, "cooldown", "TIME", "pause after each test (default 0s)" }, \
	{ BT_OPT_SEED, "seed", "N", "seed of every random choice (default 1)" }, \
	{ BT_OPT_LOCK, "lock", "MODE", "resource in use elsewhere: wait, fail or off (default wait)" }, \
	{ BT_OPT_ROOT, "root", "DIR", "read /proc and /sys below DIR" }
#define BT_OPTS_END { 0, NULL, NULL, NULL }

/* What a tool says of itself; the source of --help, --version and the usage line. */
struct bt_tool {
	const char *name;
	const char *synopsis;         /* after the name: "[options] [TEST ...]" */
	const char *purpose;          /* one sentence */
	const struct bt_opt *options; /* ends with BT_OPTS_END */
	const char *examples;         /* lines, each a pipeline that works as written */
};

struct bt_opts {
	const struct bt_opt *table;
	int argc;
	char **argv;
	const struct bt_opt *row; /* the option just returned */
	const char *arg;          /* its argument, or NULL */
	/* after the end: */
	int first;                /* index in argv of the first operand */
	int last;                 /* one past the last operand that is not part of command */
	char **command;           /* the words behind "--", ended by NULL; NULL when there is no "--" */
	char error[256];          /* "" or one sentence */
};

/* bt_opts_init - start over argc, argv. Borrows all three. Operands may stand between options unless POSIXLY_CORRECT;
 * "--" ends the options: a tool that runs a COMMAND takes argv[first..last) as operands and command as what to run, others take
 * argv[first..argc) and see no difference. */
void bt_opts_init(struct bt_opts *o, const struct bt_opt *table, int argc, char **argv);

/* bt_opts_words - a copy of argv for whoever shows the command line: parsing puts operands behind options. It keeps the order and
 * is never freed; argv itself without memory. */
char **bt_opts_words(int argc, char **argv);

/* bt_opts_next - the key of the next option, 0 after the last, -EINVAL with o->error set. */
int bt_opts_next(struct bt_opts *o);

/* bt_opts_fail - set o->error (first one wins), named after the current option: "-b, --block-size: ...". */
void bt_opts_fail(struct bt_opts *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Value parsers for o->arg; ranges are inclusive and named in the error. *out is untouched on error. */
void bt_opts_u64(struct bt_opts *o, uint64_t min, uint64_t max, uint64_t *out);
void bt_opts_f64(struct bt_opts *o, double min, double max, double *out);
void bt_opts_size(struct bt_opts *o, uint64_t min, uint64_t max, uint64_t *out_bytes);
void bt_opts_time(struct bt_opts *o, uint64_t min_ns, uint64_t max_ns, uint64_t *out_ns);
void bt_opts_rate(struct bt_opts *o, double min, double max, double *out_per_s);

/* bt_opts_list - a list as in bt_num_list. *count receives the number of entries. */
void bt_opts_list(struct bt_opts *o, uint32_t max, uint32_t *out, size_t cap, size_t *count);

/* bt_opts_dir - a directory that can be entered; *out receives the argument itself. */
void bt_opts_dir(struct bt_opts *o, const char **out);

/* bt_opts_choice - one of the NULL-terminated names; *out receives its index. */
void bt_opts_choice(struct bt_opts *o, const char *const *names, int *out);

/* bt_opts_help - append the text of --help: usage line, purpose, options by letter, examples, exit status. */
void bt_opts_help(struct bt_buf *b, const struct bt_tool *tool);

#endif
