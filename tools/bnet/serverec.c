/* SPDX-License-Identifier: ISC
 *
 * serverec - the records of the server: what it is, each client that was there, and who was turned away.
 */
#include <stdio.h>
#include <string.h>

#include "errnames.h"
#include "host.h"
#include "serve.h"

#define WARNINGS 10 /* of one code in a second; the rest is counted */

void bnet_serverec_meta(struct bt_loadtool *t, const struct bnet_server_opts *o)
{
	struct bt_buf argv = BT_BUF_INIT, where = BT_BUF_INIT;
	char text[BT_NETADDR_TEXT];
	struct bt_host host;
	struct bt_rec r;

	bt_host_argv(&argv, t->argc, t->argv);
	for (unsigned i = 0; i < o->n_where; i++) {
		bt_netaddr_text(&o->where[i], text);
		bt_buf_printf(&where, "%s%s", i ? "," : "", text);
	}
	bt_host_read(&host, &t->src);
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_rec_str(&r, "argv", bt_buf_cstr(&argv));
	bt_rec_str(&r, "clock", bt_clock_name(&t->clock));
	bt_rec_f64(&r, "clock_cost", (double)t->clock.cost_ns100 / 100);
	bt_rec_str(&r, "tests", "serve");
	bt_rec_str(&r, "listen", bt_buf_cstr(&where));
	bt_rec_bool(&r, "token", o->token.bytes != NULL);
	bt_rec_u64(&r, "max_clients", o->limits.clients);
	bt_rec_u64(&r, "max_streams", o->limits.streams);
	bt_rec_f64(&r, "max_duration", (double)o->limits.duration_ns / 1e9);
	if (o->limits.bytes)
		bt_rec_u64(&r, "max_bytes", o->limits.bytes);
	bt_rec_f64(&r, "timeout", (double)o->limits.handshake_ns / 1e9);
	bt_host_record(&host, &r);
	bt_out_rec(&t->out, &r);
	bt_buf_free(&argv);
	bt_buf_free(&where);
}

static void note_output(struct bnet_service *v)
{
	v->broken = v->tool->out.error != 0;
}

/* How many were turned away without a record of their own. */
void bnet_serverec_unsaid(struct bnet_service *v)
{
	char text[128];

	if (v->unsaid == 0)
		return;
	snprintf(text, sizeof(text), "%llu more were turned away, too many to name", (unsigned long long)v->unsaid);
	bt_out_warn(&v->tool->out, "flood", text);
	v->unsaid = 0;
}

/* A stranger can make trouble faster than anyone can read of it. */
void bnet_serverec_away(void *arg, const char *peer, enum bnet_code code)
{
	struct bnet_service *v = arg;
	uint64_t second = bt_clock_monotonic() / 1000000000u;
	struct bt_rec r;
	char text[512];

	if (second != v->second) {
		memset(v->said, 0, sizeof(v->said));
		bnet_serverec_unsaid(v);
	}
	v->second = second;
	if (v->said[code]++ >= WARNINGS) {
		v->unsaid++;
		return;
	}
	snprintf(text, sizeof(text), "%.300s was turned away: %s", peer, bnet_code_text(code));
	bt_rec_init(&r, BT_KIND_WARN);
	bt_rec_str(&r, "code", bnet_code_word(code));
	bt_rec_str(&r, "msg", text);
	bt_rec_str(&r, "peer", peer);
	bt_out_rec(&v->tool->out, &r);
	note_output(v);
}

static const char *const tests[] = { "rr", "stream", "crr", "udp" }, *const protos[] = { "tcp", "udp", "unix" };
static const char *const ways[] = { "in", "out", "both" }; /* ours: the other way round than the client's */
static const char *const engines[] = { "sync", "io_uring" };

/* The peer without its port: that changes with every run. */
static void host_of(const char *peer, char out[BT_NETADDR_TEXT])
{
	const char *colon = strrchr(peer, ':');

	snprintf(out, BT_NETADDR_TEXT, "%.*s", strncmp(peer, "unix:", 5) && colon ? (int)(colon - peer) : 4, peer);
}

struct visit_records {
	struct bt_loadtool *tool;
	const struct bnet_visit *visit;
	char host[BT_NETADDR_TEXT];
};

