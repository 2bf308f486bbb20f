/* SPDX-License-Identifier: ISC
 *
 * bagg - turns any stream of btools records into statistics.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agg.h"
#include "clock.h"
#include "err.h"
#include "group.h"
#include "input.h"
#include "opt.h"
#include "out.h"
#include "report.h"
#include "sig.h"

#define METRICS_MAX 64

struct bagg {
	struct bt_out_opts out_opts;
	const char *keys, *percentiles; /* as given, or NULL */
	unsigned n_metrics;             /* 0: all */
	char *metrics[METRICS_MAX];
	bool strict;
	struct bt_ranks ranks;
	struct bagg_groups groups;
	struct bagg_input input;
	struct bt_json json;
	struct bt_out out;
	uint64_t start_ns, lines; /* lines folded */
	int status;               /* worst so far */
};

static const struct bt_opt options[] = {
	{ 'f', "format", "FORMAT", "output format: json, tsv, text or md (default: text on a terminal, else json)" },
	{ 'k', "keys", "LIST", "group by these keys (default: tool, test and every dimension)" },
	{ 'm', "metrics", "LIST", "keep only these metrics" },
	{ 'o', "output", "FILE", "write to FILE, whole, then renamed into place" },
	{ 'P', "percentiles", "LIST", "percentiles to report (default 50,90,99,99.9; as text 50,99)" },
	{ 'T', "tag", "KEY=VALUE", "add a dimension to every record; may be repeated" },
	{ BT_OPT_STRICT, "strict", NULL, "stop at the first bad line, with status 2" },
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

static void parse_metrics(struct bagg *b, struct bt_opts *o)
{
	char *list = strdup(o->arg), *rest = list;

	if (!list)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	free(b->n_metrics ? b->metrics[0] : NULL);
	for (b->n_metrics = 0; rest && b->n_metrics < METRICS_MAX; b->n_metrics++) {
		b->metrics[b->n_metrics] = strsep(&rest, ",");
		if (!b->metrics[b->n_metrics][0])
			bt_opts_fail(o, "an empty name in '%.60s'", o->arg);
	}
	if (rest)
		bt_opts_fail(o, "at most %d metrics", METRICS_MAX);
}

static void parse_option(struct bagg *b, struct bt_opts *o, int key)
{
	char why[128];

	switch (key) {
	case 'f':
		bt_out_format(&b->out_opts, o, true);
		break;
	case 'k':
		bagg_keys_free(&b->groups.keys);
		if (bagg_keys_parse(&b->groups.keys, b->keys = o->arg, why) < 0)
			bt_opts_fail(o, "%s", why);
		break;
	case 'm':
		parse_metrics(b, o);
		break;
	case 'P':
		if (bt_ranks_parse(&b->ranks, b->percentiles = o->arg, why) < 0)
			bt_opts_fail(o, "%s", why);
		break;
	case BT_OPT_STRICT:
		b->strict = true;
		break;
	case 'h':
		bt_show_help(&tool);
	case 'V':
		bt_show_version(&tool);
	default:
		bt_out_option(&b->out_opts, o, key);
	}
}

/* Returns the index of the first operand. */
static int parse(struct bagg *b, int argc, char **argv)
{
	struct bt_opts o;
	char why[128];
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		parse_option(b, &o, key);
	if (key < 0)
		bt_die_usage(o.error);
	if (!b->keys && bagg_keys_parse(&b->groups.keys, NULL, why) < 0)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	b->input.verbose = b->out_opts.verbose;
	return o.first;
}

static void worse(struct bagg *b, int status)
{
	if (status > b->status)
		b->status = status;
}

static bool wanted(const struct bagg *b, struct bt_span metric)
{
	for (unsigned i = 0; i < b->n_metrics; i++)
		if (bt_span_is(metric, b->metrics[i]))
			return true;
	return b->n_metrics == 0;
}

static bool measures(const struct bt_rec_in *r)
{
	return r->kind == BT_KIND_SAMPLE || r->kind == BT_KIND_RESULT || r->kind == BT_KIND_EVENT || r->kind == BT_KIND_AGG;
}

/* One line, whole and not blank. Returns 0, -ENOMEM, or -EINVAL with *why set. */
static int fold_line(struct bagg *b, const struct bt_lines *l, const char *line, size_t len, const char **why)
{
	struct bt_rec_in r;
	bool blind = false;
	int rc = bt_rec_parse(&r, &b->json, line, len, why);

	if (rc < 0)
		return rc;
	if (!measures(&r))
		return bagg_input_other(&b->input, &r);
	if (!r.metric.p || !wanted(b, r.metric))
		return 0;
	if (!r.has_value && !r.has_dist) {
		b->input.unfolded++;
		return 0;
	}
	rc = bagg_groups_add(&b->groups, &r, &blind, why);
	if (blind)
		bagg_input_blind(&b->input, l);
	if (rc == 0)
		b->lines++;
	return rc;
}

/* Returns BT_LINE_EOF when the file has ended, BT_LINE_AGAIN when a signal or --strict stops us, or -errno. */
static int fold_lines(struct bagg *b, struct bt_lines *l)
{
	for (;;) {
		const char *line, *why = "line longer than 1 MiB";
		size_t len;
		int got = bt_lines_next(l, &line, &len), rc = -EINVAL;

		if (got <= BT_LINE_EOF)
			return got;
		if (got == BT_LINE_AGAIN) {
			if (bt_sig_caught())
				return got;
			continue;
		}
		if (got != BT_LINE_TOO_LONG)
			rc = fold_line(b, l, line, len, &why);
		if (rc == -ENOMEM)
			return rc;
		if (rc == 0)
			continue;
		if (got == BT_LINE_PARTIAL)
			why = "truncated: the last line has no end and is no record";
		bagg_input_bad(&b->input, l, why);
		worse(b, b->strict ? BT_EXIT_USAGE : BT_EXIT_TROUBLE);
		if (b->strict)
			return BT_LINE_AGAIN;
	}
}

/* Returns whether to go on with the next file. */
static bool fold_file(struct bagg *b, const char *path)
{
	struct bt_lines l;
	int rc = bt_lines_open(&l, path);

	if (rc == 0) {
		l.wait = bt_sig_wait;
		rc = fold_lines(b, &l);
		bagg_input_file_end(&b->input, &l);
	}
	bt_lines_close(&l);
	if (rc == -ENOMEM)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	if (rc < 0 && !bt_sig_caught()) {
		bt_warn("%s: %s", path, strerror(-rc));
		worse(b, BT_EXIT_USAGE);
	}
	return rc != BT_LINE_AGAIN && !bt_sig_caught();
}

static void fold_files(struct bagg *b, int n, char **paths)
{
	static char *const just_stdin[] = { "-" };
	bool whole = true;

	if (n == 0) {
		n = 1;
		paths = (char **)just_stdin;
	}
	for (int i = 0; i < n && whole; i++)
		whole = fold_file(b, paths[i]);
	if (b->input.warnings > 0 && !b->input.verbose)
		bt_note("%llu warn record%s in the input; -v shows them", (unsigned long long)b->input.warnings,
			b->input.warnings == 1 ? "" : "s");
	if (b->n_metrics > 0 && b->lines == 0)
		bt_note("no record has a metric that -m names");
	if (b->input.unfolded > 0 && b->input.verbose)
		bt_note("%llu measurements without a value", (unsigned long long)b->input.unfolded);
	/* A stream that was not read to its end has no end record to show. */
	if (whole && bagg_input_truncated(&b->input) > 0)
		worse(b, BT_EXIT_TROUBLE);
}

static void emit_end(struct bagg *b)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_END);
	bt_rec_str(&r, "status", bt_sig_caught() ? "interrupted" : b->status == BT_EXIT_USAGE ? "failed" : "ok");
	bt_rec_u64(&r, "records", b->lines);
	bt_rec_f64(&r, "elapsed", (double)(bt_clock_monotonic() - b->start_ns) / 1e9);
	bt_rec_u64(&r, "errors", b->input.bad);
	bt_out_rec(&b->out, &r);
}

