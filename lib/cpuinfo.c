/* SPDX-License-Identifier: ISC
 *
 * cpuinfo - what /proc/cpuinfo says about the kind of CPU, on the architectures that say it differently.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpuinfo.h"

#define HEAD_BYTES 8192    /* several CPUs: one is 1500 bytes on x86, 250 on arm64 */
#define TEXT_MAX 8388608   /* 4096 CPUs */

struct arm_part {
	unsigned implementer, part;
	const char *name;
};

/* MIDR_EL1 fields; names as in the kernel's arch/arm64/include/asm/cputype.h. */
static const struct arm_part arm_parts[] = {
	{ 0x41, 0xd03, "Cortex-A53" }, { 0x41, 0xd04, "Cortex-A35" }, { 0x41, 0xd05, "Cortex-A55" },
	{ 0x41, 0xd07, "Cortex-A57" }, { 0x41, 0xd08, "Cortex-A72" }, { 0x41, 0xd09, "Cortex-A73" },
	{ 0x41, 0xd0a, "Cortex-A75" }, { 0x41, 0xd0b, "Cortex-A76" }, { 0x41, 0xd0c, "Neoverse-N1" },
	{ 0x41, 0xd0d, "Cortex-A77" }, { 0x41, 0xd40, "Neoverse-V1" }, { 0x41, 0xd41, "Cortex-A78" },
	{ 0x41, 0xd44, "Cortex-X1" }, { 0x41, 0xd46, "Cortex-A510" }, { 0x41, 0xd47, "Cortex-A710" },
	{ 0x41, 0xd48, "Cortex-X2" }, { 0x41, 0xd49, "Neoverse-N2" }, { 0x41, 0xd4f, "Neoverse-V2" },
	{ 0x41, 0xd84, "Neoverse-V3" }, { 0x41, 0xd8e, "Neoverse-N3" }, { 0x61, 0x022, "Apple-Icestorm-M1" },
	{ 0x61, 0x023, "Apple-Firestorm-M1" }, { 0xc0, 0xac3, "Ampere-1" }, { 0xc0, 0xac4, "Ampere-1A" }, { 0, 0, NULL }
};

static void part_name(unsigned implementer, unsigned part, char *out, size_t cap)
{
	const struct arm_part *p;

	for (p = arm_parts; p->name; p++)
		if (p->implementer == implementer && p->part == part) {
			bt_src_copy(out, cap, p->name);
			return;
		}
	snprintf(out, cap, "ARM 0x%02x/0x%03x", implementer & 0xff, part & 0xfff);
}

/* Whether the '+' list in model holds name already. */
static bool has_name(const char *model, const char *name)
{
	size_t len = strlen(name);
	const char *at = model;

	for (; (at = strstr(at, name)); at += len)
		if ((at == model || at[-1] == '+') && (at[len] == '+' || at[len] == '\0'))
			return true;
	return false;
}

/* Mixed CPUs give all their names, in the order of appearance. */
static void arm_model(char *model, size_t cap, const char *text)
{
	char value[16], name[32];
	unsigned implementer;
	const char *cpu = text;
	size_t len;

	for (; (cpu = strstr(cpu, "CPU implementer")); cpu++) {
		bt_src_field(cpu, "CPU implementer", value, sizeof(value));
		implementer = (unsigned)strtoul(value, NULL, 16);
		if (bt_src_field(cpu, "CPU part", value, sizeof(value)) <= 0)
			return;
		part_name(implementer, (unsigned)strtoul(value, NULL, 16), name, sizeof(name));
		len = strlen(model);
		if (!has_name(model, name) && len + 1 + strlen(name) < cap)
			snprintf(model + len, cap - len, "%s%s", len ? "+" : "", name);
	}
}

/* An arm64 board is known by its device tree: "Cortex-A72 (Raspberry Pi 4 Model B Rev 1.4)". */
static void add_board(char *model, size_t cap, const struct bt_src *src)
{
	size_t len = strlen(model);
	char board[64];

	if (!len || bt_src_line(src, board, sizeof(board), "/proc/device-tree/model") <= 0)
		return;
	if (len + strlen(board) + 4 <= cap)
		snprintf(model + len, cap - len, " (%s)", board);
}

void bt_cpuinfo_read(struct bt_cpuinfo *c, const struct bt_src *src)
{
	/* x86, mips, riscv, power and s390 in turn. */
	static const char *const model_keys[] = { "model name", "cpu model", "uarch", "cpu", "processor 0", NULL };
	char text[HEAD_BYTES], flags[4096], padded[4100];
	unsigned i;

	memset(c, 0, sizeof(*c));
	if (bt_src_read(src, text, sizeof(text), "/proc/cpuinfo") <= 0)
		return;
	for (i = 0; model_keys[i] && !c->model[0]; i++)
		bt_src_field(text, model_keys[i], c->model, sizeof(c->model));
	if (!c->model[0])
		arm_model(c->model, sizeof(c->model), text);
	if (strstr(text, "CPU implementer"))
		add_board(c->model, sizeof(c->model), src);
	bt_src_field(text, "microcode", c->microcode, sizeof(c->microcode));
	bt_src_field(text, "flags", flags, sizeof(flags));
	snprintf(padded, sizeof(padded), " %s ", flags);
	c->hypervisor = strstr(padded, " hypervisor ") != NULL;
	if (strstr(padded, " lm "))
		bt_src_copy(c->arch, sizeof(c->arch), "x86_64");
	else if (strstr(text, "CPU architecture: 8"))
		bt_src_copy(c->arch, sizeof(c->arch), "aarch64");
}

void bt_cpuinfo_count(const struct bt_src *src, uint32_t *cpus, uint32_t *sockets, uint32_t *cores)
{
	char *text = bt_src_text(src, TEXT_MAX, "/proc/cpuinfo");
	uint32_t highest = 0, id;
	const char *line;

	*cpus = *sockets = *cores = 0;
	for (line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (strncmp(line, "processor\t", 10) == 0)
			++*cpus;
		if (strncmp(line, "physical id\t", 12) != 0)
			continue;
		id = (uint32_t)bt_src_field_u64(line, "physical id");
		*sockets = 1;
		if (id > highest && id < 1024)
			highest = id;
	}
	if (*sockets) {
		*sockets = highest + 1;
		*cores = (uint32_t)bt_src_field_u64(text, "cpu cores") * *sockets;
	}
	free(text);
}
