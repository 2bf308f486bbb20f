/* SPDX-License-Identifier: ISC
 *
 * records - what the records of bnet have beside those of every load tool.
 */
#include <string.h>

#include "near.h"

const char *const bnet_metrics[] = {
	BT_LOADREC_METRICS, "rtt", "connect", "bw", "bytes", "session_bytes", "datagrams", "loss", "lost", "duplicates", "reordered",
	"jitter", "cpu", "tcp_rtt", "tcp_rttvar", "retransmits", "cwnd", "pacing", "delivery", "zc_sends", "zc_copied", "retries", NULL
};

static const char *const protos[] = { "tcp", "udp", "unix" }, *const ways[] = { "out", "in", "both" };
static const char *const engines[] = { "sync", "io_uring" };

static const struct bnet_job *job_of(const struct bt_emit *e)
{
	return e->tool->job->config;
}

static const struct bnet *bnet_of(const struct bt_emit *e)
{
	return (const struct bnet *)e->tool;
}

void bnet_meta(struct bt_loadtool *t, struct bt_rec *r)
{
	const struct bnet *b = (const struct bnet *)t;

	bt_rec_str(r, "peer", b->to ? b->to : "local");
	bt_rec_str(r, "proto", protos[b->proto]);
	bt_rec_str(r, "engine", engines[b->engine]);
	bt_rec_u64(r, "flows", b->flows);
	bt_rec_f64(r, "timeout", (double)b->timeout_ns / 1e9);
}

/* What was asked for beyond the usual: figures differ by it. */
static void describe_options(const struct bnet *b, struct bt_rec *r)
{
	const struct bt_net_sockopts *o = &b->run.job.sock;

	if (b->run.congestion[0])
		bt_rec_str(r, "congestion", b->run.congestion);
	if (b->nodelay >= 0)
		bt_rec_bool(r, "nodelay", o->nodelay);
	if (o->mss_bytes)
		bt_rec_u64(r, "mss", o->mss_bytes);
	if (o->sndbuf_bytes)
		bt_rec_u64(r, "sndbuf", o->sndbuf_bytes);
	if (o->rcvbuf_bytes)
		bt_rec_u64(r, "rcvbuf", o->rcvbuf_bytes);
	if (o->dscp)
		bt_rec_u64(r, "dscp", o->dscp);
	if (o->busy_poll_us)
		bt_rec_u64(r, "busy_poll", (uint64_t)o->busy_poll_us * 1000);
	if (b->bind)
		bt_rec_str(r, "bind", b->bind);
	if (b->device)
		bt_rec_str(r, "device", b->device);
}

static void describe_ring(const struct bnet_run *run, struct bt_rec *r)
{
	static const char *const texts[] = { "", "multishot", "buffers", "multishot,buffers", "zc", "multishot,zc", "buffers,zc",
					     "multishot,buffers,zc" };
	uint32_t features = run->near_last.features | run->last.features;

	if (run->job.engine == BT_NET_URING)
		bt_rec_str(r, "ring", texts[features / BT_NET_MULTISHOT % 8]);
}

void bnet_describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bnet *b = bnet_of(e);
	const struct bt_net_job *job = &b->run.job;

	bt_rec_str(r, "peer", b->to ? b->to : "local");
	bt_rec_str(r, "proto", protos[job->proto]);
	bt_rec_u64(r, "flows", job->flows);
	bt_rec_u64(r, "bs", job->request_bytes);
	if (job_of(e)->test->flood)
		bt_rec_str(r, "way", ways[job->way]);
	else
		bt_rec_u64(r, "response", job->response_bytes);
	if (job->rate > 0 && job->way == BT_NET_IN)
		bt_rec_f64(r, "rate", job->rate);
	bt_rec_str(r, "engine", engines[job->engine]);
	describe_ring(&b->run, r);
	describe_options(b, r);
}

