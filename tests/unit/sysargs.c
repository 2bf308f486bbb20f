/* SPDX-License-Identifier: ISC
 *
 * sysargs - unit tests of the arguments of system calls, against the kernel's own descriptions where they can be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sysargs.h"
#include "unit.h"

#define EVENTS "/sys/kernel/tracing/events/syscalls"

/* The row of the call number nr of any ABI, or NULL. */
static const struct bt_sysargs *row(int abi, uint32_t nr)
{
	const char *name = bt_sysname(abi, nr);

	return name ? bt_sysargs(abi, name) : NULL;
}

static void test_find(void)
{
	const struct bt_sysargs *a = bt_sysargs(BT_ABI_X86_64, "openat");

	CHECK(a && strcmp(a->name, "openat") == 0);
	CHECK(a && a->arg[0] == BT_ARG_DIRFD && a->arg[1] == BT_ARG_PATH && a->arg[2] == BT_ARG_OPEN);
	CHECK(a && a->arg[3] == BT_ARG_MODE && a->arg[4] == BT_ARG_NONE && a->moves == BT_MOVES_NONE);
	CHECK(bt_sysargs(BT_ABI_X86_64, "getpid") == NULL);
	CHECK(bt_sysargs(BT_ABI_X86_64, "") == NULL);
	CHECK(bt_sysargs(BT_ABI_X86_64, "~") == NULL);
	CHECK(bt_sysargs(BT_ABI_I386, "mmap") == NULL && bt_sysargs(BT_ABI_I386, "select") == NULL);
	CHECK(bt_sysargs(BT_ABI_I386, "mmap2") != NULL && bt_sysargs(BT_ABI_ARM64, "mmap") != NULL);
}

