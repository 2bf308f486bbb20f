/* SPDX-License-Identifier: ISC
 *
 * trace_nobpf - what stands in for live tracing where bsys is built without BPF.
 */
#include "bsys.h"
#include "err.h"

int bsys_trace(struct bsys *b)
{
	(void)b;
	bt_die(BT_EXIT_UNABLE, "this bsys was built without BPF, so it cannot trace; the load tests still work");
}
