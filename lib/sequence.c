/* SPDX-License-Identifier: ISC
 *
 * sequence - numbered messages, as the end that receives them sees it.
 */
#include <math.h>
#include <string.h>

#include "sequence.h"

static bool test_and_set(struct bt_sequence *s, uint64_t number)
{
	uint64_t *word = &s->window[number % BT_SEQUENCE_WINDOW / 64], bit = UINT64_C(1) << number % 64;
	bool was = *word & bit;

	*word |= bit;
	return was;
}

/* None of the numbers from next to below has come. */
static void forget_to(struct bt_sequence *s, uint64_t below)
{
	if (below - s->next >= BT_SEQUENCE_WINDOW)
		memset(s->window, 0, sizeof(s->window));
	else
		for (uint64_t i = s->next; i < below; i++)
			s->window[i % BT_SEQUENCE_WINDOW / 64] &= ~(UINT64_C(1) << i % 64);
}

enum bt_sequence_is bt_sequence_take(struct bt_sequence *s, uint64_t number, uint64_t *skipped)
{
	*skipped = 0;
	if (number >= s->next) {
		*skipped = number - s->next;
		forget_to(s, number + 1);
		s->next = number + 1;
		test_and_set(s, number);
		return BT_SEQUENCE_NEW;
	}
	return s->next - number <= BT_SEQUENCE_WINDOW && test_and_set(s, number) ? BT_SEQUENCE_AGAIN : BT_SEQUENCE_LATE;
}

uint64_t bt_sequence_end(struct bt_sequence *s, uint64_t count)
{
	uint64_t missing = count > s->next ? count - s->next : 0;

	s->ended = true;
	if (missing > 0) {
		forget_to(s, count);
		s->next = count;
	}
	return missing;
}

void bt_sequence_time(struct bt_sequence *s, int64_t transit_ns)
{
	int64_t change = (int64_t)((uint64_t)transit_ns - (uint64_t)s->transit_ns); /* the other end may claim any time */

	if (s->timed)
		s->jitter_ns += (fabs((double)change) - s->jitter_ns) / 16;
	s->timed = true;
	s->transit_ns = transit_ns;
}
