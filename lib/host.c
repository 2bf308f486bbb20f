/* SPDX-License-Identifier: ISC
 *
 * host - facts about the machine that decide whether two measurements may be compared.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "cgroup.h"
#include "cpuinfo.h"
#include "host.h"
#include "num.h"
#include "topo.h"
#include "virt.h"

#define UNLIMITED (1ull << 60) /* version 1 says "none" as LONG_MAX rounded down to a page */
#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"
#define DETAIL_MAX 24          /* bytes kept of what is done about one */

static void read_kernel(struct bt_host *h, const struct bt_src *src, const char *guess)
{
	struct utsname u;

	bt_src_line(src, h->kernel, sizeof(h->kernel), "/proc/sys/kernel/osrelease");
	/* There since Linux 6.1. uname(2) knows only the live system. */
	if (bt_src_line(src, h->arch, sizeof(h->arch), "/proc/sys/kernel/arch") > 0)
		return;
	bt_src_copy(h->arch, sizeof(h->arch), !*src->root && uname(&u) == 0 ? u.machine : guess);
}

/* "always [madvise] never": the word in brackets. */
static void read_thp(struct bt_host *h, const struct bt_src *src)
{
	char text[64], *open, *close;

	bt_src_line(src, text, sizeof(text), "/sys/kernel/mm/transparent_hugepage/enabled");
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close)
		return;
	*close = '\0';
	bt_src_copy(h->thp, sizeof(h->thp), open + 1);
}

