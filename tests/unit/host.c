/* SPDX-License-Identifier: ISC
 *
 * host - unit tests of the facts about machines, against the fixtures.
 */
#include <errno.h>
#include <math.h>

#include "cgroup.h"
#include "cpus.h"
#include "fixture.h"
#include "host.h"
#include "unit.h"

static struct bt_host host;

static const struct bt_host *read_machine(const char *name)
{
	struct bt_src src = { fixture_path(name) };

	bt_host_read(&host, &src);
	return &host;
}

static void check_cache(const struct bt_cache *c, unsigned level, const char *type, uint64_t bytes, unsigned instances)
{
	CHECK_EQ(c->level, level);
	CHECK_STR(c->type, type);
	CHECK_EQ(c->size_bytes, bytes);
	CHECK_EQ(c->line_bytes, 64);
	CHECK_EQ(c->instances, instances);
}

static void test_server(void)
{
	const struct bt_host *h = read_machine("epyc-2s");

	CHECK_STR(h->kernel, "6.1.0-18-amd64");
	CHECK_STR(h->arch, "x86_64");
	CHECK_STR(h->cpu_model, "AMD EPYC 73F3 16-Core Processor");
	CHECK_STR(h->microcode, "0xa0011d5");
	CHECK_STR(h->virt, "");
	CHECK_STR(h->governor, "performance");
	CHECK_STR(h->thp, "madvise");
	CHECK_STR(h->clocksource, "tsc");
	CHECK_STR(h->smt, "on");
	CHECK_STR(h->isolated, "");
	CHECK_STR(h->mitigations, "spec_rstack_overflow=Safe RET;spec_store_bypass=Speculative Store Bypass;"
				  "spectre_v1=usercopy/swapgs barriers;spectre_v2=Retpolines");
	CHECK_EQ(h->freq_max_khz, 4036000);
	CHECK_EQ(h->mem_bytes, 263856908ull * 1024);
	CHECK_EQ(h->swap_bytes, 8388604ull * 1024);
	CHECK_EQ(h->hugepages, 64);
	CHECK_STR(h->fp, "dd966cbc6d0e1b14");
}

static void test_server_topology(void)
{
	const struct bt_host *h = read_machine("epyc-2s");

	CHECK_EQ(h->cpus_online, 16);
	CHECK_EQ(h->cpus_allowed, 8); /* 0-7,16-127 of 0-15 */
	CHECK_EQ(h->sockets, 2);
	CHECK_EQ(h->cores, 8);
	CHECK_EQ(h->numa_nodes, 2);
	CHECK_EQ(h->n_caches, 4);
	check_cache(&h->caches[0], 1, "Data", 32768, 8);
	check_cache(&h->caches[1], 1, "Instruction", 32768, 8);
	check_cache(&h->caches[2], 2, "Unified", 524288, 8);
	check_cache(&h->caches[3], 3, "Unified", 33554432, 4);
	CHECK_EQ(bt_host_llc_bytes(h), 4 * 33554432);
}

static void test_server_cgroup(void)
{
	const struct bt_host *h = read_machine("epyc-2s");

	CHECK_STR(h->cgroup_mode, "v2");
	CHECK_EQ(lround(h->cgroup_cpus * 1000), 4500); /* its own is unlimited, the parent's smaller than the slice's */
	CHECK_EQ(h->cgroup_mem_bytes, 17179869184);
}

static void test_board(void)
{
	const struct bt_host *h = read_machine("rk3588");

	CHECK_STR(h->arch, "aarch64");
	CHECK_STR(h->cpu_model, "Cortex-A55+Cortex-A76 (Radxa ROCK 5B)");
	CHECK_STR(h->microcode, "");
	CHECK_STR(h->virt, "");
	CHECK_STR(h->governor, "ondemand");
	CHECK_STR(h->thp, "never");
	CHECK_STR(h->isolated, "6-7");
	CHECK_STR(h->mitigations, "spec_store_bypass=Speculative Store Bypass;spectre_v1=__user pointer sanitizat;"
				  "spectre_v2=Vulnerable");
	CHECK_EQ(h->freq_max_khz, 2400000);
	CHECK_EQ(h->cpus_online, 8);
	CHECK_EQ(h->cpus_allowed, 8);
	CHECK_EQ(h->sockets, 1);
	CHECK_EQ(h->cores, 8);
	CHECK_EQ(h->n_caches, 4);
	check_cache(&h->caches[3], 3, "Unified", 3145728, 1);
	CHECK_STR(h->cgroup_mode, "v2");
	CHECK(h->cgroup_cpus == 0);
	CHECK_EQ(h->cgroup_mem_bytes, 0);
}