static void report(struct bagg *b)
{
	struct bagg_agg agg;
	uint64_t refused = 0;
	int rc;

	if (!b->percentiles) {
		char why[128];
		bool people = b->out.format == BT_FORMAT_TEXT || b->out.format == BT_FORMAT_MD;

		bt_ranks_parse(&b->ranks, people ? "50,99" : "50,90,99,99.9", why);
	}
	rc = bagg_agg_init(&agg, &b->ranks, &b->out.source);
	if (rc == 0)
		rc = bagg_report(&agg, &b->groups, &b->out, &refused);
	bagg_agg_free(&agg);
	if (rc == -ENOMEM)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	b->out.error = rc;
	if (refused > 0) {
		bt_warn("%llu groups left out: their dimensions alone fill a record", (unsigned long long)refused);
		worse(b, BT_EXIT_TROUBLE);
	}
	if (b->out.format == BT_FORMAT_JSON)
		emit_end(b);
}

static int finish(struct bagg *b)
{
	int sig = bt_sig_caught(), rc;

	/* What -o would replace is worth more than the answer to an input that could not be read. */
	if (b->status == BT_EXIT_USAGE && b->lines == 0 && b->out.file.pending)
		bt_outfile_abort(&b->out.file);
	rc = bt_out_close(&b->out);
	bagg_groups_free(&b->groups);
	bagg_input_free(&b->input);
	bt_json_free(&b->json);
	free(b->n_metrics ? b->metrics[0] : NULL);
	bt_check_output(rc, b->out_opts.path, BT_EXIT_TROUBLE);
	if (sig)
		bt_die_signal(sig);
	return b->status;
}

int main(int argc, char **argv)
{
	static struct bagg b;
	int first, rc;

	bt_err_init(tool.name);
	first = parse(&b, argc, argv);
	bt_sig_init();
	b.start_ns = bt_clock_monotonic();
	bagg_groups_init(&b.groups);
	rc = bt_out_open(&b.out, &b.out_opts, tool.name);
	bt_check_output(rc, b.out_opts.path, BT_EXIT_USAGE);
	fold_files(&b, argc - first, argv + first);
	report(&b);
	return finish(&b);
}
