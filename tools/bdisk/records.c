/* SPDX-License-Identifier: ISC
 *
 * records - what the records of bdisk have beside those of every load tool.
 */
#include <errno.h>
#include <string.h>

#include "bdisk.h"
#include "err.h"
#include "errnames.h"

const char *const bdisk_metrics[] = {
	BT_LOADREC_METRICS, "iops", "bw", "fsync", "depth", "cpu_io", "steady_iops", "reads", "writes", "read_bytes", "written_bytes",
	"dev_reads", "dev_writes", "dev_read_bytes", "dev_written_bytes", NULL
};

static const char *const caches[] = { "direct", "warm", "cold", "buffered" };

static struct bdisk_job *job_of(const struct bt_emit *e)
{
	return (struct bdisk_job *)(uintptr_t)e->tool->job->config;
}

static void str_unless_empty(struct bt_rec *r, const char *name, const char *value)
{
	if (value[0])
		bt_rec_str(r, name, value);
}

void bdisk_meta(struct bt_loadtool *t, struct bt_rec *r)
{
	const struct bdisk *b = (const struct bdisk *)t;
	const struct bdisk_target *target = &b->target;

	bt_rec_str(r, target->file ? "file" : "dir", target->file ? target->file : target->dir);
	bt_rec_str(r, "engine", b->engine->name);
	bt_rec_str(r, "bs", b->sizes.text);
	bt_rec_u64(r, "qd", b->depth);
	bt_rec_u64(r, "size", target->bytes);
	bt_rec_str(r, "cache", caches[target->cache]);
	bt_rec_u64(r, "align", target->align);
	str_unless_empty(r, "dev", target->dev.name);
	str_unless_empty(r, "disk", target->dev.disk);
	str_unless_empty(r, "model", target->dev.model);
	str_unless_empty(r, "scheduler", target->dev.scheduler);
	str_unless_empty(r, "write_cache", target->dev.write_cache);
	if (target->dev.name[0])
		bt_rec_bool(r, "rotational", target->dev.rotational);
	if (target->dev.logical)
		bt_rec_u64(r, "logical_block", target->dev.logical);
	if (target->dev.physical)
		bt_rec_u64(r, "physical_block", target->dev.physical);
	str_unless_empty(r, "fs", target->mount.fs);
	str_unless_empty(r, "mount", target->mount.options);
}

static void check_polling(struct bdisk *b)
{
	int rc = bdisk_uring_polls(b);

	if (rc == 0)
		return;
	bt_warn("--iopoll: %s: %s; the driver must have poll queues", b->target.dev.name[0] ? b->target.dev.name : b->target.mount.fs,
		strerror(-rc));
	b->tool.failed = true;
	b->tool.fail_status = BT_EXIT_UNABLE;
}

void bdisk_prepare(struct bt_loadtool *t)
{
	struct bdisk *b = (struct bdisk *)t;

	if (b->target.cache == BDISK_BUFFERED)
		bt_out_warn(&t->out, "direct-unavailable", "direct I/O is not possible there: figures include the page cache");
	if (bdisk_layout(b) < 0)
		t->failed = !bt_loadtool_stop();
	else if (b->iopoll)
		check_polling(b);
	b->target.blocks = bdisk_uring_blocks(b);
	if (b->target.blank)
		bt_out_warn(&t->out, "sparse", "parts of it were never written: reads of them may ask no device, first writes are "
			    "other work");
	t->taint |= b->target.taint;
}

int bdisk_before(struct bt_loadtool *t)
{
	struct bdisk *b = (struct bdisk *)t;
	struct bdisk_job *job = (struct bdisk_job *)(uintptr_t)t->job->config;

	memset(job->errors, 0, sizeof(job->errors));
	memset(job->done, 0, sizeof(job->done));
	memset(job->done_bytes, 0, sizeof(job->done_bytes));
	b->settling = (struct bdisk_steady){ .n = 0 };
	if (bdisk_cache_prepare(b) < 0)
		return -EIO;
	job->resident_before = bdisk_cache_resident(&b->target);
	job->stat_known = b->target.dev.name[0] &&
			  bt_blockdev_stat(&job->stat_before, &t->src, b->target.dev.major, b->target.dev.minor) == 0;
	return 0;
}

