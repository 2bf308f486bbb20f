/* SPDX-License-Identifier: ISC
 *
 * records - what the records of bmem have beside those of every load tool.
 */
#include <string.h>

#include "bmem.h"

const char *const bmem_metrics[] = {
	BT_LOADREC_METRICS, "bw", "traffic", "thread_bw", "batch", "access", "packed", "update", "rtt", "load_bw", "huge", "faults", NULL
};

static const char *const policies[] = { "local", "bind", "preferred", "interleave" };

/* "0,2,3", cut at a whole number when it does not fit. */
static void nodes_text(const struct bmem_place *place, char *out, size_t cap)
{
	struct bt_buf text = BT_BUF_INIT;

	for (size_t i = 0; i < place->n_nodes && text.len + 12 < cap; i++)
		bt_buf_printf(&text, "%s%u", i ? "," : "", place->nodes[i]);
	bt_src_copy(out, cap, bt_buf_cstr(&text));
	bt_buf_free(&text);
}

void bmem_meta(struct bt_loadtool *t, struct bt_rec *r)
{
	struct bmem *b = (struct bmem *)t;
	uint64_t ksm = 0;

	bt_rec_str(r, "isa", b->isa->name);
	if (b->limit.bytes != UINT64_MAX) {
		bt_rec_u64(r, "may_take", b->limit.bytes);
		bt_rec_str(r, "limit", b->limit.why);
	}
	if (bt_src_u64(&t->src, &ksm, "/sys/kernel/mm/ksm/run") == 0)
		bt_rec_u64(r, "ksm", ksm);
	if (b->place.policy != BMEM_LOCAL) {
		nodes_text(&b->place, b->nodes_text, sizeof(b->nodes_text));
		bt_rec_str(r, "mempolicy", policies[b->place.policy]);
		bt_rec_str(r, "nodes", b->nodes_text);
	}
}

static void describe_memory(const struct bmem *b, const struct bmem_job *job, struct bt_rec *r)
{
	if (job->test->axes & BMEM_SIZES) {
		bt_rec_u64(r, "size", job->size_bytes);
		if (job->level)
			bt_rec_str(r, "level", job->level);
	}
	if (job->test->axes & BMEM_STRIDES)
		bt_rec_u64(r, "stride", job->stride_bytes);
	if (job->test->axes & BMEM_KINDS)
		bt_rec_str(r, "pages", b->page_names[job->pages]);
	if (b->place.policy != BMEM_LOCAL) {
		bt_rec_str(r, "mempolicy", policies[b->place.policy]);
		bt_rec_str(r, "nodes", b->nodes_text);
	}
}

/* What the workers have seen is known when they are gone; so is whether it was as it should be. */
void bmem_describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bmem_job *job = bmem_job_of(e);

	describe_memory(job->b, job, r);
	bt_rec_u64(r, "per_batch", job->per_batch);
	if (job->test->describe)
		job->test->describe(e, r);
	if (e->kind == BT_KIND_RESULT && atomic_load(&job->seen.astray))
		r->taint |= BT_TAINT_PAGES;
	if (job->level && !strcmp(job->level, "mixed"))
		r->taint |= BT_TAINT_CACHED;
}

void bmem_emit_each(const struct bt_emit *e, const char *metric, const struct bt_hist *hist)
{
	bt_emit_value(e, metric, "ns", BT_BETTER_LOWER, bt_hist_mean(hist) / (double)bmem_job_of(e)->per_batch);
}

const struct bt_hist *bmem_batches(const struct bt_emit *e)
{
	return e->tool->opts->rate > 0 ? &e->span->total->svc : &e->span->total->lat;
}

void bmem_measures(const struct bt_emit *e)
{
	const struct bmem_job *job = bmem_job_of(e);
	uint64_t bytes = atomic_load(&job->seen.bytes);

	job->test->measures(e);
	if (e->kind != BT_KIND_RESULT || bytes == 0)
		return;
	if (job->test->axes & BMEM_KINDS)
		bt_emit_value(e, "huge", "ratio", BT_BETTER_NONE, (double)atomic_load(&job->seen.huge_bytes) / (double)bytes);
	bt_emit_count(e, "faults", BT_BETTER_NONE, atomic_load(&job->seen.faults));
}
