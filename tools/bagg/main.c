/* SPDX-License-Identifier: ISC
 *
 * bagg - turns any stream of btools records into statistics.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bagg.h"
#include "clock.h"
#include "err.h"
#include "sig.h"

void bagg_worse(struct bagg *b, int status)
{
	if (status > b->status)
		b->status = status;
}

static const char *end_status(const struct bagg *b)
{
	if (bt_sig_caught() || (b->pass && b->pass->error < 0))
		return "interrupted";
	return b->status == BT_EXIT_USAGE ? "failed" : "ok";
}

static void emit_end(struct bagg *b)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_END);
	bt_rec_str(&r, "status", end_status(b));
	bt_rec_u64(&r, "records", b->lines);
	bt_rec_f64(&r, "elapsed", (double)(bt_clock_monotonic() - b->start_ns) / 1e9);
	bt_rec_u64(&r, "errors", b->input.bad + b->input.errors);
	bt_out_rec(&b->out, &r);
}

static void emit(struct bagg *b, struct bagg_groups *g, bool has_start, int64_t start_us)
{
	struct bagg_agg agg;
	struct bagg_report *r = &b->report;
	uint64_t refused = r->refused, unfit = r->unfit;
	int rc;

	if (b->opts.silent)
		return;
	if (b->screen)
		bagg_screen_wipe(b->screen);
	rc = bagg_agg_init(&agg, &b->ranks, &b->out.source);
	bagg_groups_settle(g);
	bagg_agg_window(&agg, b->opts.interval_ns, has_start, start_us);
	if (rc == 0)
		rc = bagg_report(r, &agg, g);
	bagg_agg_free(&agg);
	if (rc == -ENOMEM)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	if (b->out.error == 0)
		b->out.error = rc;
	if (r->refused > refused) {
		bt_warn("%llu groups left out: their dimensions alone fill a record", (unsigned long long)(r->refused - refused));
		bagg_worse(b, BT_EXIT_TROUBLE);
	}
	if (r->unfit > unfit)
		bt_warn("%llu group%s left out: this format cannot show the values", (unsigned long long)(r->unfit - unfit),
			r->unfit - unfit == 1 ? "" : "s");
}

void bagg_emit(struct bagg *b, struct bagg_groups *g)
{
	emit(b, g, false, 0);
}

/* The formats of Prometheus show one state: with -o each window takes the place of the one before. */
static bool replaces(const struct bagg *b)
{
	return (b->opts.format == BAGG_PROM || b->opts.format == BAGG_OPENMETRICS) && b->opts.out.path && b->out.file.path[0];
}

void bagg_emit_window(struct bagg *b, bool has_start, int64_t start_us)
{
	int rc = 0;

	if (b->out.error < 0)
		return;
	if (b->windows.file_done)
		rc = bt_outfile_open(&b->out.file, b->opts.out.path);
	b->windows.file_done = false;
	if (rc == 0)
		emit(b, &b->groups, has_start, start_us);
	if (rc == 0 && b->out.error == 0 && replaces(b)) {
		rc = bt_outfile_commit(&b->out.file);
		b->windows.file_done = true;
	}
	if (b->out.error == 0)
		b->out.error = rc;
}

static int finish(struct bagg *b)
{
	int sig = bt_sig_caught(), rc, passed = b->pass ? b->pass->error : 0;

	/* What -o would replace is worth more than the answer to an input that could not be read. */
	if (b->status == BT_EXIT_USAGE && b->lines == 0 && b->out.file.pending)
		bt_outfile_abort(&b->out.file);
	rc = bt_out_close(&b->out);
	bagg_take_free(b);
	bagg_groups_free(&b->groups);
	bagg_input_free(&b->input);
	bagg_fast_free(b->fast);
	bt_json_free(&b->json);
	if (b->pass)
		bagg_pass_free(b->pass);
	bt_check_output(rc, b->opts.out.path, BT_EXIT_TROUBLE);
	bt_check_output(passed, NULL, BT_EXIT_TROUBLE);
	if (sig)
		bt_die_signal(sig);
	return b->status;
}

static void start_live(struct bagg *b, struct bagg_screen *screen, struct bagg_pass *pass)
{
	if (bagg_screen_open(screen, b->start_ns))
		b->screen = screen;
	if (!b->opts.pass)
		return;
	bagg_pass_init(pass);
	b->pass = pass;
}

int main(int argc, char **argv)
{
	static struct bagg_screen screen;
	static struct bagg_pass pass;
	static struct bagg b;
	int first, rc;

	bt_err_init("bagg");
	first = bagg_options(&b, argc, argv);
	bt_sig_init();
	b.start_ns = bt_clock_monotonic();
	bagg_groups_init(&b.groups);
	rc = bt_out_open(&b.out, &b.opts.out, "bagg");
	bt_check_output(rc, b.opts.out.path, BT_EXIT_USAGE);
	b.report = (struct bagg_report){ .format = b.opts.format, .chart = b.opts.chart, .file = &b.out.file };
	if (b.opts.live)
		start_live(&b, &screen, &pass);
	/* What is drawn is drawn from every record, so none may take the short way. */
	b.fast = b.screen || !bagg_plain(&b) ? NULL : bagg_fast_new(b.opts.line_max_bytes);
	bagg_take_init(&b);
	bagg_read(&b, argc - first, argv + first);
	if (b.screen)
		bagg_screen_close(b.screen, bt_clock_monotonic(), bt_sig_caught() != 0,
				  !b.out.file.owned && isatty(STDOUT_FILENO));
	b.screen = NULL;
	if (b.opts.interval_ns > 0)
		bagg_windows_finish(&b);
	else
		bagg_emit(&b, &b.groups);
	if (b.opts.format == BAGG_JSON && !b.opts.silent)
		emit_end(&b);
	return finish(&b);
}
