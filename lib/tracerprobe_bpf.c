/* SPDX-License-Identifier: ISC
 *
 * tracerprobe - whether tracing is possible here, and how a tracer says what is not.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "tracer.h"

int bt_tracer_fail(struct bt_tracer *t, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->error, sizeof(t->error), fmt, ap);
	va_end(ap);
	return rc;
}

/* Whether the kernel's types tell of a tracepoint, and of the helper that gives the current task as a type. */
static bool btf_attachable(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "bpf_func_id", BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	const struct btf_enum *value = type ? btf_enum(type) : NULL;

	if (btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF) <= 0)
		return false;
	for (unsigned i = 0; type && i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, value[i].name_off), "BPF_FUNC_get_current_task_btf"))
			return true;
	return false;
}

static int probe_privilege(struct bt_tracer *t, const struct bt_src *src)
{
	uint64_t caps = bt_caps_effective();
	char text[128];

	if (bt_src_line(src, text, sizeof(text), "/sys/kernel/security/lockdown") > 0 && strstr(text, "[confidentiality]"))
		return bt_tracer_fail(t, -EPERM, "the kernel is locked down (confidentiality), which forbids tracing with BPF");
	if (bt_caps_have(caps, BT_CAP_SYS_ADMIN) || (bt_caps_have(caps, BT_CAP_BPF) && bt_caps_have(caps, BT_CAP_PERFMON)))
		return 0;
	return bt_tracer_fail(t, -EPERM, "tracing needs root, or the capabilities %s%s%s",
		    bt_caps_have(caps, BT_CAP_BPF) ? "" : "CAP_BPF",
		    bt_caps_have(caps, BT_CAP_BPF) || bt_caps_have(caps, BT_CAP_PERFMON) ? "" : " and ",
		    bt_caps_have(caps, BT_CAP_PERFMON) ? "" : "CAP_PERFMON");
}

static bool tracefs_mounted(void)
{
	return access("/sys/kernel/tracing/events", R_OK) == 0 || access("/sys/kernel/debug/tracing/events", R_OK) == 0;
}

int bt_tracer_probe(struct bt_tracer *t, const struct bt_src *src, enum bt_attach attach)
{
	struct btf *btf;
	bool attachable;
	int rc = probe_privilege(t, src);

	if (rc != 0)
		return rc;
	if (!bt_src_exists(src, "/sys/kernel/btf/vmlinux"))
		return bt_tracer_fail(t, -ENOTSUP, "tracing needs the kernel's type information, "
						   "/sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)");
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return bt_tracer_fail(t, -ENOTSUP, "the kernel's type information cannot be used: %s", strerror(errno));
	attachable = btf_attachable(btf);
	btf__free(btf);
	t->attach = attach != BT_ATTACH_AUTO ? attach : attachable ? BT_ATTACH_BTF : BT_ATTACH_RAW;
	if (t->attach == BT_ATTACH_BTF && !attachable)
		return bt_tracer_fail(t, -ENOTSUP, "this kernel's tracepoints have no types; --attach raw works without");
	if (t->attach == BT_ATTACH_CLASSIC && !tracefs_mounted())
		return bt_tracer_fail(t, -ENOTSUP, "classic tracepoints need tracefs: mount -t tracefs tracefs /sys/kernel/tracing");
	return 0;
}
