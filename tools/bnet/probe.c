/* SPDX-License-Identifier: ISC
 *
 * probe - what the way to a host is like: round trips, one stream and several, there and back, and a summary for people.
 */
#include <math.h>
#include <stdio.h>

#include "err.h"
#include "near.h"

#define STREAMS 8 /* unless -t says otherwise */

static void add(struct bnet *b, const struct bnet_test *test, uint32_t streams, enum bt_net_way way)
{
	struct bnet_job *job = bnet_add_job(b, test);

	job->streams = streams;
	job->way = way;
}

void bnet_probe_jobs(struct bnet *b)
{
	const struct bt_load_opts *l = &b->tool.load;
	uint32_t streams = l->n_threads == 1 && l->threads[0] == 1 ? STREAMS : l->threads[l->n_threads - 1];

	b->found.streams = streams;
	add(b, &bnet_rr, 1, BT_NET_OUT);
	add(b, &bnet_stream, 1, BT_NET_OUT);
	add(b, &bnet_stream, 1, BT_NET_IN);
	if (streams == 1)
		return;
	add(b, &bnet_stream, streams, BT_NET_OUT);
	add(b, &bnet_stream, streams, BT_NET_IN);
}

static void note_rtt(struct bnet_found *f, const struct bt_hist *lat)
{
	static const double ranks[] = { 50, 99 };
	uint64_t p[2];

	bt_hist_percentiles(lat, ranks, p, 2);
	f->rtt_n = lat->n;
	f->rtt_min_ns = lat->min;
	f->rtt_p50_ns = p[0];
	f->rtt_p99_ns = p[1];
	f->rtt_max_ns = lat->max;
}

void bnet_probe_note(const struct bt_emit *e)
{
	struct bnet *b = (struct bnet *)e->tool;
	const struct bnet_run *r = &b->run;
	struct bnet_found *f = &b->found;
	bool out = r->job.way == BT_NET_OUT, several = r->job.threads > 1;

	if (r->job.test == BT_NET_RR) {
		note_rtt(f, &e->span->total->lat);
		return;
	}
	if (out && r->last.at_ns > r->start.at_ns)
		f->bw[several][BT_NET_OUT] = (double)(r->last.in_bytes - r->start.in_bytes) * 1e9 / (double)(r->last.at_ns - r->start.at_ns);
	if (!out && e->span->dur_ns > 0)
		f->bw[several][BT_NET_IN] = (double)e->span->total->extra_count * 1e9 / (double)e->span->dur_ns;
	f->retransmits[several] += out ? r->near_last.tcp.retransmits - r->near_start.tcp.retransmits :
					 r->last.tcp.retransmits - r->start.tcp.retransmits;
}

static void time_text(char out[24], uint64_t ns)
{
	if (ns < 1000000)
		snprintf(out, 24, "%.1f us", (double)ns / 1e3);
	else
		snprintf(out, 24, "%.2f ms", (double)ns / 1e6);
}

/* Bits per second, as networks are named. */
static void speed_text(char out[24], double bytes)
{
	if (bytes * 8 < 1e9)
		snprintf(out, 24, "%.1f Mbit/s", bytes * 8 / 1e6);
	else
		snprintf(out, 24, "%.2f Gbit/s", bytes * 8 / 1e9);
}

static void say_streams(const struct bnet_found *f, bool several)
{
	char out[24], in[24];

	speed_text(out, f->bw[several][BT_NET_OUT]);
	speed_text(in, f->bw[several][BT_NET_IN]);
	bt_note("%3u stream%s  %s there, %s back, %llu segments sent again", several ? f->streams : 1, several ? "s:" : ": ", out, in,
		(unsigned long long)f->retransmits[several]);
}

void bnet_probe_summary(const struct bnet *b)
{
	const struct bnet_found *f = &b->found;
	char least[24], median[24], p99[24], most[24], where[BT_NETADDR_TEXT];

	if (f->rtt_n == 0)
		return;
	bt_netaddr_text(&b->run.server, where);
	time_text(least, f->rtt_min_ns);
	time_text(median, f->rtt_p50_ns);
	time_text(p99, f->rtt_p99_ns);
	time_text(most, f->rtt_max_ns);
	bt_note("%s (%s)", b->to ? b->to : "this machine", where);
	bt_note("round trip:    %s median; least %s, 99 %% below %s, most %s (%llu round trips)", median, least, p99, most,
		(unsigned long long)f->rtt_n);
	say_streams(f, false);
	if (f->streams > 1)
		say_streams(f, true);
}
