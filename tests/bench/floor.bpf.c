/* SPDX-License-Identifier: ISC
 *
 * floor - BPF programs that do nothing: the least that a tracer on the same tracepoints can cost.
 *
 * They look at nothing, so no kernel type is declared here, and call no helper, so the kernel asks for no licence of its own.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define EMPTY(name, tracepoint) \
	SEC("tp_btf/" tracepoint) \
	int empty_##name(void *ctx) \
	{ \
		(void)ctx; \
		return 0; \
	}

EMPTY(enter, "sys_enter")
EMPTY(exit, "sys_exit")
EMPTY(switch, "sched_switch")
EMPTY(waking, "sched_waking")
EMPTY(wakeup, "sched_wakeup")
EMPTY(wakeup_new, "sched_wakeup_new")

char LICENSE[] SEC("license") = "ISC";