/* What one end has counted in the span of a record. */
struct end_counts {
	const struct bt_emit *e;
	const char *name; /* "client" or "server" */
	const struct bt_net_counts *from, *to;
	double seconds;
};

static void start(const struct end_counts *c, struct bt_rec *r, const char *key, const char *value)
{
	bt_emit_start(c->e, r);
	if (key)
		bt_rec_str(r, key, value);
}

static void put_count(const struct end_counts *c, const char *metric, const char *unit, enum bt_better better, const char *key,
		      const char *value, uint64_t n)
{
	struct bt_rec r;

	if (!bt_load_wants(&c->e->tool->load, metric))
		return;
	start(c, &r, key, value);
	bt_rec_count(&r, metric, unit, better, n);
	bt_out_rec(&c->e->tool->out, &r);
}

static void put_value(const struct end_counts *c, const char *metric, const char *unit, enum bt_better better, const char *key,
		      const char *value, double v)
{
	struct bt_rec r;

	if (!bt_load_wants(&c->e->tool->load, metric))
		return;
	start(c, &r, key, value);
	bt_rec_value(&r, metric, unit, better, v);
	bt_out_rec(&c->e->tool->out, &r);
}

static double per_second(const struct end_counts *c, uint64_t n)
{
	return c->seconds > 0 ? (double)n / c->seconds : 0;
}

/* What an end did that receives: from the other one, so the way is the other one's. */
static void emit_received(const struct end_counts *c, uint64_t bytes)
{
	bool both = bnet_of(c->e)->run.job.way == BT_NET_BOTH;
	const char *key = both ? "dir" : NULL, *dir = !strcmp(c->name, "server") ? "out" : "in";
	uint64_t got = c->to->datagrams - c->from->datagrams, lost = c->to->lost > c->from->lost ? c->to->lost - c->from->lost : 0;

	put_value(c, "bw", "B/s", BT_BETTER_HIGHER, key, dir, per_second(c, bytes));
	put_count(c, "bytes", "B", BT_BETTER_NONE, key, dir, bytes);
	if (job_of(c->e)->test->test != BT_NET_UDP)
		return;
	put_value(c, "rate", "op/s", BT_BETTER_HIGHER, key, dir, per_second(c, got));
	put_count(c, "datagrams", "count", BT_BETTER_NONE, key, dir, got);
	put_count(c, "lost", "count", BT_BETTER_LOWER, key, dir, lost);
	put_value(c, "loss", "ratio", BT_BETTER_LOWER, key, dir, got + lost ? (double)lost / (double)(got + lost) : 0);
	put_count(c, "duplicates", "count", BT_BETTER_LOWER, key, dir, c->to->duplicates - c->from->duplicates);
	put_count(c, "reordered", "count", BT_BETTER_LOWER, key, dir, c->to->reordered - c->from->reordered);
	put_value(c, "jitter", "ns", BT_BETTER_LOWER, key, dir, (double)c->to->jitter_ns);
}

static void emit_tcp(const struct end_counts *c)
{
	const struct bt_net_tcp *tcp = &c->to->tcp;

	if (tcp->flows == 0)
		return;
	put_count(c, "tcp_rtt", "ns", BT_BETTER_LOWER, "end", c->name, tcp->rtt_ns);
	put_count(c, "tcp_rttvar", "ns", BT_BETTER_LOWER, "end", c->name, tcp->rttvar_ns);
	put_count(c, "retransmits", "count", BT_BETTER_LOWER, "end", c->name, tcp->retransmits - c->from->tcp.retransmits);
	put_count(c, "cwnd", "B", BT_BETTER_NONE, "end", c->name, tcp->cwnd_bytes);
	if (tcp->pacing_rate != UINT64_MAX)
		put_count(c, "pacing", "B/s", BT_BETTER_NONE, "end", c->name, tcp->pacing_rate);
	if (tcp->delivery_rate > 0) /* it has sent nothing */
		put_count(c, "delivery", "B/s", BT_BETTER_HIGHER, "end", c->name, tcp->delivery_rate);
}

