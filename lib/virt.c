/* SPDX-License-Identifier: ISC
 *
 * virt - which hypervisor and which container manager we run under.
 */
#include <stdio.h>
#include <string.h>

#include "virt.h"

struct name {
	const char *part; /* of the text looked at */
	const char *virt;
};

/* Firmware strings: sys_vendor and product_name. */
static const struct name firmware_names[] = {
	{ "VMware", "vmware" }, { "innotek", "virtualbox" }, { "VirtualBox", "virtualbox" }, { "Xen", "xen" },
	{ "HVM domU", "xen" }, { "Virtual Machine", "microsoft" }, { "BHYVE", "bhyve" }, { "Parallels", "parallels" },
	{ "Apple Virtualization", "apple" }, { "QEMU", "kvm" }, { "KVM", "kvm" }, { "Google Compute", "kvm" },
	{ "OpenStack", "kvm" }, { "DigitalOcean", "kvm" }, { "Hetzner", "kvm" }, { "Alibaba", "kvm" },
	{ "Amazon EC2", "kvm" }, { NULL, NULL }
};

/* Paravirtual clocks: what remains to go by where there is no firmware (microVMs). */
static const struct name clock_names[] = {
	{ "kvm-clock", "kvm" }, { "hyperv", "microsoft" }, { "xen", "xen" }, { NULL, NULL }
};

/* Control groups of PID 1, seen without a namespace of our own. */
static const struct name group_names[] = {
	{ "kubepods", "kubernetes" }, { "docker", "docker" }, { "libpod", "podman" }, { "lxc", "lxc" }, { NULL, NULL }
};

static const char *find_name(const struct name *names, const char *text)
{
	for (; names->part; names++)
		if (strstr(text, names->part))
			return names->virt;
	return NULL;
}

static const char *hypervisor_name(const struct bt_src *src, const struct bt_cpuinfo *cpu)
{
	const char *virt;
	char text[256];
	size_t len;

	if (bt_src_line(src, text, sizeof(text), "/sys/hypervisor/type") > 0 && strcmp(text, "xen") == 0)
		return "xen";
	bt_src_line(src, text, sizeof(text) / 2, "/sys/class/dmi/id/sys_vendor");
	len = strlen(text);
	text[len++] = ' ';
	bt_src_line(src, text + len, sizeof(text) - len, "/sys/class/dmi/id/product_name");
	virt = find_name(firmware_names, text);
	/* Rented bare metal shows these names too: on x86 the CPU's flag tells it apart, elsewhere the product's name does. */
	if (virt && !strstr(text, "metal") && (cpu->hypervisor || strcmp(cpu->arch, "x86_64") != 0))
		return virt;
	if (bt_src_line(src, text, sizeof(text), "/proc/device-tree/hypervisor/compatible") > 0)
		return strstr(text, "xen") ? "xen" : "kvm";
	if (!cpu->hypervisor)
		return NULL;
	bt_src_line(src, text, sizeof(text), "/sys/devices/system/clocksource/clocksource0/available_clocksource");
	virt = find_name(clock_names, text);
	return virt ? virt : "vm";
}

static const char *container_name(const struct bt_src *src, char *text, size_t cap)
{
	if (bt_src_exists(src, "/run/.containerenv"))
		return "podman";
	if (bt_src_exists(src, "/.dockerenv"))
		return "docker";
	if (bt_src_line(src, text, cap, "/run/systemd/container") > 0)
		return text;
	bt_src_read(src, text, cap, "/proc/1/cgroup");
	return find_name(group_names, text);
}

void bt_virt_read(char *out, size_t cap, const struct bt_src *src, const struct bt_cpuinfo *cpu)
{
	const char *machine = hypervisor_name(src, cpu), *container;
	char text[2048];

	container = container_name(src, text, sizeof(text));
	snprintf(out, cap, "%s%s%s%.24s", machine ? machine : "", machine && container ? "," : "", container ? "container:" : "",
		 container ? container : "");
}
