/* SPDX-License-Identifier: ISC
 *
 * trace_nobpf - stands in for the tracing half where the program was built without BPF.
 */
#include "bsched.h"
#include "err.h"

const char *const bsched_live_metrics[] = { NULL };

int bsched_trace(struct bsched *b)
{
	bt_die(BT_EXIT_UNABLE, "%s: this build has no BPF (BPF=0); the load tests work", b->names[0]);
}
