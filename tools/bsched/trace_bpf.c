/* SPDX-License-Identifier: ISC
 *
 * trace_bpf - the tracing half: watches the scheduler with eBPF.
 */
#include "bsched.h"
#include "err.h"

int bsched_trace(struct bsched *b)
{
	bt_die(BT_EXIT_UNABLE, "%s: not yet; the load tests work", b->names[0]);
}
