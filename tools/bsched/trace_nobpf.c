/* SPDX-License-Identifier: ISC
 *
 * trace_nobpf - stands in for the tracing half where the program was built without BPF.
 */
#include "bsched.h"

const char *const bsched_live_metrics[] = { BSCHED_PROC_METRICS, NULL };

int bsched_trace(struct bsched *b)
{
	return bsched_proc(b, "this bsched was built without BPF, so it cannot trace");
}
