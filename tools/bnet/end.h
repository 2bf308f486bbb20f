/* SPDX-License-Identifier: ISC
 *
 * end - what the two ends of a test have in common: their flows and what they have counted. A near end is a worker of the client
 * (near.h), a far end a thread of the server (far.c).
 */
#ifndef BNET_END_H
#define BNET_END_H

#include <pthread.h>
#include <stdatomic.h>

#include "io.h"
#include "netjob.h"

/* Written by the end's thread alone, read by any. */
struct bnet_tally {
	_Atomic uint64_t ops, in_bytes, out_bytes, errors, datagrams, lost, duplicates, reordered, jitter_ns, last_ns, zc_sends, zc_copied;
	_Atomic uint32_t features;
};

struct bnet_end {
	struct bnet_io io;
	const struct bt_net_job *job;
	struct bnet_tally tally;
};

static inline void bnet_bump(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

static inline void bnet_set(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_store_explicit(counter, value, memory_order_relaxed);
}

/* bnet_end_receive, bnet_end_send - what the end of a stream or of udp does: whether it receives, whether it sends. */
bool bnet_end_receives(const struct bt_net_job *job, bool near);
bool bnet_end_sends(const struct bt_net_job *job, bool near);

/* bnet_end_publish - what the engine has counted, to the tally. */
void bnet_end_publish(struct bnet_end *e);

/* bnet_end_add - add what the end has counted to *sum, all but at_ns, cpu_ns and tcp. Any thread. */
void bnet_end_add(const struct bnet_end *e, struct bt_net_counts *sum);

/* bnet_sockopts - the options of a data socket, before it is connected if that is still to come. what: the one that failed. 0 or
 * -errno. */
int bnet_sockopts(int fd, const struct bt_net_job *job, const char **what);

/* bnet_tcp_add - add the TCP_INFO of a connection to *sum, whose means are sums until bnet_tcp_mean. */
void bnet_tcp_add(struct bt_net_tcp *sum, int fd);
void bnet_tcp_merge(struct bt_net_tcp *sum, const struct bt_net_tcp *more);
void bnet_tcp_mean(struct bt_net_tcp *sum);

/* bnet_stream_send - the next message of a stream, as bnet_io_send. */
int bnet_stream_send(struct bnet_end *e, struct bnet_flow *f);

/* bnet_udp_send - the next datagram: its number and the time are in it. bnet_udp_take - one that has come. bnet_udp_end - say,
 * three times since one may get lost, how many there were. */
#define BNET_UDP_HEAD 24
int bnet_udp_send(struct bnet_end *e, struct bnet_flow *f);
void bnet_udp_take(struct bnet_end *e, struct bnet_flow *f, const char *data, size_t len);
void bnet_udp_end(struct bnet_flow *f);

/* bnet_udp_ended - whether that datagram says so: then f->seen has it. */
bool bnet_udp_ended(struct bnet_end *e, struct bnet_flow *f, const char *data, size_t len);

/* The message of rr, as it comes in piece by piece. bnet_rr_take - some bytes of it, of which it takes no more than are missing of
 * size. Returns how many; whole then says whether that was all. bnet_rr_number - the number in its first bytes. */
size_t bnet_rr_take(struct bnet_flow *f, const char *data, size_t len, uint64_t size, bool *whole);
uint64_t bnet_rr_number(const struct bnet_flow *f, uint64_t size);
void bnet_rr_head(struct bnet_flow *f, uint64_t number);

#endif