void bdisk_describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bdisk *b = (const struct bdisk *)e->tool;
	const struct bdisk_job *job = job_of(e);

	if (b->target.blank && (job->test->reads || !b->target.block))
		r->taint |= BT_TAINT_SPARSE;
	if (job->cached && e->kind == BT_KIND_RESULT)
		r->taint |= BT_TAINT_CACHED;
	if (b->sizes.n == 1)
		bt_rec_u64(r, "bs", b->sizes.most);
	else
		bt_rec_str(r, "bs", b->sizes.text);
	bt_rec_u64(r, "qd", b->depth);
	bt_rec_str(r, "engine", b->engine->name);
	str_unless_empty(r, "ring", job->ring);
	bt_rec_str(r, "cache", caches[b->target.cache]);
	if (job->test->reads && job->test->writes)
		bt_rec_u64(r, "mix", b->mix);
	if (job->test->random)
		bt_rec_str(r, "dist", b->no_repeat ? "norepeat" : b->dist_text);
	if (job->test->writes)
		bt_rec_str(r, "fsync_at", b->fsync_text);
	bt_rec_str(r, "target", b->target.kind);
	bt_rec_u64(r, "size", b->target.bytes);
	str_unless_empty(r, "dev", b->target.dev.name);
	if (b->steady && e->kind == BT_KIND_RESULT)
		bt_rec_str(r, "ended", e->span->interrupted ? "signal" : b->settling.settled ? "steady" : "time");
}

/* One part of a mix: reads or writes. */
static void emit_part(const struct bt_emit *e, const char *op, const struct bt_hist *lat, uint64_t bytes)
{
	double seconds_inverse = e->span->total->ops ? e->span->rate / (double)e->span->total->ops : 0;
	struct bt_rec r;

	if (bt_load_wants(&e->tool->load, "lat")) {
		bt_emit_start(e, &r);
		bt_rec_str(&r, "op", op);
		bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, lat);
		bt_out_rec(&e->tool->out, &r);
	}
	if (bt_load_wants(&e->tool->load, "iops")) {
		bt_emit_start(e, &r);
		bt_rec_str(&r, "op", op);
		bt_rec_value(&r, "iops", "op/s", BT_BETTER_HIGHER, (double)lat->n * seconds_inverse);
		bt_out_rec(&e->tool->out, &r);
	}
	if (bt_load_wants(&e->tool->load, "bw")) {
		bt_emit_start(e, &r);
		bt_rec_str(&r, "op", op);
		bt_rec_value(&r, "bw", "B/s", BT_BETTER_HIGHER, (double)bytes * seconds_inverse);
		bt_out_rec(&e->tool->out, &r);
	}
}

static void emit_times(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	const struct bdisk_test *test = job_of(e)->test;
	bool mixed = test->reads && test->writes;

	if (mixed) {
		emit_part(e, "read", &total->extra2, total->extra_count);
		emit_part(e, "write", &total->extra3, total->extra_count2);
	} else {
		bt_emit_dist(e, "lat", &total->lat);
		bt_emit_value(e, "iops", "op/s", BT_BETTER_HIGHER, e->span->rate);
		bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, total->ops ? e->span->rate / (double)total->ops *
			      (double)(total->extra_count + total->extra_count2) : 0);
	}
	if (e->tool->opts->rate > 0) {
		bt_emit_dist(e, "svc", &total->svc);
		bt_emit_dist(e, "late", &total->late);
	}
	if (total->extra.n > 0)
		bt_emit_dist(e, "fsync", &total->extra);
}

/* By Little's law: the time that operations were under way, over the time there was. */
static void emit_depth(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	const struct bt_hist *time = e->tool->opts->rate > 0 ? &total->svc : &total->lat;

	if (e->span->dur_ns > 0)
		bt_emit_value(e, "depth", "count", BT_BETTER_NONE, (double)time->sum / (double)e->span->dur_ns);
}

static void emit_bytes(const struct bt_emit *e, const char *metric, uint64_t bytes)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->tool->load, metric))
		return;
	bt_emit_start(e, &r);
	bt_rec_count(&r, metric, "B", BT_BETTER_NONE, bytes);
	bt_out_rec(&e->tool->out, &r);
}

