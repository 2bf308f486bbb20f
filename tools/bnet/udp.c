/* SPDX-License-Identifier: ISC
 *
 * udp - numbered datagrams: what is lost, doubled or out of order is seen at the end that receives.
 */
#include <errno.h>
#include <string.h>

#include "end.h"

#define MAGIC 0x75646e62u /* "bndu" */
#define WINDOW 1024u      /* numbers that are remembered: sizeof(window) * 8 */

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

static bool test_and_set(struct bnet_seen *seen, uint64_t number)
{
	uint64_t *word = &seen->window[number % WINDOW / 64], bit = UINT64_C(1) << number % 64;
	bool was = *word & bit;

	*word |= bit;
	return was;
}

static void skip_to(struct bnet_seen *seen, uint64_t number)
{
	if (number - seen->next >= WINDOW) {
		memset(seen->window, 0, sizeof(seen->window));
		return;
	}
	for (uint64_t i = seen->next; i < number; i++)
		seen->window[i % WINDOW / 64] &= ~(UINT64_C(1) << i % 64);
}

/* A datagram older than the window is taken for one that comes late. */
static void account(struct bnet_tally *t, struct bnet_seen *seen, uint64_t number)
{
	if (number >= seen->next) {
		bnet_bump(&t->lost, number - seen->next);
		skip_to(seen, number + 1);
		seen->next = number + 1;
		test_and_set(seen, number);
	} else if (seen->next - number <= WINDOW && test_and_set(seen, number)) {
		bnet_bump(&t->duplicates, 1);
		return;
	} else {
		bnet_bump(&t->reordered, 1);
		bnet_bump(&t->lost, UINT64_MAX); /* one less: it was not lost */
	}
	bnet_bump(&t->datagrams, 1);
}

/* RFC 3550, 6.4.1: the two clocks need not agree, only run at the same speed. */
static void note_transit(struct bnet_tally *t, struct bnet_seen *seen, int64_t transit_ns)
{
	int64_t change = transit_ns - seen->transit_ns;

	if (seen->transit_ns != 0)
		seen->jitter_ns += ((double)(change < 0 ? -change : change) - seen->jitter_ns) / 16;
	seen->transit_ns = transit_ns;
	bnet_set(&t->jitter_ns, (uint64_t)seen->jitter_ns);
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
	if (e->job->test == BT_NET_UDP && head.number > f->seen.next) {
		bnet_bump(&e->tally.lost, head.number - f->seen.next);
		f->seen.next = head.number;
	}
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
	note_transit(&e->tally, &f->seen, (int64_t)(now - head.time_ns));
	bnet_bump(&e->tally.in_bytes, len);
	bnet_set(&e->tally.last_ns, now);
}