static void emit_end(const struct end_counts *c, double cpu)
{
	const struct bt_net_job *job = &bnet_of(c->e)->run.job;

	put_value(c, "cpu", "ratio", BT_BETTER_LOWER, "end", c->name, cpu);
	if (job->zerocopy && bnet_end_sends(job, !strcmp(c->name, "client"))) {
		put_count(c, "zc_sends", "count", BT_BETTER_NONE, "end", c->name, c->to->zc_sends - c->from->zc_sends);
		put_count(c, "zc_copied", "count", BT_BETTER_LOWER, "end", c->name, c->to->zc_copied - c->from->zc_copied);
	}
	emit_tcp(c);
}

static void emit_times(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	const struct bnet_test *test = job_of(e)->test;
	bool open = e->tool->opts->rate > 0;

	if (!test->flood) {
		bt_emit_rate(e);
		bt_emit_dist(e, test->test == BT_NET_CRR ? "connect" : "rtt", open ? &total->svc : &total->lat);
	}
	(void)bt_emit_open(e);
}

/* Where the span of a record begins: at the last interval, or when the run did. */
static void emit_both_ends(const struct bt_emit *e, struct bnet_run *r)
{
	bool whole = e->kind == BT_KIND_RESULT;
	const struct bt_net_job *job = &r->job;
	struct end_counts far = { .e = e, .name = "server", .from = whole ? &r->start : &r->edge, .to = &r->last };
	struct end_counts near = { .e = e, .name = "client", .from = whole ? &r->near_start : &r->near_edge, .to = &r->near_last,
				   .seconds = (double)e->span->dur_ns / 1e9 };
	bool flood = job_of(e)->test->flood;

	if (far.to->at_ns > far.from->at_ns)
		far.seconds = (double)(far.to->at_ns - far.from->at_ns) / 1e9;
	if (flood && bnet_end_receives(job, false))
		emit_received(&far, far.to->in_bytes - far.from->in_bytes);
	if (flood && bnet_end_receives(job, true))
		emit_received(&near, e->span->total->extra_count);
	if (job->test == BT_NET_RR && job->proto == BT_NET_UDP_PROTO)
		put_count(&near, "lost", "count", BT_BETTER_LOWER, NULL, NULL, near.to->lost - near.from->lost);
	emit_end(&near, near.seconds > 0 ? (double)e->span->total->busy_ns / 1e9 / near.seconds : 0);
	emit_end(&far, per_second(&far, far.to->cpu_ns - far.from->cpu_ns) / 1e9);
	if (!whole) {
		r->edge = r->last;
		r->near_edge = r->near_last;
	}
}

/* All payload since the session began, as the server saw it: what the counters of an interface have seen too. */
static void emit_session(const struct bt_emit *e, const struct bnet_run *r)
{
	struct bt_rec rec;

	if (!bt_load_wants(&e->tool->load, "session_bytes"))
		return;
	bt_emit_start(e, &rec);
	bt_rec_count(&rec, "session_bytes", "B", BT_BETTER_NONE, r->last.in_bytes + r->last.out_bytes);
	bt_out_rec(&e->tool->out, &rec);
}

void bnet_measures(const struct bt_emit *e)
{
	struct bnet *b = (struct bnet *)e->tool;

	if (!b->run.over && bnet_run_snap(b) < 0)
		return;
	emit_times(e);
	emit_both_ends(e, &b->run);
	if (b->alone && e->kind == BT_KIND_RESULT)
		bnet_probe_note(e);
	if (e->kind == BT_KIND_RESULT)
		emit_session(e, &b->run);
	if (e->kind == BT_KIND_RESULT && b->serve.retries > 0)
		bt_emit_count(e, "retries", BT_BETTER_LOWER, b->serve.retried);
}
