/* SPDX-License-Identifier: ISC
 *
 * loadmeta - the meta record of a load tool: how it was called, the options as they take effect, the machine.
 */
#include <string.h>

#include "host.h"
#include "loadrec.h"

/* "0,2,5" of the numbers. Cut at a whole number when it does not fit. */
static void number_list(char *out, size_t cap, const uint32_t *numbers, size_t count)
{
	struct bt_buf b = BT_BUF_INIT;

	for (size_t i = 0; i < count && b.len + 12 < cap; i++)
		bt_buf_printf(&b, "%s%u", i ? "," : "", numbers[i]);
	memcpy(out, bt_buf_cstr(&b), b.len + 1);
	bt_buf_free(&b);
}

/* The words with one blank between. */
static void argv_text(struct bt_buf *b, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (i > 0)
			bt_buf_char(b, ' ');
		bt_buf_str(b, argv[i]);
	}
}

/* Each test once, in the order of the run; the variants of a test are neighbours. */
static void tests_text(struct bt_buf *b, const struct bt_loadtool *t)
{
	for (size_t i = 0; i < t->n_jobs; i++) {
		if (i > 0 && !strcmp(t->jobs[i].test, t->jobs[i - 1].test))
			continue;
		if (i > 0)
			bt_buf_char(b, ',');
		bt_buf_str(b, t->jobs[i].test);
	}
}

/* The options as they take effect. Times are in seconds. */
static void add_options(struct bt_rec *r, const struct bt_load_opts *l)
{
	static const char *const locks[] = { "wait", "fail", "off" };

	bt_rec_f64(r, "duration", (double)l->duration_ns / 1e9);
	bt_rec_f64(r, "warmup", (double)l->warmup_ns / 1e9);
	if (l->cooldown_ns)
		bt_rec_f64(r, "cooldown", (double)l->cooldown_ns / 1e9);
	if (l->interval_ns)
		bt_rec_f64(r, "interval", (double)l->interval_ns / 1e9);
	if (l->count)
		bt_rec_u64(r, "count", l->count);
	if (l->rate > 0) {
		bt_rec_f64(r, "rate", l->rate);
		bt_rec_str(r, "arrival", l->arrival == BT_ARRIVAL_POISSON ? "poisson" : "fixed");
	}
	bt_rec_u64(r, "repeat", l->repeat);
	bt_rec_u64(r, "seed", l->seed);
	bt_rec_str(r, "lock", locks[l->lock]);
	if (l->dry_run)
		bt_rec_bool(r, "dry_run", true);
}

void bt_loadrec_meta(struct bt_loadtool *t)
{
	char threads[512], pin[512];
	struct bt_buf argv = BT_BUF_INIT, tests = BT_BUF_INIT;
	struct bt_host host;
	struct bt_rec r;

	number_list(threads, sizeof(threads), t->load.threads, t->load.n_threads);
	number_list(pin, sizeof(pin), t->load.cpus, t->load.n_cpus);
	argv_text(&argv, t->argc, t->argv);
	tests_text(&tests, t);
	bt_host_read(&host, &t->src);
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_rec_str(&r, "argv", bt_buf_cstr(&argv));
	bt_rec_str(&r, "clock", bt_clock_name(&t->clock));
	bt_rec_f64(&r, "clock_cost", (double)t->clock.cost_ns100 / 100);
	bt_rec_str(&r, "tests", bt_buf_cstr(&tests));
	if (t->meta)
		t->meta(t, &r);
	bt_rec_str(&r, "threads", threads);
	if (t->load.n_cpus)
		bt_rec_str(&r, "pin", pin);
	add_options(&r, &t->load);
	bt_host_record(&host, &r);
	bt_out_rec(&t->out, &r);
	bt_buf_free(&argv);
	bt_buf_free(&tests);
}
