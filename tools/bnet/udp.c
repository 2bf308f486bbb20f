/* SPDX-License-Identifier: ISC
 *
 * udp - numbered datagrams: what is lost, doubled or out of order is seen at the end that receives.
 */
#include <errno.h>
#include <string.h>

#include "end.h"

#define MAGIC 0x75646e62u /* "bndu" */

enum { DATA, END };

/* The head of each datagram. */
struct head {
	uint32_t magic, what;
	uint64_t number; /* END: how many there were */
	uint64_t time_ns;
};
_Static_assert(sizeof(struct head) == BNET_UDP_HEAD, "");

int bnet_udp_send(struct bnet_end *e, struct bnet_flow *f)
{
	struct head head = { MAGIC, DATA, f->number, bt_clock_now(e->io.clock) };
	int rc;

	memcpy(f->head, &head, sizeof(head));
	rc = bnet_io_send(&e->io, f, e->job->request_bytes, sizeof(head));
	if (rc >= 0) {
		f->number++;
		bnet_bump(&e->tally.out_bytes, e->job->request_bytes);
		bnet_bump(&e->tally.ops, 1);
	}
	return rc;
}

void bnet_udp_end(struct bnet_flow *f)
{
	struct head head = { MAGIC, END, f->number, 0 };

	for (int i = 0; i < 3; i++)
		(void)send(f->fd, &head, sizeof(head), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void account(struct bnet_tally *t, struct bt_sequence *seen, uint64_t number)
{
	uint64_t skipped;

	switch (bt_sequence_take(seen, number, &skipped)) {
	case BT_SEQUENCE_AGAIN:
		bnet_bump(&t->duplicates, 1);
		return;
	case BT_SEQUENCE_LATE:
		bnet_bump(&t->reordered, 1);
		bnet_bump(&t->lost, UINT64_MAX); /* one less: it was not lost */
		break;
	case BT_SEQUENCE_NEW:
		bnet_bump(&t->lost, skipped);
	}
	bnet_bump(&t->datagrams, 1);
}

/* Else it is a JOIN that was sent twice, or none of ours. */
static bool read_head(struct head *head, const char *data, size_t len)
{
	if (len < sizeof(*head))
		return false;
	memcpy(head, data, sizeof(*head));
	return head->magic == MAGIC && head->number <= INT64_MAX;
}

bool bnet_udp_ended(struct bnet_end *e, struct bnet_flow *f, const char *data, size_t len)
{
	struct head head;

	if (!read_head(&head, data, len) || head.what != END)
		return false;
	if (e->job->test == BT_NET_UDP)
		bnet_bump(&e->tally.lost, bt_sequence_end(&f->seen, head.number));
	f->seen.ended = true;
	return true;
}

void bnet_udp_take(struct bnet_end *e, struct bnet_flow *f, const char *data, size_t len)
{
	uint64_t now = bt_clock_now(e->io.clock);
	struct head head;

	if (!read_head(&head, data, len) || bnet_udp_ended(e, f, data, len))
		return;
	account(&e->tally, &f->seen, head.number);
	bt_sequence_time(&f->seen, (int64_t)(now - head.time_ns));
	bnet_set(&e->tally.jitter_ns, (uint64_t)f->seen.jitter_ns);
	bnet_bump(&e->tally.in_bytes, len);
	bnet_set(&e->tally.last_ns, now);
}
