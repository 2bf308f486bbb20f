/* SPDX-License-Identifier: ISC
 *
 * tcpinfo - what TCP itself says of its connections (TCP_INFO, linux/tcp.h).
 */
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "end.h"

#define SOL_TCP_LEVEL 6 /* IPPROTO_TCP; netinet/in.h and linux/tcp.h do not go together everywhere */

static uint64_t saturated(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void bnet_tcp_merge(struct bt_net_tcp *sum, const struct bt_net_tcp *more)
{
	sum->flows += more->flows;
	sum->rtt_ns += more->rtt_ns;
	sum->rttvar_ns += more->rttvar_ns;
	sum->retransmits += more->retransmits;
	sum->cwnd_bytes += more->cwnd_bytes;
	sum->pacing_rate = saturated(sum->pacing_rate, more->pacing_rate);
	sum->delivery_rate += more->delivery_rate;
}

void bnet_tcp_add(struct bt_net_tcp *sum, int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	struct bt_net_tcp one;

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, SOL_TCP_LEVEL, TCP_INFO, &info, &len) < 0 || len < offsetof(struct tcp_info, tcpi_delivery_rate))
		return;
	one = (struct bt_net_tcp){
		.flows = 1, .rtt_ns = (uint64_t)info.tcpi_rtt * 1000, .rttvar_ns = (uint64_t)info.tcpi_rttvar * 1000,
		.retransmits = info.tcpi_total_retrans, .cwnd_bytes = (uint64_t)info.tcpi_snd_cwnd * info.tcpi_snd_mss,
		.pacing_rate = info.tcpi_pacing_rate, .delivery_rate = info.tcpi_delivery_rate,
	};
	bnet_tcp_merge(sum, &one);
}

void bnet_tcp_mean(struct bt_net_tcp *sum)
{
	if (sum->flows == 0)
		return;
	sum->rtt_ns /= sum->flows;
	sum->rttvar_ns /= sum->flows;
}
