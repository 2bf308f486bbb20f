/* SPDX-License-Identifier: ISC
 *
 * end - what both ends of a test do.
 */
#include <errno.h>
#include <string.h>

#include "end.h"

bool bnet_end_receives(const struct bt_net_job *job, bool near)
{
	return job->way == BT_NET_BOTH || job->way == (near ? BT_NET_IN : BT_NET_OUT);
}

bool bnet_end_sends(const struct bt_net_job *job, bool near)
{
	return job->way == BT_NET_BOTH || job->way == (near ? BT_NET_OUT : BT_NET_IN);
}

void bnet_end_publish(struct bnet_end *e)
{
	bnet_set(&e->tally.zc_sends, e->io.zc_sends);
	bnet_set(&e->tally.zc_copied, e->io.zc_copied);
	atomic_store_explicit(&e->tally.features, e->io.features, memory_order_relaxed);
}

static uint64_t load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void bnet_end_add(const struct bnet_end *e, struct bt_net_counts *sum)
{
	const struct bnet_tally *t = &e->tally;
	uint64_t jitter = load(&t->jitter_ns);

	sum->ops += load(&t->ops);
	sum->in_bytes += load(&t->in_bytes);
	sum->out_bytes += load(&t->out_bytes);
	sum->errors += load(&t->errors);
	sum->datagrams += load(&t->datagrams);
	sum->lost += load(&t->lost);
	sum->duplicates += load(&t->duplicates);
	sum->reordered += load(&t->reordered);
	sum->zc_sends += load(&t->zc_sends);
	sum->zc_copied += load(&t->zc_copied);
	sum->features |= atomic_load_explicit(&t->features, memory_order_relaxed);
	if (jitter > sum->jitter_ns)
		sum->jitter_ns = jitter;
}

int bnet_stream_send(struct bnet_end *e, struct bnet_flow *f)
{
	return bnet_io_send(&e->io, f, e->job->request_bytes, 0);
}

size_t bnet_rr_take(struct bnet_flow *f, const char *data, size_t len, uint64_t size, bool *whole)
{
	size_t take = len < size - f->got_bytes ? len : (size_t)(size - f->got_bytes);

	for (size_t i = 0; i < take && f->got_bytes + i < sizeof(f->got_head); i++)
		f->got_head[f->got_bytes + i] = (uint8_t)data[i];
	f->got_bytes += take;
	*whole = f->got_bytes == size;
	return take;
}

uint64_t bnet_rr_number(const struct bnet_flow *f, uint64_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(f->got_head) && i < size; i++)
		number |= (uint64_t)f->got_head[i] << 8 * i;
	return number;
}

void bnet_rr_head(struct bnet_flow *f, uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		f->head[i] = (char)(number >> 8 * i & 0xff);
}
