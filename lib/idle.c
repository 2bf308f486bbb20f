/* SPDX-License-Identifier: ISC
 *
 * idle - how long to spin for work before sleeping.
 */
#include "idle.h"

#define WEIGHT 8 /* a wait counts for one in so many: a few late ones do not end the spinning, a few early ones begin it */

void bt_idle_init(struct bt_idle *i, bool adaptive, uint64_t most_ns)
{
	*i = (struct bt_idle){ .adaptive = adaptive, .most_ns = most_ns, .backoff_ns = BT_IDLE_BACKOFF_NS };
}

uint64_t bt_idle_budget(const struct bt_idle *i, uint64_t now_ns)
{
	if (!i->adaptive)
		return i->most_ns;
	return i->mean_ns > i->most_ns || now_ns < i->rest_ns ? 0 : i->most_ns;
}

void bt_idle_learn(struct bt_idle *i, uint64_t waited_ns)
{
	uint64_t most = 2 * i->most_ns;

	if (!i->adaptive)
		return;
	if (waited_ns > most)
		waited_ns = most;
	i->mean_ns = i->mean_ns - i->mean_ns / WEIGHT + waited_ns / WEIGHT;
}

void bt_idle_disturbed(struct bt_idle *i, uint64_t now_ns)
{
	if (++i->strikes < BT_IDLE_STRIKES)
		return;
	i->strikes = 0;
	i->rest_ns = now_ns + i->backoff_ns;
	i->backoff_ns = i->backoff_ns < BT_IDLE_BACKOFF_MAX_NS / 2 ? 2 * i->backoff_ns : BT_IDLE_BACKOFF_MAX_NS;
}

void bt_idle_undisturbed(struct bt_idle *i)
{
	i->strikes = 0;
	i->backoff_ns = BT_IDLE_BACKOFF_NS;
}
