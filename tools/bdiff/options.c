/* SPDX-License-Identifier: ISC
 *
 * options - the command line of bdiff.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bdiff.h"
#include "err.h"
#include "num.h"

enum { OPT_ACCEPT = BT_OPT_TOOL, OPT_ALLOW_MISSING, OPT_ALLOW_TRUNCATED, OPT_EXPORT, OPT_NO_HOLM, OPT_SMOOTH };

static const struct bt_opt options[] = {
	{ 'a', "alpha", "LEVEL", "how often chance alone may pass for a change (default 0.05)" },
	{ 'f', "format", "FORMAT", "output format: json, tsv, text or md (default: text on a terminal, else json)" },
	{ 'k', "keys", "LIST", "group by these keys (default: tool, test and all dimensions)" },
	{ 'm', "metrics", "LIST", "compare only these metrics" },
	{ 'o', "output", "FILE", "write to FILE, whole, then renamed into place" },
	{ 'P', "percentiles", "LIST", "percentiles of distributions that are compared (default 50)" },
	{ 'x', "threshold", "PCT", "smallest change that matters, in percent (default 2); METRIC=PCT for one metric" },
	{ OPT_ACCEPT, "accept", "FILE", "changes that are accepted, each with a reason and an expiry date" },
	{ OPT_ALLOW_MISSING, "allow-missing", NULL, "what is in BASE only is no trouble" },
	{ OPT_ALLOW_TRUNCATED, "allow-truncated", NULL, "streams cut short, interrupted or failed are no trouble" },
	{ OPT_EXPORT, "export", NULL, "compare nothing: write the operands as one baseline, checked and sealed" },
	{ OPT_NO_HOLM, "no-holm", NULL, "judge each row as if it were the only one" },
	{ OPT_SMOOTH, "smooth", "K", "judge against the median of the last K baselines" },
	{ BT_OPT_STRICT, "strict", NULL, "doubt is trouble: unsure rows, other machines; stop at a bad line" },
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bdiff",
	.synopsis = "[options] BASE [BASE ...] NEW",
	.purpose = "Did it change? Compares two sets of runs; exit status 1 when something got worse, 2 on trouble.",
	.options = options,
	.examples = "  for i in 1 2 3 4 5 6 7 8; do bcpu; done > base.ndjson\n"
		    "  for i in 1 2 3 4 5 6 7 8; do bcpu; done > new.ndjson; bdiff base.ndjson new.ndjson || echo slower\n"
		    "  bcpu -R 5 | bdiff -x 10% -x batch=3% -P 50,99 base.ndjson -\n"
		    "  bdiff --export -o base.ndjson.gz monday.ndjson tuesday.ndjson\n"
		    "  bdiff -f md base.ndjson new.ndjson >> report.md\n",
};

/* One comma-separated item of *list into out, moving *list behind it. Returns its length, 0 if it is empty or too long. */
static size_t item(const char **list, char *out, size_t cap)
{
	size_t len = strcspn(*list, ",");

	if (len > 0 && len < cap) {
		memcpy(out, *list, len);
		out[len] = '\0';
	}
	*list += len + ((*list)[len] == ',');
	return len < cap ? len : 0;
}

/* A list ends behind its last item: "a," has an empty one. */
static bool more(const char *list, const char *arg)
{
	return *list || (list > arg && list[-1] == ',');
}

static void parse_names(struct bt_opts *o, struct bdiff_name *names, unsigned *n)
{
	const char *list = o->arg;

	do {
		if (*n == BDIFF_LIST_MAX)
			bt_opts_fail(o, "more than %d names", BDIFF_LIST_MAX);
		else if (item(&list, names[*n].text, sizeof(names[*n].text)) == 0)
			bt_opts_fail(o, "'%.60s' is no list of names, each of 1 to 63 bytes", o->arg);
		else
			++*n;
	} while (!o->error[0] && more(list, o->arg));
}

static void parse_keys(struct bdiff_opts *opts, struct bt_opts *o)
{
	unsigned kept = 0;

	parse_names(o, opts->keys, &opts->n_keys);
	for (unsigned i = 0; i < opts->n_keys; i++) {
		const char *name = opts->keys[i].text;
		bool twice = strcmp(name, "metric") == 0 || strcmp(name, "unit") == 0;

		for (unsigned k = 0; k < kept && !twice; k++)
			twice = strcmp(name, opts->keys[k].text) == 0;
		if (!twice)
			opts->keys[kept++] = opts->keys[i];
	}
	/* Metric and unit are always keys: alone they still mean that nothing else is. */
	if (opts->n_keys > 0 && kept == 0)
		opts->keys[kept++] = (struct bdiff_name){ .text = "metric" };
	opts->n_keys = kept;
}

