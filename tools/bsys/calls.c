/* SPDX-License-Identifier: ISC
 *
 * calls - which system calls are to be traced.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bsys_shared.h"
#include "calls.h"
#include "num.h"
#include "src.h"
#include "sysargs.h"

#if defined(__aarch64__)
static const enum bt_abi abis[] = { BT_ABI_ARM64, BT_ABI_ARM };
#else
static const enum bt_abi abis[] = { BT_ABI_X86_64, BT_ABI_I386, BT_ABI_X32 };
#endif
#define ABIS (sizeof(abis) / sizeof(abis[0]))

static bool is_call(const char *word)
{
	uint64_t nr;

	if (bt_num_u64(word, 0, BSYS_CALLS - 1, &nr) == 0)
		return true;
	for (size_t i = 0; i < ABIS; i++)
		if (bt_sysnr(abis[i], word) >= 0)
			return true;
	return false;
}

int bsys_calls_check(const char *list, char bad[64])
{
	const char *p = list;

	for (;;) {
		size_t len = strcspn(p, ",");

		bt_src_copy(bad, len + 1 < 64 ? len + 1 : 64, p);
		if (len == 0 || len >= 64 || !is_call(bad))
			return -ENOENT;
		p += len;
		if (!*p)
			return 0;
		p++;
	}
}

/* Whether the list names the call, by name or by number. */
static bool listed(const char *list, const char *name, uint32_t nr)
{
	char word[64];
	uint64_t number;

	for (const char *p = list;; p++) {
		size_t len = strcspn(p, ",");

		bt_src_copy(word, len + 1 < sizeof(word) ? len + 1 : sizeof(word), p);
		if (name ? strcmp(word, name) == 0 : false)
			return true;
		if (bt_num_u64(word, 0, BSYS_CALLS - 1, &number) == 0 && number == nr)
			return true;
		p += len;
		if (!*p)
			return false;
	}
}

static bool one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

static uint8_t flags_of(enum bt_abi abi, const char *name)
{
	static const char *const opens[] = { "open", "openat", "openat2", "creat", NULL };
	static const char *const execs[] = { "execve", "execveat", NULL };
	const struct bt_sysargs *args = name ? bt_sysargs(abi, name) : NULL;
	uint8_t flags = 0;

	if (!args)
		return 0;
	flags |= args->moves != BT_MOVES_NONE ? BSYS_BYTES : 0;
	flags |= args->arg[0] == BT_ARG_FD ? BSYS_FD : 0;
	flags |= args->arg[0] == BT_ARG_PATH ? BSYS_PATH0 : 0;
	flags |= args->arg[1] == BT_ARG_PATH && args->arg[0] == BT_ARG_DIRFD ? BSYS_PATH1 : 0;
	flags |= one_of(name, opens) ? BSYS_OPENS : 0;
	flags |= one_of(name, execs) ? BSYS_LEAVES : 0;
	flags |= !strcmp(name, "close") ? BSYS_CLOSES : 0;
	return flags;
}

uint32_t bsys_calls_flags(const char *list, uint8_t *flags)
{
	uint32_t count = 0;

	for (size_t a = 0; a < ABIS; a++)
		for (uint32_t nr = 0; nr < BSYS_CALLS; nr++) {
			const char *name = bt_sysname(abis[a], nr);
			uint8_t *f = &flags[abis[a] % BSYS_ABIS * BSYS_CALLS + nr];

			*f = flags_of(abis[a], name);
			if (list && !listed(list, name, nr))
				continue;
			*f |= BSYS_WANTED;
			count += list || name;
		}
	return count;
}

enum bt_abi bsys_calls_abi(uint32_t what, uint32_t *nr)
{
	*nr = what % BSYS_CALLS;
	return (enum bt_abi)(what / BSYS_CALLS);
}

const char *bsys_calls_name(uint32_t what, char room[16])
{
	uint32_t nr;
	enum bt_abi abi = bsys_calls_abi(what, &nr);
	const char *name = bt_sysname(abi, nr);

	if (name)
		return name;
	snprintf(room, 16, nr == BSYS_CALLS - 1 ? "%u+" : "%u", nr);
	return room;
}