/* What the device counted since the run began, less what was not measured (the warm-up, and what failed nowhere). */
static void emit_device(const struct bt_emit *e, uint64_t reads, uint64_t writes)
{
	const struct bdisk *b = (const struct bdisk *)e->tool;
	struct bdisk_job *job = job_of(e);
	const struct bt_tally *total = e->span->total;
	struct bt_blockstat now, done;
	uint64_t extra[4] = { job->done[0] - reads, job->done[1] - writes, job->done_bytes[0] - total->extra_count,
			      job->done_bytes[1] - total->extra_count2 };

	if (!job->stat_known || bt_blockdev_stat(&now, &e->tool->src, b->target.dev.major, b->target.dev.minor) < 0)
		return;
	done = bt_blockstat_delta(&job->stat_before, &now);
	if (job->test->reads) {
		bt_emit_count(e, "dev_reads", BT_BETTER_NONE, done.reads > extra[0] ? done.reads - extra[0] : 0);
		emit_bytes(e, "dev_read_bytes", done.read_bytes > extra[2] ? done.read_bytes - extra[2] : 0);
	}
	if (job->test->writes) {
		bt_emit_count(e, "dev_writes", BT_BETTER_NONE, done.writes > extra[1] ? done.writes - extra[1] : 0);
		emit_bytes(e, "dev_written_bytes", done.written_bytes > extra[3] ? done.written_bytes - extra[3] : 0);
	}
}

static void emit_counts(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	const struct bdisk_test *test = job_of(e)->test;
	uint64_t reads = test->writes ? total->extra2.n : total->ops, writes = test->reads ? total->extra3.n : total->ops;

	if (test->reads) {
		bt_emit_count(e, "reads", BT_BETTER_NONE, reads);
		emit_bytes(e, "read_bytes", total->extra_count);
	} else {
		reads = 0;
	}
	if (test->writes) {
		bt_emit_count(e, "writes", BT_BETTER_NONE, writes);
		emit_bytes(e, "written_bytes", total->extra_count2);
	} else {
		writes = 0;
	}
	emit_device(e, reads, writes);
}

void bdisk_measures(const struct bt_emit *e)
{
	struct bdisk *b = (struct bdisk *)e->tool;
	const struct bt_tally *total = e->span->total;

	if (e->kind == BT_KIND_RESULT)
		bdisk_cache_judge(b, job_of(e));
	emit_times(e);
	emit_depth(e);
	if (e->tool->opts->rate == 0 && total->ops > 0)
		bt_emit_value(e, "cpu_io", "ns", BT_BETTER_LOWER, (double)total->busy_ns / (double)total->ops);
	if (e->kind == BT_KIND_SAMPLE) {
		bdisk_steady_add(&b->settling, e->span->rate);
		return;
	}
	if (b->steady && b->settling.n == BDISK_STEADY)
		bt_emit_value(e, "steady_iops", "op/s", BT_BETTER_HIGHER, b->settling.mean);
	emit_counts(e);
}

void bdisk_wrong(const struct bt_emit *e)
{
	struct bdisk_job *job = job_of(e);
	struct bt_rec r;

	if (e->span->total->errors == 0)
		bt_emit_count(e, "errors", BT_BETTER_LOWER, 0);
	for (unsigned i = 0; i < BDISK_ERRNOS && e->span->total->errors > 0; i++) {
		uint64_t n = job->errors[i];
		const char *name = i == 0 ? "SHORT" : bt_errname(i) ? bt_errname(i) : "UNKNOWN";

		if (n == 0)
			continue;
		bt_warn("%s: %llu of %llu I/Os failed: %s", job->test->name, (unsigned long long)n,
			(unsigned long long)(n + job->done[0] + job->done[1]),
			i ? strerror((int)i) : "only part of the block, or nothing, was transferred");
		if (!bt_load_wants(&e->tool->load, "errors"))
			continue;
		bt_emit_start(e, &r);
		bt_rec_str(&r, "errno", name);
		bt_rec_count(&r, "errors", "count", BT_BETTER_LOWER, n);
		bt_out_rec(&e->tool->out, &r);
	}
}
