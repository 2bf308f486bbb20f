/* SPDX-License-Identifier: ISC
 *
 * verify - the test `verify`.
 */
#include "bdisk.h"
#include "err.h"

int bdisk_verify(struct bdisk *b)
{
	(void)b;
	bt_die(BT_EXIT_UNABLE, "verify is not in this build");
}
