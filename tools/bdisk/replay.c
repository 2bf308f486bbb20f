/* SPDX-License-Identifier: ISC
 *
 * replay - the test `replay`.
 */
#include "bdisk.h"
#include "err.h"

int bdisk_replay(struct bdisk *b)
{
	(void)b;
	bt_die(BT_EXIT_UNABLE, "replay is not in this build");
}