static void start_record(const struct visit_records *e, struct bt_rec *r, const char *way)
{
	const struct bt_net_job *job = e->visit->job;

	bt_rec_init(r, BT_KIND_RESULT);
	r->test = "serve";
	r->dur_ns = e->visit->elapsed_ns;
	r->loop = job->rate > 0 ? "open" : "closed";
	bt_rec_str(r, "client_test", tests[job->test]);
	bt_rec_str(r, "proto", protos[job->proto]);
	bt_rec_str(r, "engine", engines[job->engine]);
	bt_rec_u64(r, "threads", job->threads);
	bt_rec_u64(r, "flows", job->flows);
	bt_rec_str(r, "peer", e->host);
	bt_rec_u64(r, "client", e->visit->number);
	if (way)
		bt_rec_str(r, "way", way);
}

static void put_value(const struct visit_records *e, const char *metric, const char *unit, enum bt_better better, double value)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->tool->load, metric))
		return;
	start_record(e, &r, NULL);
	bt_rec_value(&r, metric, unit, better, value);
	bt_out_rec(&e->tool->out, &r);
}

static void put_count(const struct visit_records *e, const char *metric, enum bt_better better, uint64_t value)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->tool->load, metric))
		return;
	start_record(e, &r, NULL);
	bt_rec_count(&r, metric, "count", better, value);
	bt_out_rec(&e->tool->out, &r);
}

static void put_bytes(const struct visit_records *e, const char *way, uint64_t bytes)
{
	struct bt_rec r;

	if (bytes == 0 || !bt_load_wants(&e->tool->load, "bw"))
		return;
	start_record(e, &r, way);
	bt_rec_value(&r, "bw", "B/s", BT_BETTER_HIGHER, (double)bytes * 1e9 / (double)e->visit->elapsed_ns);
	bt_out_rec(&e->tool->out, &r);
}

static void warn_of(const struct visit_records *e)
{
	const struct bnet_visit *v = e->visit;
	struct bt_rec r;
	char text[512];

	snprintf(text, sizeof(text), "client %llu, %.300s: %s", (unsigned long long)v->number, v->peer, bnet_code_text(v->code));
	bt_rec_init(&r, BT_KIND_WARN);
	bt_rec_str(&r, "code", bnet_code_word(v->code));
	bt_rec_str(&r, "msg", text);
	bt_rec_str(&r, "peer", v->peer);
	bt_rec_u64(&r, "client", v->number);
	if (v->error > 0 && bt_errname((unsigned)v->error))
		bt_rec_str(&r, "errno", bt_errname((unsigned)v->error));
	bt_out_rec(&e->tool->out, &r);
}

/* Of a stream that comes in only the bytes are counted, of datagrams only the numbers. */
static uint64_t operations(const struct bnet_visit *v)
{
	uint64_t streamed = v->job->test == BT_NET_STREAM ? v->counts->in_bytes / v->job->request_bytes : 0;

	return v->counts->ops + v->counts->datagrams + streamed;
}

/* The records of one client. Speeds are over its whole visit, warm-up included. */
void bnet_serverec_over(void *arg, const struct bnet_visit *v)
{
	struct bnet_service *service = arg;
	struct visit_records e = { .tool = service->tool, .visit = v };
	const struct bt_net_counts *c = v->counts;
	double seconds = (double)v->elapsed_ns / 1e9;

	host_of(v->peer, e.host);
	put_value(&e, "rate", "op/s", BT_BETTER_HIGHER, (double)operations(v) / seconds);
	put_bytes(&e, ways[0], c->in_bytes);
	put_bytes(&e, ways[1], c->out_bytes);
	put_value(&e, "cpu", "ratio", BT_BETTER_LOWER, (double)c->cpu_ns / 1e9 / seconds);
	put_count(&e, "errors", BT_BETTER_LOWER, c->errors);
	if (c->tcp.flows)
		put_count(&e, "retransmits", BT_BETTER_LOWER, c->tcp.retransmits);
	if (c->datagrams) {
		put_count(&e, "lost", BT_BETTER_LOWER, c->lost);
		put_count(&e, "duplicates", BT_BETTER_LOWER, c->duplicates);
		put_count(&e, "reordered", BT_BETTER_LOWER, c->reordered);
	}
	service->tool->errors += c->errors;
	if (v->code != BNET_OK)
		warn_of(&e);
	note_output(service);
}
