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

enum { OPT_ALLOW_MISSING = BT_OPT_TOOL };

static const struct bt_opt options[] = {
	{ 'a', "alpha", "LEVEL", "how often chance alone may pass for a change (default 0.05)" },
	{ 'f', "format", "FORMAT", "output format: json, tsv, text or md (default: text on a terminal, else json)" },
	{ 'k', "keys", "LIST", "group by these keys (default: tool, test and all dimensions)" },
	{ 'm', "metrics", "LIST", "compare only these metrics" },
	{ 'o', "output", "FILE", "write to FILE, whole, then renamed into place" },
	{ 'P', "percentiles", "LIST", "percentiles of distributions that are compared (default 50)" },
	{ 'x', "threshold", "PCT", "smallest change that matters, in percent (default 5); METRIC=PCT for one metric" },
	{ OPT_ALLOW_MISSING, "allow-missing", NULL, "what is in BASE only is no trouble" },
	{ BT_OPT_STRICT, "strict", NULL, "doubt is trouble: unsure, truncated, other machine; stop at a bad line" },
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "bdiff",
	.synopsis = "[options] BASE NEW",
	.purpose = "Did it change? Compares two sets of runs; exit status 1 when something got worse, 2 on trouble.",
	.options = options,
	.examples = "  bcpu -R 5 > base.ndjson; bcpu -R 5 > new.ndjson; bdiff base.ndjson new.ndjson || echo slower\n"
		    "  bcpu -R 5 | bdiff -x 10 -x batch=3 -P 50,99 base.ndjson -\n"
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

static void parse_names(struct bt_opts *o, char names[][64], unsigned *n)
{
	const char *list = o->arg;

	do {
		if (*n == BDIFF_LIST_MAX)
			bt_opts_fail(o, "more than %d names", BDIFF_LIST_MAX);
		else if (item(&list, names[*n], sizeof(names[0])) == 0)
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
		bool twice = strcmp(opts->keys[i], "metric") == 0 || strcmp(opts->keys[i], "unit") == 0;

		for (unsigned k = 0; k < kept && !twice; k++)
			twice = strcmp(opts->keys[i], opts->keys[k]) == 0;
		if (!twice && kept++ != i)
			memcpy(opts->keys[kept - 1], opts->keys[i], sizeof(opts->keys[i]));
	}
	/* Metric and unit are always keys: alone they still mean that nothing else is. */
	if (opts->n_keys > 0 && kept == 0)
		memcpy(opts->keys[kept++], "metric", sizeof("metric"));
	opts->n_keys = kept;
}

static void parse_percentiles(struct bdiff_opts *opts, struct bt_opts *o)
{
	char why[128];

	if (bt_ranks_parse(&opts->percentiles, o->arg, why) < 0)
		bt_opts_fail(o, "%s", why);
}

static void parse_threshold(struct bdiff_opts *opts, struct bt_opts *o)
{
	struct bdiff_threshold *t = &opts->thresholds[opts->n_thresholds];
	const char *equals = strrchr(o->arg, '=');
	size_t len = equals ? (size_t)(equals - o->arg) : 0;

	if (!equals) {
		bt_opts_f64(o, 0, 1e6, &opts->threshold_pct);
		return;
	}
	if (opts->n_thresholds == BDIFF_LIST_MAX)
		bt_opts_fail(o, "more than %d metrics", BDIFF_LIST_MAX);
	else if (len == 0 || len >= sizeof(t->name) || bt_num_f64(equals + 1, 0, 1e6, &t->pct) < 0)
		bt_opts_fail(o, "'%.60s' is no METRIC=PCT with a percentage from 0 to 1e+06", o->arg);
	if (o->error[0])
		return;
	memcpy(t->name, o->arg, len);
	t->name[len] = '\0';
	opts->n_thresholds++;
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
	case OPT_ALLOW_MISSING:
		opts->allow_missing = true;
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

void bdiff_options(struct bdiff_opts *opts, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	*opts = (struct bdiff_opts){ .alpha = 0.05, .threshold_pct = 5 };
	opts->percentiles = (struct bt_ranks){ .n = 1, .rank = { { 50, "p50" } } };
	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		take_option(opts, &o, key);
	if (key < 0)
		bt_die_usage(o.error);
	if (argc - o.first != 2)
		bt_die_usage("two operands are expected: BASE and NEW");
	opts->paths[BDIFF_BASE] = argv[o.first];
	opts->paths[BDIFF_NEW] = argv[o.first + 1];
	if (strcmp(opts->paths[0], "-") == 0 && strcmp(opts->paths[1], "-") == 0)
		bt_die_usage("only one of BASE and NEW can be stdin");
}
