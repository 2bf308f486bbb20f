/* SPDX-License-Identifier: ISC
 *
 * options - the command line of bagg.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bagg.h"
#include "err.h"

enum {
	OPT_CHART = BT_OPT_TOOL, OPT_CORRECTED, OPT_FROM, OPT_LATE, OPT_MAX_LINE, OPT_RATE, OPT_SPAN, OPT_TIME,
};

#define DAY_NS 86400000000000u

static const struct bt_opt options[] = {
	{ 'f', "format", "FORMAT", "json, tsv, csv, text, md, prom, openmetrics, hlog, hgrm or go (default: text on a terminal, "
				   "else json)" },
	{ 'i', "interval", "TIME", "report every window of this length of record time, as soon as it is over" },
	{ 'k', "keys", "LIST", "group by these keys (default: tool, test and every dimension)" },
	{ 'l', "live", NULL, "draw what happens on the terminal; lines pass through to stdout" },
	{ 'm', "metrics", "LIST", "keep only these metrics; in other NDJSON these numeric keys, KEY or KEY:UNIT" },
	{ 'o', "output", "FILE", "write to FILE, whole, then renamed into place" },
	{ 'P', "percentiles", "LIST", "percentiles to report (default 50,90,99,99.9; as text 50,99)" },
	{ 't', "threads", "N", "fold with N threads; the output is the same (default 1)" },
	{ 'T', "tag", "KEY=VALUE", "add a dimension to every record; may be repeated" },
	{ OPT_CHART, "chart", NULL, "draw each distribution; with text, which is then the default, and md" },
	{ OPT_CORRECTED, "corrected-for", "TIME", "add the waits that a load of one operation per TIME left out" },
	{ OPT_FROM, "from", "FORMAT", "what is read: records (and other NDJSON), hlog or fio (default records)" },
	{ OPT_LATE, "late", "TIME", "with -i: keep a window open this long for late records (default 0s)" },
	{ OPT_MAX_LINE, "max-line", "SIZE", "skip lines longer than SIZE (default 64M)" },
	{ OPT_RATE, "rate", "LIST", "these metrics are counters: report how fast they grow" },
	{ OPT_SPAN, "span", "A:B", "report the time from each mark A to the next mark B; may be repeated" },
	{ BT_OPT_STRICT, "strict", NULL, "stop at the first bad line, with status 2" },
	{ OPT_TIME, "time", "KEY", "in other NDJSON: the key that holds the time (default ts)" },
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bagg",
	.synopsis = "[options] [FILE ...]",
	.purpose = "Groups records and reports count, mean, deviation and percentiles of each group.",
	.options = options,
	.examples = "  bcpu int hash | bagg\n"
		    "  bagg -k host,metric -f md a.ndjson b.ndjson\n"
		    "  bcpu -R 5 hash | bagg -m batch -P 50,99.99 | jq .p9999\n",
};

/* The unit behind the last colon, cut off. A path may hold colons: what follows them is a unit only if it is short. */
static const char *cut_unit(char *name)
{
	char *colon = strrchr(name, ':');

	if (!colon || colon == name || !colon[1] || strlen(colon + 1) > 8)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

/* In place of an earlier list. The names live as long as the program, like argv; the first one begins their text. */
static void parse_metrics(struct bagg_metric *list, unsigned *n, struct bt_opts *o)
{
	char *rest = strdup(o->arg);

	if (!rest)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	if (*n > 0)
		free((char *)list[0].name);
	*n = 0;
	while (rest && *n < BAGG_LIST_MAX) {
		char *name = strsep(&rest, ",");

		if (!name[0])
			bt_opts_fail(o, "an empty name in '%.60s'", o->arg);
		list[(*n)++] = (struct bagg_metric){ .unit = cut_unit(name), .name = name };
	}
	if (rest)
		bt_opts_fail(o, "at most %d metrics", BAGG_LIST_MAX);
}

static void parse_span(struct bagg_opts *opts, struct bt_opts *o)
{
	const char *colon = strchr(o->arg, ':');

	if (!colon || colon == o->arg || !colon[1] || strchr(colon + 1, ':'))
		bt_opts_fail(o, "'%.60s' is no A:B, the names of two marks", o->arg);
	else if (opts->n_spans == BAGG_LIST_MAX)
		bt_opts_fail(o, "at most %d spans", BAGG_LIST_MAX);
	else
		opts->spans[opts->n_spans++] = o->arg;
}

static void parse_format(struct bagg_opts *opts, struct bt_opts *o)
{
	static const char *const formats[] = { "json", "tsv", "csv", "text", "md", "prom", "openmetrics", "hlog", "hgrm", "go",
					       NULL };
	int choice = 0;

	bt_opts_choice(o, formats, &choice);
	opts->format = (enum bagg_format)(BAGG_JSON + choice);
}

static void parse_from(struct bagg_opts *opts, struct bt_opts *o)
{
	static const char *const formats[] = { "records", "hlog", "fio", NULL };
	int choice = 0;

	bt_opts_choice(o, formats, &choice);
	opts->from = (enum bagg_from)choice;
}

static void parse_keys(struct bagg *b, struct bt_opts *o)
{
	char why[128];

	bagg_keys_free(&b->groups.keys);
	if (bagg_keys_parse(&b->groups.keys, b->opts.keys = o->arg, why) < 0)
		bt_opts_fail(o, "%s", why);
}

static void parse_percentiles(struct bagg *b, struct bt_opts *o)
{
	char why[128];

	if (bt_ranks_parse(&b->ranks, b->opts.percentiles = o->arg, why) < 0)
		bt_opts_fail(o, "%s", why);
}

static void parse_time_key(struct bagg_opts *opts, struct bt_opts *o)
{
	if (!o->arg[0])
		bt_opts_fail(o, "an empty name");
	opts->time_key = o->arg;
	opts->time_given = true;
}

static void take_option(struct bagg *b, struct bt_opts *o, int key)
{
	struct bagg_opts *opts = &b->opts;

	switch (key) {
	case 'f':
		parse_format(opts, o);
		break;
	case 'i':
		bt_opts_time(o, 1000000, 3650 * DAY_NS, &opts->interval_ns);
		break;
	case 'k':
		parse_keys(b, o);
		break;
	case 'l':
		opts->live = true;
		break;
	case 'm':
		parse_metrics(opts->metrics, &opts->n_metrics, o);
		break;
	case 'P':
		parse_percentiles(b, o);
		break;
	case 't':
		bt_opts_u64(o, 1, 256, &opts->threads);
		break;
	case OPT_CHART:
		opts->chart = true;
		break;
	case OPT_CORRECTED:
		bt_opts_time(o, 1, DAY_NS, &opts->corrected_ns);
		break;
	case OPT_FROM:
		parse_from(opts, o);
		break;
	case OPT_LATE:
		bt_opts_time(o, 0, 3650 * DAY_NS, &opts->late_ns);
		break;
	case OPT_MAX_LINE:
		bt_opts_size(o, 1024, 1ull << 40, &opts->line_max_bytes);
		break;
	case OPT_RATE:
		parse_metrics(opts->rates, &opts->n_rates, o);
		break;
	case OPT_SPAN:
		parse_span(opts, o);
		break;
	case OPT_TIME:
		parse_time_key(opts, o);
		break;
	case BT_OPT_STRICT:
		opts->strict = true;
		break;
	case 'h':
		bt_show_help(&tool);
	case 'V':
		bt_show_version(&tool);
	default:
		bt_out_option(&opts->out, o, key);
	}
}

/* -l: the lines pass unless the report goes to stdout, or they would ruin the picture that stands on the same terminal. */
static void settle_live(struct bagg_opts *opts)
{
	bool to_file = opts->out.path && strcmp(opts->out.path, "-") != 0;

	opts->pass = (to_file || (opts->format == BAGG_AUTO && !opts->out.path)) && !isatty(STDOUT_FILENO);
	opts->silent = opts->pass && !to_file;
}

/* What stands for what was not given. */
static void settle(struct bagg *b)
{
	struct bagg_opts *opts = &b->opts;
	char why[128];
	bool people;

	if (opts->live)
		settle_live(opts);
	if (opts->format == BAGG_AUTO && opts->chart)
		opts->format = BAGG_TEXT;
	if (opts->format == BAGG_AUTO)
		opts->format = !opts->out.path && isatty(STDOUT_FILENO) ? BAGG_TEXT : BAGG_JSON;
	if (opts->chart && opts->format != BAGG_TEXT && opts->format != BAGG_MD)
		bt_die_usage("--chart: distributions are drawn in text and md only");
	if (opts->late_ns > 0 && opts->interval_ns == 0)
		bt_die_usage("--late: only the windows of -i wait for late records");
	people = opts->format == BAGG_TEXT || opts->format == BAGG_MD;
	/* Neither is ever wrong. */
	if ((!opts->percentiles && bt_ranks_parse(&b->ranks, people ? "50,99" : "50,90,99,99.9", why) < 0) ||
	    (!opts->keys && bagg_keys_parse(&b->groups.keys, NULL, why) < 0))
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	/* What bt_out writes itself is records or nothing. */
	opts->out.format = opts->format == BAGG_JSON ? BT_FORMAT_JSON : BT_FORMAT_TEXT;
	b->input.verbose = opts->out.verbose;
}

int bagg_options(struct bagg *b, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	b->opts = (struct bagg_opts){ .time_key = "ts", .threads = 1, .line_max_bytes = 64 << 20 };
	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		take_option(b, &o, key);
	if (key < 0)
		bt_die_usage(o.error);
	settle(b);
	return o.first;
}