static void test_vm(void)
{
	const struct bt_host *h = read_machine("kvm-hybrid");

	CHECK_STR(h->virt, "kvm,container:docker");
	CHECK_STR(h->mitigations, "itlb_multihit=VMX disabled;l1tf=PTE Inversion;mds=Vulnerable;meltdown=PTI;"
				  "spectre_v2=Full generic retpoline;srbds=Unknown");
	CHECK_EQ(h->cpus_online, 4);
	CHECK_EQ(h->cpus_allowed, 2);
	CHECK_EQ(h->sockets, 2); /* by the older names of the topology files */
	CHECK_EQ(h->cores, 4);
	CHECK_EQ(h->n_caches, 4);
	check_cache(&h->caches[3], 3, "Unified", 16777216, 2);
	CHECK_STR(h->cgroup_mode, "hybrid");
	CHECK_EQ(lround(h->cgroup_cpus * 1000), 1500);
	CHECK_EQ(h->cgroup_mem_bytes, 4294967296);
}

static void test_cloud_arm(void)
{
	const struct bt_host *h = read_machine("graviton2");

	CHECK_STR(h->cpu_model, "Neoverse-N1");
	CHECK_STR(h->virt, "kvm");
	CHECK_STR(h->arch, "aarch64");
}

static void test_empty(void)
{
	const struct bt_host *h = read_machine("empty");

	CHECK_STR(h->virt, "container:docker");
	CHECK_EQ(h->cpus_online, 2);
	CHECK_EQ(h->mem_bytes, 2147483648);
	CHECK_STR(h->arch, "");
	CHECK_STR(h->cgroup_mode, "");
	h = read_machine("no-such-machine");
	CHECK_EQ(h->cpus_online, 0);
	CHECK_EQ(bt_host_llc_bytes(h), 0);
	CHECK_EQ(strlen(h->fp), 16);
}

/* The record of host as JSON; its length. */
static int record_text(char out[BT_REC_MAX + 1])
{
	static const struct bt_rec_source source = { .run = "00000000", .host = "h", .tool = "t" };
	struct bt_rec r;
	int len;

	bt_rec_init(&r, BT_KIND_META);
	bt_host_record(&host, &r);
	len = bt_rec_json(&r, &source, NULL, out);
	out[len > 0 ? len : 0] = '\0';
	return len;
}

static void test_record(void)
{
	char out[BT_REC_MAX + 1];

	read_machine("kvm-hybrid");
	CHECK(record_text(out) > 0);
	CHECK(strstr(out, "\"kernel\":\"5.10.0-28-amd64\"") != NULL);
	CHECK(strstr(out, "\"cpus\":4,\"cpus_allowed\":2,\"sockets\":2,\"cores\":4,\"numa\":1,") != NULL);
	CHECK(strstr(out, "\"l1d\":32768,\"l1i\":32768,\"l2\":4194304,\"l3\":16777216,\"llc\":33554432,") != NULL);
	CHECK(strstr(out, "\"cgroup\":\"hybrid\",\"cgroup_cpus\":1.5,\"cgroup_mem\":4294967296,\"fp\":\"") != NULL);
	CHECK(strstr(out, "governor") == NULL); /* unknown facts are left out */
	CHECK(strstr(out, "freq_max_khz") == NULL);
}

