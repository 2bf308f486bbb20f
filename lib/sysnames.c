/* SPDX-License-Identifier: ISC
 *
 * sysnames - system calls by number and by name, for each ABI that a kernel of x86-64 or arm64 can run.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "sysnames.h"
#include "sysnames_tab.h"

static const char *const names[N_COUNT] = {
#define X(name) [N_##name] = #name,
	SYSNAMES(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	const uint16_t *calls;
	uint32_t n;
} abis[BT_ABI_COUNT] = {
	[BT_ABI_X86_64] = { "x86_64", x86_64_calls, COUNT(x86_64_calls) },
	[BT_ABI_I386] = { "i386", i386_calls, COUNT(i386_calls) },
	[BT_ABI_X32] = { "x32", x32_calls, COUNT(x32_calls) },
	[BT_ABI_ARM64] = { "arm64", arm64_calls, COUNT(arm64_calls) },
	[BT_ABI_ARM] = { "arm", arm_calls, COUNT(arm_calls) }
};

const char *bt_sysname(enum bt_abi abi, uint32_t nr)
{
	if (abi == BT_ABI_X32)
		nr &= ~BT_SYS_X32_BIT;
	if (nr < abis[abi].n)
		return names[abis[abi].calls[nr]];
	if (abi == BT_ABI_ARM && nr >= BT_SYS_ARM_PRIVATE && nr - BT_SYS_ARM_PRIVATE < COUNT(arm_private_calls))
		return names[arm_private_calls[nr - BT_SYS_ARM_PRIVATE]];
	return NULL;
}

/* The place of name in names, or N_none. */
static unsigned find_name(const char *name)
{
	unsigned low = N_none + 1, high = N_COUNT, mid;
	int order;

	while (low < high) {
		mid = (low + high) / 2;
		order = strcmp(name, names[mid]);
		if (order == 0)
			return mid;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return N_none;
}

static int find_call(const uint16_t *calls, size_t n, unsigned name)
{
	size_t nr;

	for (nr = 0; nr < n; nr++)
		if (calls[nr] == name)
			return (int)nr;
	return -ENOENT;
}

int bt_sysnr(enum bt_abi abi, const char *name)
{
	unsigned i = find_name(name), a;
	int nr;

	if (i == N_none)
		return -ENOENT;
	for (a = 0; a < COUNT(aliases); a++)
		if (aliases[a].abi == abi && aliases[a].other == i)
			i = aliases[a].name;
	nr = find_call(abis[abi].calls, abis[abi].n, i);
	if (nr >= 0 || abi != BT_ABI_ARM)
		return nr;
	nr = find_call(arm_private_calls, COUNT(arm_private_calls), i);
	return nr < 0 ? nr : nr + (int)BT_SYS_ARM_PRIVATE;
}

uint32_t bt_sysnames_max(enum bt_abi abi)
{
	return abis[abi].n;
}

const char *bt_abi_name(enum bt_abi abi)
{
	return abis[abi].name;
}