static void parse_percentiles(struct bdiff_opts *opts, struct bt_opts *o)
{
	char why[128];

	if (bt_ranks_parse(&opts->percentiles, o->arg, why) < 0)
		bt_opts_fail(o, "%s", why);
}

/* "5" or "5%". */
static bool parse_pct(const char *text, double *out)
{
	size_t len = strlen(text);
	char number[64];

	if (len >= sizeof(number))
		return false;
	memcpy(number, text, len + 1);
	if (len > 0 && number[len - 1] == '%')
		number[len - 1] = '\0';
	return bt_num_f64(number, 0, 1e6, out) == 0;
}

static void parse_threshold(struct bdiff_opts *opts, struct bt_opts *o)
{
	struct bdiff_threshold *t = &opts->thresholds[opts->n_thresholds];
	const char *equals = strrchr(o->arg, '=');
	size_t len = equals ? (size_t)(equals - o->arg) : 0;

	if (!equals) {
		if (!parse_pct(o->arg, &opts->threshold_pct))
			bt_opts_fail(o, "'%.60s' is no percentage from 0 to 1e+06, such as 5 or 5%%", o->arg);
		return;
	}
	if (opts->n_thresholds == BDIFF_LIST_MAX)
		bt_opts_fail(o, "more than %d metrics", BDIFF_LIST_MAX);
	else if (len == 0 || len >= sizeof(t->name) || !parse_pct(equals + 1, &t->pct))
		bt_opts_fail(o, "'%.60s' is no METRIC=PCT with a percentage from 0 to 1e+06", o->arg);
	if (o->error[0])
		return;
	memcpy(t->name, o->arg, len);
	t->name[len] = '\0';
	opts->n_thresholds++;
}

static void parse_smooth(struct bdiff_opts *opts, struct bt_opts *o)
{
	uint64_t k = opts->smooth;

	bt_opts_u64(o, 1, 1000, &k);
	opts->smooth = (unsigned)k;
}

static void take_option(struct bdiff_opts *opts, struct bt_opts *o, int key)
{
	switch (key) {
	case 'a':
		bt_opts_f64(o, 1e-9, 0.5, &opts->alpha);
		break;
	case 'f':
		bt_out_format(&opts->out, o, true);
		break;
	case 'k':
		parse_keys(opts, o);
		break;
	case 'm':
		parse_names(o, opts->metrics, &opts->n_metrics);
		break;
	case 'P':
		parse_percentiles(opts, o);
		break;
	case 'x':
		parse_threshold(opts, o);
		break;
	case OPT_ACCEPT:
		opts->accept = o->arg;
		break;
	case OPT_ALLOW_MISSING:
		opts->allow_missing = true;
		break;
	case OPT_ALLOW_TRUNCATED:
		opts->allow_truncated = true;
		break;
	case OPT_EXPORT:
		opts->export = true;
		break;
	case OPT_SMOOTH:
		parse_smooth(opts, o);
		break;
	case OPT_NO_HOLM:
		opts->no_holm = true;
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

static void take_operands(struct bdiff_opts *opts, int argc, char **argv, int first)
{
	unsigned from_stdin = 0;

	opts->paths = argv + first;
	opts->n_paths = (unsigned)(argc - first);
	opts->n_base = opts->export || opts->n_paths == 0 ? opts->n_paths : opts->n_paths - 1;
	if (opts->export && opts->n_paths == 0)
		bt_die_usage("--export needs at least one FILE");
	if (!opts->export && opts->n_paths < 2)
		bt_die_usage("at least two operands are expected: BASE and NEW");
	if (opts->n_paths > BDIFF_FILES_MAX)
		bt_die_usage("too many operands: more than 65535");
	for (unsigned i = 0; i < opts->n_paths; i++)
		from_stdin += strcmp(opts->paths[i], "-") == 0;
	if (from_stdin > 1)
		bt_die_usage(opts->export ? "only one FILE can be stdin" : "only one of BASE and NEW can be stdin");
}

void bdiff_options(struct bdiff_opts *opts, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	*opts = (struct bdiff_opts){ .alpha = 0.05, .threshold_pct = 2 };
	opts->percentiles = (struct bt_ranks){ .n = 1, .rank = { { 50, "p50" } } };
	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		take_option(opts, &o, key);
	if (key < 0)
		bt_die_usage(o.error);
	if (opts->export && opts->out.format != BT_FORMAT_AUTO && opts->out.format != BT_FORMAT_JSON)
		bt_die_usage("--export writes json only");
	take_operands(opts, argc, argv, o.first);
}