static void test_record_room(void)
{
	char root[64], long_text[5000], name[128], out[BT_REC_MAX + 1];
	struct bt_src src = { fixture_dir(root) };
	unsigned i;

	memset(long_text, '\x01', sizeof(long_text));
	fixture_file(root, "/proc/sys/kernel/osrelease", long_text, sizeof(long_text));
	fixture_file(root, "/sys/devices/system/cpu/isolated", long_text, sizeof(long_text));
	fixture_file(root, "/sys/devices/system/cpu/smt/control", long_text, sizeof(long_text));
	memset(long_text, '"', sizeof(long_text));
	memcpy(long_text, "model name\t: ", 13);
	fixture_file(root, "/proc/cpuinfo", long_text, sizeof(long_text));
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "/sys/devices/system/cpu/vulnerabilities/weakness_%02u", i);
		fixture_file(root, name, long_text + 100, 1000);
	}
	bt_host_read(&host, &src);
	CHECK_EQ(strlen(host.kernel), sizeof(host.kernel) - 1);
	CHECK_EQ(host.kernel[0], '?');
	CHECK(strstr(host.mitigations, "weakness_00=????????????????????????;weakness_01=") == host.mitigations);
	CHECK_EQ(host.mitigations[strlen(host.mitigations) - 1], '?'); /* none is cut in half */
	CHECK_EQ(strlen(host.mitigations), 17 * 37 - 1);
	CHECK(record_text(out) > 0 && strlen(out) < 2500);
	fixture_remove(root);
}

static void fingerprint_of(const char *root, const char *meminfo, char fp[17])
{
	struct bt_src src = { root };

	fixture_text(root, "/proc/meminfo", meminfo);
	bt_host_read(&host, &src);
	memcpy(fp, host.fp, 17);
}

static void test_fingerprint(void)
{
	char root[64], a[17], b[17], c[17];

	fixture_dir(root);
	fingerprint_of(root, "MemTotal: 65793000 kB\n", a);
	fingerprint_of(root, "MemTotal: 65811404 kB\n", b);
	fingerprint_of(root, "MemTotal: 32811404 kB\n", c);
	CHECK_STR(a, b); /* another kernel on an equal machine */
	CHECK(strcmp(a, c) != 0);
	fixture_text(root, "/sys/devices/system/cpu/smt/control", "off\n");
	fingerprint_of(root, "MemTotal: 65793000 kB\n", b);
	CHECK(strcmp(a, b) != 0);
	fixture_remove(root);
}

static void test_unknown_arm(void)
{
	char root[64];
	struct bt_src src = { fixture_dir(root) };

	fixture_text(root, "/proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x48\nCPU architecture: 8\nCPU part\t: 0xd01\n\n"
					    "processor\t: 1\nCPU implementer\t: 0x48\nCPU architecture: 8\nCPU part\t: 0xd01\n\n");
	bt_host_read(&host, &src);
	CHECK_STR(host.cpu_model, "ARM 0x48/0xd01");
	fixture_text(root, "/proc/cpuinfo", "CPU implementer\t: zzz\nCPU part");
	bt_host_read(&host, &src);
	CHECK_STR(host.cpu_model, "");
	fixture_remove(root);
}

static void test_virt(void)
{
	static const struct {
		const char *vendor, *product, *flags, *clocks, *want;
	} cases[] = {
		{ "VMware, Inc.", "VMware7,1", "lm hypervisor", "tsc", "vmware" },
		{ "Microsoft Corporation", "Virtual Machine", "lm hypervisor", "hyperv_clocksource_tsc_page", "microsoft" },
		{ "Microsoft Corporation", "Surface Laptop", "lm", "tsc", "" },
		{ "Amazon EC2", "m5.metal", "lm", "tsc", "" },
		{ "Amazon EC2", "m5.large", "lm hypervisor", "kvm-clock", "kvm" },
		{ "", "", "lm hypervisor fpu", "tsc kvm-clock", "kvm" },
		{ "", "", "lm hypervisor", "tsc", "vm" },
		{ "QEMU", "x", "lm nohypervisors", "tsc", "" },
		{ "Xen", "HVM domU", "lm hypervisor", "xen tsc", "xen" },
	};
	char root[64], cpuinfo[64];
	struct bt_src src = { fixture_dir(root) };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(cpuinfo, sizeof(cpuinfo), "flags\t\t: %s\n", cases[i].flags);
		fixture_text(root, "/proc/cpuinfo", cpuinfo);
		fixture_text(root, "/sys/class/dmi/id/sys_vendor", cases[i].vendor);
		fixture_text(root, "/sys/class/dmi/id/product_name", cases[i].product);
		fixture_text(root, "/sys/devices/system/clocksource/clocksource0/available_clocksource", cases[i].clocks);
		bt_host_read(&host, &src);
		CHECK_STR(host.virt, cases[i].want);
	}
	fixture_text(root, "/run/systemd/container", "systemd-nspawn\n");
	bt_host_read(&host, &src);
	CHECK_STR(host.virt, "xen,container:systemd-nspawn");
	fixture_text(root, "/proc/cpuinfo", "CPU architecture: 8\n");
	fixture_text(root, "/sys/class/dmi/id/sys_vendor", "Amazon EC2");
	fixture_text(root, "/sys/class/dmi/id/product_name", "c7g.metal");
	bt_host_read(&host, &src);
	CHECK_STR(host.virt, "container:systemd-nspawn");
	fixture_remove(root);
}