static void test_moves(void)
{
	static const char *const in[] = { "read", "pread64", "readv", "preadv", "preadv2", "recv", "recvfrom", "recvmsg", "getrandom",
		"getdents", "getdents64", "mq_timedreceive", "msgrcv", "process_vm_readv" };
	static const char *const out[] = { "write", "pwrite64", "writev", "pwritev", "pwritev2", "send", "sendto", "sendmsg",
		"process_vm_writev" };
	static const char *const over[] = { "sendfile", "sendfile64", "splice", "tee", "vmsplice", "copy_file_range" };
	static const char *const none[] = { "recvmmsg", "sendmmsg", "mq_timedsend", "msgsnd", "lseek", "openat", "readlink" };
	size_t i;

	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		CHECK_EQ(bt_sysargs(BT_ABI_X86_64, in[i])->moves, BT_MOVES_IN);
	for (i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		CHECK_EQ(bt_sysargs(BT_ABI_X86_64, out[i])->moves, BT_MOVES_OUT);
	for (i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		CHECK_EQ(bt_sysargs(BT_ABI_X86_64, over[i])->moves, BT_MOVES_OVER);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK_EQ(bt_sysargs(BT_ABI_X86_64, none[i])->moves, BT_MOVES_NONE);
}

static void test_values(void)
{
	static const struct {
		int abi;
		const char *name;
		uint64_t regs[BT_SYSARGS_MAX];
		unsigned i;
		int64_t want;
	} cases[] = {
		{ BT_ABI_X86_64, "openat", { 0xffffff9c }, 0, AT_FDCWD },
		{ BT_ABI_X86_64, "openat", { 0xffffffffffffff9c }, 0, AT_FDCWD },
		{ BT_ABI_X86_64, "close", { 0xffffffff }, 0, -1 },
		{ BT_ABI_X86_64, "read", { 3, 0x7fff00001000, 1 << 20 }, 1, 0x7fff00001000 },
		{ BT_ABI_X86_64, "pread64", { 3, 1, 4096, 0x123456789 }, 3, 0x123456789 },
		{ BT_ABI_X86_64, "lseek", { 3, (uint64_t)-5, 1 }, 1, -5 },
		{ BT_ABI_X86_64, "preadv2", { 3, 1, 2, 0x123456789, 7, 8 }, 3, 0x123456789 },
		{ BT_ABI_X86_64, "preadv2", { 3, 1, 2, 0x123456789, 7, 8 }, 5, 8 },
		{ BT_ABI_ARM64, "fallocate", { 3, 1, 0x100000000, 0x200000000 }, 3, 0x200000000 },
		{ BT_ABI_I386, "pread64", { 3, 1, 4096, 0x23456789, 1 }, 3, 0x123456789 },
		{ BT_ABI_I386, "fallocate", { 3, 1, 5, 1, 6, 2 }, 2, 0x100000005 },
		{ BT_ABI_I386, "fallocate", { 3, 1, 5, 1, 6, 2 }, 3, 0x200000006 },
		{ BT_ABI_I386, "sync_file_range", { 3, 5, 1, 6, 2, 7 }, 3, 7 },
		{ BT_ABI_I386, "ftruncate64", { 3, 5, 1 }, 1, 0x100000005 },
		{ BT_ABI_I386, "lseek", { 3, 0xfffffffb }, 1, -5 },
		{ BT_ABI_I386, "_llseek", { 3, 1, 0x23456789, 9, 2 }, 2, 0x123456789 },
		{ BT_ABI_I386, "_llseek", { 3, 0xffffffff, 0xfffffffe, 9, 2 }, 2, -2 },
		{ BT_ABI_I386, "preadv", { 3, 1, 2, 0x23456789, 1 }, 3, 0x123456789 },
		{ BT_ABI_I386, "preadv2", { 3, 1, 2, 0x23456789, 1, 8 }, 5, 8 },
		{ BT_ABI_I386, "read", { 3, 0xfffff000, 0xffffffff }, 2, 0xffffffff },
		{ BT_ABI_I386, "readahead", { 3, 5, 1, 77 }, 2, 77 },
		{ BT_ABI_ARM, "pread64", { 3, 1, 4096, 0xdead, 0x23456789, 1 }, 3, 0x123456789 },
		{ BT_ABI_ARM, "ftruncate64", { 3, 0xdead, 5, 1 }, 1, 0x100000005 },
		{ BT_ABI_ARM, "fallocate", { 3, 1, 5, 1, 6, 2 }, 3, 0x200000006 },
		{ BT_ABI_ARM, "arm_sync_file_range", { 3, 4, 5, 1, 6, 2 }, 2, 0x100000005 },
		{ BT_ABI_ARM, "preadv", { 3, 1, 2, 0x23456789, 1 }, 3, 0x123456789 },
		{ BT_ABI_ARM, "readahead", { 3, 0xdead, 5, 1, 77 }, 2, 77 },
		{ BT_ABI_X32, "preadv2", { 3, 1, 2, 0x123456789, 8 }, 3, 0x123456789 },
		{ BT_ABI_X32, "preadv2", { 3, 1, 2, 0x123456789, 8 }, 5, 8 },
		{ BT_ABI_X32, "pread64", { 3, 1, 4096, 0x123456789 }, 3, 0x123456789 }
	};
	const struct bt_sysargs *a;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a = bt_sysargs(cases[i].abi, cases[i].name);
		CHECK(a != NULL);
		if (a && bt_sysarg(a, cases[i].abi, cases[i].i, cases[i].regs) != cases[i].want) {
			CHECK(!"the value below");
			printf("# %s %s %u\n", bt_abi_name(cases[i].abi), cases[i].name, cases[i].i);
		}
	}
}

/* All that any ABI calls by a name is found, so the table is in order; no argument comes after the last; all fit registers. */
static void test_table(void)
{
	static const uint64_t regs[BT_SYSARGS_MAX] = { 1, 2, 3, 4, 5, 6 };
	const struct bt_sysargs *a;
	unsigned n = 0, i;
	uint32_t nr;
	int abi;

	for (abi = 0; abi < BT_ABI_COUNT; abi++)
		for (nr = 0; nr < bt_sysnames_max(abi); nr++) {
			a = row(abi, nr);
			if (!a)
				continue;
			n += abi == BT_ABI_I386;
			for (i = 0; i < BT_SYSARGS_MAX && a->arg[i]; i++) {
				CHECK(a->arg[i] <= BT_ARG_PTR);
				CHECK(abi == BT_ABI_X32 || bt_sysarg(a, abi, i, regs) != 0);
				CHECK(a->arg[i] != BT_ARG_DIRFD || a->arg[i + 1] == BT_ARG_PATH);
			}
			CHECK(i > 0);
			for (; i < BT_SYSARGS_MAX; i++)
				CHECK(a->arg[i] == BT_ARG_NONE);
		}
	CHECK(n > 140);
}

/* The kernel's description of a call, or NULL. Its names are those of the functions: newstat for stat. */
static FILE *open_event(const char *name)
{
	static const char *const around[][2] = { { "", "" }, { "new", "" }, { "", "64" } };
	char path[128];
	size_t i;
	FILE *f;

	for (i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		snprintf(path, sizeof(path), EVENTS "/sys_enter_%s%s%s/format", around[i][0], name, around[i][1]);
		f = fopen(path, "re");
		if (f)
			return f;
	}
	return NULL;
}

static bool has_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

/* Whether an argument declared so can be of this kind. */
static bool fits(enum bt_arg kind, const char *declared)
{
	static const char *const fds[] = { "fd", "fildes", "mqdes", NULL };
	static const char *const addresses[] = { "*", "addr", "start", "arg", NULL };
	bool pointer = strchr(declared, '*') != NULL;
	bool path = strstr(declared, "char *") && (strstr(declared, "name") || strstr(declared, "path"));

	switch (kind) {
	case BT_ARG_FD: return has_word(declared, fds) && !pointer;
	case BT_ARG_DIRFD: return has_word(declared, fds) && !pointer;
	case BT_ARG_PATH: return path;
	case BT_ARG_OFFSET: return !pointer && (strstr(declared, "off") || strstr(declared, "pos"));
	case BT_ARG_HIGH: return strstr(declared, "pos_h") != NULL;
	case BT_ARG_MODE: return !pointer && strstr(declared, "mode");
	case BT_ARG_OPEN: return !pointer && strstr(declared, "flags");
	case BT_ARG_PTR: return has_word(declared, addresses) && !path;
	case BT_ARG_NONE: return false;
	default: return !pointer && !strstr(declared, " fd") && !strstr(declared, "loff_t off");
	}
}

static void check_event(const struct bt_sysargs *a, FILE *f)
{
	char line[256], declared[128];
	unsigned i = 0;

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " field:%127[^;];", declared) != 1 || strstr(declared, "common_") || strstr(declared, "__syscall_nr"))
			continue;
		if (i >= BT_SYSARGS_MAX || !fits(a->arg[i], declared) ||
		    (strstr(declared, "loff_t") && !strchr(declared, '*')) != (a->wide >> i & 1)) {
			CHECK(!"the argument below");
			printf("# %s %u: %s\n", a->name, i, declared);
		}
		i++;
	}
	CHECK(i >= BT_SYSARGS_MAX || a->arg[i] == BT_ARG_NONE);
}

static void test_kernel(void)
{
	const struct bt_sysargs *a;
	unsigned n = 0;
	uint32_t nr;
	FILE *f;

	for (nr = 0; nr < bt_sysnames_max(BT_ABI_X86_64); nr++) {
		a = row(BT_ABI_X86_64, nr);
		f = a ? open_event(a->name) : NULL;
		if (!f)
			continue;
		check_event(a, f);
		fclose(f);
		n++;
	}
	printf("# compared with the running kernel: %u\n", n);
}

static const struct unit_test tests[] = {
	{ "finds calls by name", test_find },
	{ "tells what moves bytes", test_moves },
	{ "puts values together", test_values },
	{ "has a sound table", test_table },
	{ "agrees with the running kernel", test_kernel },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