/* Of mixed CPUs the fastest counts: the first and the last one online are of different kinds then. */
static void read_freq(struct bt_host *h, const struct bt_src *src)
{
	char online[512], *last;
	uint64_t khz;

	bt_src_u64(src, &h->freq_max_khz, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
	bt_src_line(src, online, sizeof(online), "/sys/devices/system/cpu/online");
	last = online + strlen(online);
	while (last > online && last[-1] >= '0' && last[-1] <= '9')
		last--;
	if (bt_src_u64(src, &khz, "/sys/devices/system/cpu/cpu%s/cpufreq/cpuinfo_max_freq", last) == 0 && khz > h->freq_max_khz)
		h->freq_max_khz = khz;
}

static void read_memory(struct bt_host *h, const struct bt_src *src)
{
	char text[8192];

	bt_src_read(src, text, sizeof(text), "/proc/meminfo");
	h->mem_bytes = bt_src_field_u64(text, "MemTotal") * 1024;
	h->swap_bytes = bt_src_field_u64(text, "SwapTotal") * 1024;
	h->hugepages = bt_src_field_u64(text, "HugePages_Total");
}

/* "Mitigation: PTI; more" -> "PTI", "Vulnerable: why" -> "Vulnerable", "KVM: Mitigation: VMX disabled" -> "VMX disabled";
 * empty for "Not affected". */
static void condense(char out[DETAIL_MAX + 1], const char *line)
{
	size_t len;

	line += strncmp(line, "KVM: ", 5) == 0 ? 5 : 0;
	if (strncmp(line, "Not affected", 12) == 0)
		line = "";
	if (strncmp(line, "Mitigation: ", 12) == 0)
		line += 12;
	len = strncmp(line, "Vulnerable", 10) == 0 ? 10 : strcspn(line, ";:,");
	len = len < DETAIL_MAX ? len : DETAIL_MAX;
	while (len && line[len - 1] == ' ')
		len--;
	memcpy(out, line, len);
	out[len] = '\0';
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.' && strlen(e->d_name) < 32;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_mitigations(struct bt_host *h, const struct bt_src *src)
{
	char path[PATH_MAX], line[256], detail[DETAIL_MAX + 1];
	struct dirent **names = NULL;
	size_t at = 0, room;
	int i, n, len;

	if (snprintf(path, sizeof(path), "%s" VULNERABILITIES, src->root) >= (int)sizeof(path))
		return;
	n = scandir(path, &names, visible, by_name);
	for (i = 0; i < n; i++) {
		bt_src_line(src, line, sizeof(line), VULNERABILITIES "/%s", names[i]->d_name);
		condense(detail, line);
		room = sizeof(h->mitigations) - at;
		len = detail[0] ? snprintf(h->mitigations + at, room, "%s%s=%s", at ? ";" : "", names[i]->d_name, detail) : 0;
		/* One that does not fit whole is left out. */
		if (len < 0 || (size_t)len >= room)
			h->mitigations[at] = '\0';
		else
			at += (size_t)len;
		free(names[i]);
	}
	free(names);
}

/* CPUs that the quota of one group allows; 0: no limit. */
static double cpu_limit(const struct bt_cgroup_dir *d, const struct bt_src *src)
{
	uint64_t quota = 0, period = 0;
	char text[64], *blank;

	if (!d->v2) {
		bt_src_u64(src, &quota, "%s/cpu.cfs_quota_us", d->path); /* -1 is no number, and no limit */
		bt_src_u64(src, &period, "%s/cpu.cfs_period_us", d->path);
	} else if (bt_src_line(src, text, sizeof(text), "%s/cpu.max", d->path) > 0 && (blank = strchr(text, ' '))) {
		*blank = '\0'; /* "QUOTA PERIOD" or "max PERIOD" */
		bt_num_u64(text, 1, UINT64_MAX, &quota);
		bt_num_u64(blank + 1, 1, UINT64_MAX, &period);
	}
	return quota && period ? (double)quota / (double)period : 0;
}

static uint64_t mem_limit(const struct bt_cgroup_dir *d, const struct bt_src *src)
{
	uint64_t limit = 0;

	bt_src_u64(src, &limit, "%s/%s", d->path, d->v2 ? "memory.max" : "memory.limit_in_bytes");
	return limit < UNLIMITED ? limit : 0;
}

/* A limit above us holds for us as well: the smallest one counts. */
static void read_cgroup(struct bt_host *h, const struct bt_src *src)
{
	struct bt_cgroup c;
	uint64_t mem;
	double cpus;

	bt_cgroup_find(&c, src);
	bt_src_copy(h->cgroup_mode, sizeof(h->cgroup_mode), c.mode);
	if (c.cpu.path[0])
		do {
			cpus = cpu_limit(&c.cpu, src);
			if (cpus > 0 && (h->cgroup_cpus == 0 || cpus < h->cgroup_cpus))
				h->cgroup_cpus = cpus;
		} while (bt_cgroup_up(&c.cpu));
	if (c.memory.path[0])
		do {
			mem = mem_limit(&c.memory, src);
			if (mem && (!h->cgroup_mem_bytes || mem < h->cgroup_mem_bytes))
				h->cgroup_mem_bytes = mem;
		} while (bt_cgroup_up(&c.memory));
}

/* Facts are short ASCII: whatever a file holds, a record that lists them all has room. */
static void keep_plain(struct bt_host *h)
{
	char *const texts[] = { h->kernel, h->arch, h->cpu_model, h->microcode, h->virt, h->governor, h->thp, h->clocksource,
				h->smt, h->isolated, h->mitigations };
	size_t i;
	char *p;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (p = texts[i]; *p; p++)
			if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
				*p = '?';
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static void hash_fact(uint64_t *hash, const char *name, const char *value)
{
	char text[704];
	int i, len = snprintf(text, sizeof(text), "%s=%s\n", name, value);

	for (i = 0; i < len && i < (int)sizeof(text) - 1; i++) {
		*hash ^= (unsigned char)text[i];
		*hash *= 0x100000001b3;
	}
}

static void hash_count(uint64_t *hash, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	hash_fact(hash, name, text);
}

/* Kernels keep a varying few percent of memory for themselves: equal machines should come out equal. */
static uint64_t rounded_memory(uint64_t bytes)
{
	uint64_t unit = bytes < 16 ? 1 : (1ull << (63 - __builtin_clzll(bytes))) / 16;

	return (bytes + unit / 2) / unit * unit;
}

static void fingerprint(struct bt_host *h)
{
	uint64_t hash = 0xcbf29ce484222325;

	hash_fact(&hash, "kernel", h->kernel);
	hash_fact(&hash, "arch", h->arch);
	hash_fact(&hash, "cpu_model", h->cpu_model);
	hash_fact(&hash, "microcode", h->microcode);
	hash_fact(&hash, "virt", h->virt);
	hash_fact(&hash, "governor", h->governor);
	hash_fact(&hash, "thp", h->thp);
	hash_fact(&hash, "smt", h->smt);
	hash_fact(&hash, "mitigations", h->mitigations);
	hash_count(&hash, "cpus", h->cpus_online);
	hash_count(&hash, "cpus_allowed", h->cpus_allowed);
	hash_count(&hash, "sockets", h->sockets);
	hash_count(&hash, "cores", h->cores);
	hash_count(&hash, "mem", rounded_memory(h->mem_bytes));
	hash_count(&hash, "cgroup_cpus", (uint64_t)(h->cgroup_cpus * 1000 + 0.5)); /* thousandths of a CPU */
	hash_count(&hash, "cgroup_mem", h->cgroup_mem_bytes);
	snprintf(h->fp, sizeof(h->fp), "%016llx", (unsigned long long)hash);
}

void bt_host_read(struct bt_host *h, const struct bt_src *src)
{
	struct bt_cpuinfo cpu;

	memset(h, 0, sizeof(*h));
	bt_cpuinfo_read(&cpu, src);
	memcpy(h->cpu_model, cpu.model, sizeof(h->cpu_model));
	memcpy(h->microcode, cpu.microcode, sizeof(h->microcode));
	read_kernel(h, src, cpu.arch);
	bt_virt_read(h->virt, sizeof(h->virt), src, &cpu);
	bt_src_line(src, h->governor, sizeof(h->governor), "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
	bt_src_line(src, h->clocksource, sizeof(h->clocksource),
		    "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	bt_src_line(src, h->smt, sizeof(h->smt), "/sys/devices/system/cpu/smt/control");
	bt_src_line(src, h->isolated, sizeof(h->isolated), "/sys/devices/system/cpu/isolated");
	read_thp(h, src);
	read_freq(h, src);
	read_memory(h, src);
	read_mitigations(h, src);
	bt_topo_read(h, src);
	read_cgroup(h, src);
	keep_plain(h);
	fingerprint(h);
}