/* Where a group is found: own is /proc/self/cgroup, mounts is /proc/self/mountinfo. parent: "" at the top. */
static void test_cgroup(void)
{
	static const struct {
		const char *own, *mounts, *mode, *cpu, *parent;
	} cases[] = {
		{ "0::/a/b\n", "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "v2", "/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a" },
		{ "0::/\n", "1 0 0:1 / /cg rw shared:1 master:2 - cgroup2 none rw\n", "v2", "/cg", "" },
		{ "0::/../other\n", "1 0 0:1 / /cg rw - cgroup2 none rw\n", "v2", "/cg", "" },
		{ "0::/x/y\n", "1 0 0:1 /x /cg rw - cgroup2 none rw\n", "v2", "/cg/y", "/cg" },
		{ "0::/xy\n", "1 0 0:1 /x /cg rw - cgroup2 none rw\n", "v2", "/cg", "" },
		{ "0::/a\n", "1 0 0:1 / /my\\040cg rw - cgroup2 none rw\n", "v2", "/my cg/a", "/my cg" },
		{ "0::/a\n", "1 0 0:1 / /../../etc rw - cgroup2 none rw\n", "v2", "", "" },
		{ "3:cpu,cpuacct:/d\n0::/\n", "1 0 0:1 / /u rw - cgroup2 none rw\n2 0 0:2 / /c rw - cgroup cgroup rw,cpu,cpuacct\n",
		  "hybrid", "/c/d", "/c" },
		{ "3:cpuacct:/d\n0::/e\n", "2 0 0:2 / /c rw - cgroup cgroup rw,cpuacct\n1 0 0:1 / /u rw - cgroup2 none rw\n", "hybrid",
		  "/u/e", "/u" },
		{ "3:cpu:/d\n", "2 0 0:2 / /c rw - cgroup cgroup rw,cpu", "v1", "/c/d", "/c" },
		{ "garbage\n::::\n:\n", "x - cgroup2\n - cgroup2 a b\n1 0 0:1 / /c rw - cgroup2 none rw\n", "v2", "", "" },
		{ "0::/a\n", "", "", "", "" },
	};
	struct bt_cgroup c;
	char root[64];
	struct bt_src src = { fixture_dir(root) };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_text(root, "/proc/self/cgroup", cases[i].own);
		fixture_text(root, "/proc/self/mountinfo", cases[i].mounts);
		bt_cgroup_find(&c, &src);
		CHECK_STR(c.mode, cases[i].mode);
		CHECK_STR(c.cpu.path, cases[i].cpu);
		CHECK_EQ(c.cpu.path[0] && bt_cgroup_up(&c.cpu), cases[i].parent[0] != '\0');
		CHECK_STR(c.cpu.path, cases[i].parent[0] ? cases[i].parent : cases[i].cpu);
	}
	fixture_remove(root);
}

