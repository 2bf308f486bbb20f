/* SPDX-License-Identifier: ISC
 *
 * badlines - bad lines of an input, counted by reason.
 */
#include <string.h>

#include "badlines.h"

bool bt_badlines_add(struct bt_badlines *b, const char *why)
{
	unsigned i = 0;

	while (i < b->n && strcmp(b->reasons[i].why, why) != 0)
		i++;
	if (i == BT_BADLINES_REASONS)
		i--;
	else if (i == b->n)
		b->reasons[b->n++] = (struct bt_badline){ .why = why };
	b->lines++;
	return ++b->reasons[i].lines <= BT_BADLINES_SHOWN;
}

uint64_t bt_badlines_hidden(const struct bt_badlines *b, unsigned i)
{
	return b->reasons[i].lines > BT_BADLINES_SHOWN ? b->reasons[i].lines - BT_BADLINES_SHOWN : 0;
}
