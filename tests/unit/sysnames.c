/* SPDX-License-Identifier: ISC
 *
 * sysnames - unit tests of the names of system calls, against the kernel's headers where they are installed.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "sysnames.h"
#include "unit.h"

static void test_known(void)
{
	static const struct {
		const char *name;
		int nr[BT_ABI_COUNT]; /* -1: none */
	} calls[] = {
		{ "read", { 0, 3, 0, 63, 3 } }, { "exit", { 60, 1, 60, 93, 1 } }, { "readv", { 19, 145, 515, 65, 145 } },
		{ "pread64", { 17, 180, 17, 67, 180 } }, { "newfstatat", { 262, -1, 262, 79, -1 } },
		{ "fstatat64", { -1, 300, -1, -1, 327 } }, { "open", { 2, 5, 2, -1, 5 } }, { "execveat", { 322, 358, 545, 281, 387 } },
		{ "fcntl", { 72, 55, 72, 25, 55 } }, { "mmap2", { -1, 192, -1, -1, 192 } }, { "break", { -1, 17, -1, -1, -1 } },
		{ "socketcall", { -1, 102, -1, -1, -1 } }, { "uretprobe", { 335, -1, -1, -1, -1 } },
		{ "io_uring_enter", { 426, 426, 426, 426, 426 } }, { "file_setattr", { 469, 469, 469, 469, 469 } },
		{ "rseq_slice_yield", { 471, 471, 471, 471, 471 } }, { "memfd_secret", { 447, 447, 447, 447, -1 } },
		{ "clock_gettime64", { -1, 403, -1, -1, 403 } }, { "cacheflush", { -1, -1, -1, -1, 0xf0002 } },
		{ "_llseek", { -1, 140, -1, -1, 140 } }, { "writev", { 20, 146, 516, 66, 146 } },
		{ "nothing", { -1, -1, -1, -1, -1 } }, { "", { -1, -1, -1, -1, -1 } }, { "zzz", { -1, -1, -1, -1, -1 } }
	};
	size_t i;
	int abi;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (abi = 0; abi < BT_ABI_COUNT; abi++) {
			CHECK_EQ(bt_sysnr(abi, calls[i].name), calls[i].nr[abi] < 0 ? -ENOENT : calls[i].nr[abi]);
			if (calls[i].nr[abi] >= 0)
				CHECK_STR(bt_sysname(abi, (uint32_t)calls[i].nr[abi]), calls[i].name);
		}
}

static void test_unknown(void)
{
	int abi;

	for (abi = 0; abi < BT_ABI_COUNT; abi++) {
		CHECK(bt_sysname(abi, bt_sysnames_max(abi)) == NULL);
		CHECK(bt_sysname(abi, bt_sysnames_max(abi) - 1) != NULL);
		CHECK(bt_sysname(abi, UINT32_MAX) == NULL);
		CHECK(bt_sysname(abi, 0xf0007) == NULL);
	}
	CHECK(bt_sysname(BT_ABI_X86_64, 400) == NULL);
	CHECK(bt_sysname(BT_ABI_X86_64, 0 | BT_SYS_X32_BIT) == NULL);
	CHECK(bt_sysname(BT_ABI_I386, 0xf0002) == NULL);
	CHECK(bt_sysname(BT_ABI_ARM, 0xf0000) == NULL);
}

static void test_x32_bit(void)
{
	CHECK_STR(bt_sysname(BT_ABI_X32, 515 | BT_SYS_X32_BIT), "readv");
	CHECK_STR(bt_sysname(BT_ABI_X32, 515), "readv");
}

static void test_alias(void)
{
	CHECK_EQ(bt_sysnr(BT_ABI_ARM, "sync_file_range2"), 341);
	CHECK_EQ(bt_sysnr(BT_ABI_ARM, "arm_sync_file_range"), 341);
	CHECK_EQ(bt_sysnr(BT_ABI_ARM64, "sync_file_range2"), -ENOENT);
	CHECK_STR(bt_sysname(BT_ABI_ARM, 341), "arm_sync_file_range");
}

static void test_back(void)
{
	const char *name;
	int abi, n;
	uint32_t nr;

	for (abi = 0; abi < BT_ABI_COUNT; abi++) {
		for (nr = 0, n = 0; nr < bt_sysnames_max(abi); nr++) {
			name = bt_sysname(abi, nr);
			n += name != NULL;
			if (name)
				CHECK_EQ(bt_sysnr(abi, name), nr);
		}
		CHECK(n > 320 && n < 480);
	}
	CHECK_STR(bt_abi_name(BT_ABI_I386), "i386");
	CHECK_STR(bt_abi_name(BT_ABI_ARM), "arm");
}