/* A copy made by contrib/mkfixture must show the same: the script and the code read the same files. */
static void test_copy(void)
{
	static const char *const machines[] = { "epyc-2s", "rk3588", "kvm-hybrid", "graviton2", "empty", NULL };
	const char *base = getenv("BT_FIXTURES");
	char root[64], copy[96], command[3 * PATH_MAX];
	struct bt_src src = { copy };
	struct bt_host copied;
	unsigned i;

	fixture_dir(root);
	for (i = 0; machines[i]; i++) {
		read_machine(machines[i]);
		snprintf(copy, sizeof(copy), "%s/%s", root, machines[i]);
		snprintf(command, sizeof(command), "ROOT='%s' '%s/../../contrib/mkfixture' '%s' > '%s/log' 2>&1",
			 fixture_path(machines[i]), base ? base : "tests/fixtures", copy, root);
		CHECK_EQ(system(command), 0);
		bt_host_read(&copied, &src);
		CHECK_STR(copied.fp, host.fp);
		CHECK(memcmp(&copied, &host, sizeof(host)) == 0);
	}
	fixture_remove(root);
}

static void test_unlimited(void)
{
	char root[64];
	struct bt_src src = { fixture_dir(root) };

	fixture_text(root, "/proc/self/cgroup", "2:memory:/\n1:cpu:/\n");
	fixture_text(root, "/proc/self/mountinfo", "1 0 0:1 / /m rw - cgroup cgroup rw,memory\n"
						   "2 0 0:2 / /c rw - cgroup cgroup rw,cpu\n");
	fixture_text(root, "/m/memory.limit_in_bytes", "9223372036854771712\n");
	fixture_text(root, "/c/cpu.cfs_quota_us", "-1\n");
	fixture_text(root, "/c/cpu.cfs_period_us", "100000\n");
	bt_host_read(&host, &src);
	CHECK_STR(host.cgroup_mode, "v1");
	CHECK_EQ(host.cgroup_mem_bytes, 0);
	CHECK(host.cgroup_cpus == 0);
	fixture_remove(root);
}

static void test_live(void)
{
	uint32_t cpus[BT_CPUS_MAX];
	struct bt_src src = { "" };
	int n = bt_cpus_allowed(cpus, BT_CPUS_MAX);

	bt_host_read(&host, &src);
	CHECK(host.cpus_online >= 1);
	CHECK(host.mem_bytes > 0);
	CHECK(host.kernel[0] && host.arch[0] && host.cpu_model[0]);
	CHECK(n >= 1);
	CHECK_EQ(host.cpus_allowed, n);
	CHECK_EQ(host.cpus_online, sysconf(_SC_NPROCESSORS_ONLN));
	CHECK_EQ(host.mem_bytes, (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void test_pin(void)
{
	uint32_t cpus[BT_CPUS_MAX], one[2];
	int n = bt_cpus_allowed(cpus, BT_CPUS_MAX);

	CHECK_EQ(bt_cpus_pin(cpus[n - 1]), 0);
	CHECK_EQ(bt_cpus_current(), cpus[n - 1]);
	CHECK_EQ(bt_cpus_allowed(one, 2), 1);
	CHECK_EQ(one[0], cpus[n - 1]);
	CHECK_EQ(bt_cpus_set(cpus, (size_t)n), 0);
	CHECK_EQ(bt_cpus_allowed(cpus, BT_CPUS_MAX), n);
	CHECK_EQ(bt_cpus_set(cpus, 0), -EINVAL);
	CHECK_EQ(bt_cpus_pin(BT_CPUS_MAX), -EINVAL);
	CHECK_EQ(bt_cpus_pin(BT_CPUS_MAX - 1), -EINVAL);
}

static const struct unit_test tests[] = {
	{ "knows a two-socket server", test_server },
	{ "counts a server's CPUs and caches once each", test_server_topology },
	{ "takes the smallest limit of all groups above", test_server_cgroup },
	{ "knows an arm64 board with two kinds of CPU", test_board },
	{ "knows a virtual machine with hybrid cgroups", test_vm },
	{ "knows an arm64 cloud server", test_cloud_arm },
	{ "survives a machine that shows almost nothing", test_empty },
	{ "adds the known facts to a record", test_record },
	{ "keeps room in the record whatever the files hold", test_record_room },
	{ "has one fingerprint for equal machines", test_fingerprint },
	{ "names unknown ARM parts by number", test_unknown_arm },
	{ "tells hypervisors apart", test_virt },
	{ "finds its own control group", test_cgroup },
	{ "knows version 1's ways to say unlimited", test_unlimited },
	{ "sees the same in a copy by mkfixture", test_copy },
	{ "agrees with the C library about this machine", test_live },
	{ "pins to a CPU", test_pin },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