/* The number at the end of "N", "(__X32_SYSCALL_BIT + N)" or "(__NR_SYSCALL_BASE + N)"; -1 for anything else. */
static long number_of(const char *value)
{
	const char *plus = strchr(value, '+');
	char *end;
	long nr = strtol(plus ? plus + 1 : value, &end, 10);

	return end != value && strspn(end, ")\n ") == strlen(end) ? nr : -1;
}

/* Whether a header's macro is a call of the ABI: asm-generic/unistd.h also has some of other architectures, and headers newer
 * than the table have calls beyond its end. */
static bool is_ours(enum bt_abi abi, const char *name, long nr)
{
	static const char *const others[] = { "arch_specific_syscall", "fstatat", "fstat64", "sync_file_range2" };
	size_t i;

	for (i = 0; abi == BT_ABI_ARM64 && i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	if (abi == BT_ABI_ARM64 && nr >= 403 && nr <= 423)
		return false;
	return nr >= 0 && nr < bt_sysnames_max(abi) && strcmp(name, "syscalls") != 0;
}

/* Number of calls in the header; each must be in the table, both ways. */
static int check_header(enum bt_abi abi, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512], name[64], value[64];
	int n = 0;
	long nr;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "#define __NR_%63[a-z0-9_] %63[^\n]", name, value) != 2 &&
		    sscanf(line, "#define __NR3264_%63[a-z0-9_] %63[^\n]", name, value) != 2)
			continue;
		nr = number_of(value);
		if (!is_ours(abi, name, nr))
			continue;
		n++;
		CHECK_EQ(bt_sysnr(abi, name), nr);
		if (!bt_sysname(abi, (uint32_t)nr) || strcmp(bt_sysname(abi, (uint32_t)nr), name) != 0) {
			CHECK(!"the name below");
			printf("# %s %s %ld\n", bt_abi_name(abi), name, nr);
		}
	}
	if (f)
		fclose(f);
	return n;
}

static void test_headers(void)
{
	static const struct {
		enum bt_abi abi;
		const char *path;
	} headers[] = {
		{ BT_ABI_X86_64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h" }, { BT_ABI_X86_64, "/usr/include/asm/unistd_64.h" },
		{ BT_ABI_I386, "/usr/include/x86_64-linux-gnu/asm/unistd_32.h" }, { BT_ABI_I386, "/usr/include/asm/unistd_32.h" },
		{ BT_ABI_X32, "/usr/include/x86_64-linux-gnu/asm/unistd_x32.h" }, { BT_ABI_X32, "/usr/include/asm/unistd_x32.h" },
		{ BT_ABI_ARM64, "/usr/include/asm-generic/unistd.h" },
		{ BT_ABI_ARM64, "/usr/aarch64-linux-gnu/include/asm-generic/unistd.h" },
		{ BT_ABI_ARM64, "/usr/include/aarch64-linux-gnu/asm/unistd_64.h" },
		{ BT_ABI_ARM, "/usr/arm-linux-gnueabihf/include/asm/unistd-eabi.h" }
	};
	size_t i;
	int n;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		n = check_header(headers[i].abi, headers[i].path);
		printf("# %s: %d\n", headers[i].path, n);
	}
}

/* The C library's own numbers, for the ABI that we are. */
static void test_own(void)
{
#ifdef __x86_64__
	enum bt_abi abi = BT_ABI_X86_64;
#elif defined(__aarch64__)
	enum bt_abi abi = BT_ABI_ARM64;
#endif
	CHECK_EQ(bt_sysnr(abi, "write"), SYS_write);
	CHECK_EQ(bt_sysnr(abi, "fstat"), SYS_fstat);
	CHECK_EQ(bt_sysnr(abi, "futex_waitv"), SYS_futex_waitv);
	CHECK_EQ(bt_sysnr(abi, "io_pgetevents"), SYS_io_pgetevents);
	CHECK_EQ(bt_sysnr(abi, "sendfile"), SYS_sendfile);
}

static const struct unit_test tests[] = {
	{ "knows calls of each ABI", test_known },
	{ "knows no others", test_unknown },
	{ "takes the numbers of x32 with their bit", test_x32_bit },
	{ "takes second names", test_alias },
	{ "finds each name back", test_back },
	{ "has all that the installed headers have", test_headers },
	{ "agrees with the C library", test_own },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
