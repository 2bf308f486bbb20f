/* SPDX-License-Identifier: ISC
 *
 * symbols - unit tests of the names in stack traces: of ourselves, of copies of us, of machines made up.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "elfsyms.h"
#include "fixture.h"
#include "rng.h"
#include "symbols.h"
#include "unit.h"

static const struct bt_src live = { "" };
static char dir[64];

__attribute__((noinline)) static int a_function_of_ours(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x * 3 + 1;
}

static const char *user(struct bt_symbols *s, uint32_t pid, uint64_t addr)
{
	static char out[128];
	size_t len = bt_symbols_user(s, pid, addr, out, sizeof(out));

	CHECK_EQ(len, strlen(out));
	return out;
}

static const char *own(struct bt_symbols *s, const void *addr)
{
	return user(s, (uint32_t)getpid(), (uintptr_t)addr);
}

static bool starts(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static void test_own(void)
{
	struct bt_symbols *s = bt_symbols_open(&live);
	int local = a_function_of_ours(1);

	CHECK_STR(own(s, (const char *)(uintptr_t)a_function_of_ours), "a_function_of_ours");
	CHECK_STR(own(s, (const char *)(uintptr_t)a_function_of_ours + 2), "a_function_of_ours");
	CHECK_STR(own(s, (const char *)(uintptr_t)test_own + 5), "test_own");
	CHECK(starts(own(s, &local), "[unknown]+0x")); /* a stack is not executable */
	CHECK_STR(own(s, (const void *)16), "[unknown]+0x10");
	bt_symbols_close(s);
	bt_symbols_close(NULL);
}

static void test_libc(void)
{
	struct bt_symbols *s = bt_symbols_open(&live);

	CHECK_STR(own(s, (const void *)(uintptr_t)write), "write"); /* or the one that a sanitizer puts in front */
	bt_symbols_close(s);
}

static void test_cut(void)
{
	struct bt_symbols *s = bt_symbols_open(&live);
	uint64_t addr = (uintptr_t)a_function_of_ours;
	char out[8];

	CHECK_EQ(bt_symbols_user(s, (uint32_t)getpid(), addr, out, sizeof(out)), 7);
	CHECK_STR(out, "a_funct");
	CHECK_EQ(bt_symbols_user(s, (uint32_t)getpid(), 16, out, sizeof(out)), 7);
	CHECK_STR(out, "[unknow");
	CHECK_EQ(bt_symbols_user(s, (uint32_t)getpid(), addr, out, 1), 0);
	CHECK_EQ(bt_symbols_kernel(s, 16, out, sizeof(out)), 7);
	CHECK_STR(out, "[kernel");
	bt_symbols_close(s);
}

/* The vDSO is where the auxiliary vector says. */
static void test_special(void)
{
	struct bt_symbols *s = bt_symbols_open(&live);
	void *anon = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long long start;
	char line[512];

	CHECK(anon != MAP_FAILED);
	CHECK_STR(own(s, (const char *)anon + 100), "[anon]");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "[vdso]") && sscanf(line, "%llx-", &start) == 1)
			CHECK_STR(user(s, (uint32_t)getpid(), start + 64), "[vdso]");
	if (f)
		fclose(f);
	munmap(anon, 4096);
	bt_symbols_close(s);
}

static char *read_own(size_t *len)
{
	FILE *f = fopen("/proc/self/exe", "re");
	char *bytes = NULL;
	struct stat st;

	if (f && fstat(fileno(f), &st) == 0) {
		bytes = malloc((size_t)st.st_size);
		*len = bytes ? fread(bytes, 1, (size_t)st.st_size, f) : 0;
	}
	if (f)
		fclose(f);
	return bytes;
}

static void *map_file(const char *name, size_t *len)
{
	char path[PATH_MAX];
	struct stat st;
	void *at;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return MAP_FAILED;
	*len = (size_t)st.st_size;
	at = mmap(NULL, *len, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	return at;
}

/* Where in our file a function of ours is. */
static size_t offset_of(const void *function)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	size_t offset = 0, i;
	struct bt_elfsyms e;

	CHECK_EQ(bt_elfsyms_read(&e, fd, 1 << 26), 0);
	for (i = 0; i < e.n_segments && !offset; i++) {
		/* The code and its addresses in the file differ by what the loader added, a multiple of the page size. */
		uint64_t low = ((uintptr_t)function - e.segments[i].addr) & 4095;
		uint64_t at;

		for (at = e.segments[i].offset + low; at < e.segments[i].offset + e.segments[i].size; at += 4096) {
			uint64_t addr = at - e.segments[i].offset + e.segments[i].addr;
			const char *name = bt_symtable_find(&e.syms, addr);

			if (name && strcmp(name, "a_function_of_ours") == 0 && ((uintptr_t)function - addr) % 4096 == 0)
				offset = at;
		}
	}
	bt_elfsyms_free(&e);
	close(fd);
	return offset;
}

/* A copy of us, a stripped one, one cut in two, one of random bytes, one that is deleted once mapped. */
static void check_copy(const char *name, const char *want)
{
	struct bt_symbols *s = bt_symbols_open(&live);
	size_t len, offset = offset_of((const void *)(uintptr_t)a_function_of_ours);
	char *at = map_file(name, &len);

	CHECK(at != MAP_FAILED && offset > 0);
	if (at != MAP_FAILED) {
		CHECK(starts(own(s, at + offset), want));
		if (!starts(own(s, at + offset), want))
			printf("# %s: %s\n", name, own(s, at + offset));
		munmap(at, len);
	}
	bt_symbols_close(s);
}

static void test_copies(void)
{
	size_t len = 0, i;
	char *bytes = read_own(&len), command[256];

	CHECK(bytes != NULL);
	fixture_file(dir, "/copy", bytes, len);
	fixture_file(dir, "/cut", bytes, len / 2);
	snprintf(command, sizeof(command), "strip -o '%s/stripped' '%s/copy' 2>/dev/null", dir, dir);
	check_copy("copy", "a_function_of_ours");
	check_copy("cut", "[cut]+0x");
	if (system(command) == 0)
		check_copy("stripped", "[stripped]+0x");
	else
		printf("# no strip here\n");
	for (i = 0; i < len; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	fixture_file(dir, "/random", bytes, len);
	check_copy("random", "[random]+0x");
	free(bytes);
}

/* With privilege the file is found all the same. */
static void test_deleted(void)
{
	struct bt_symbols *s = bt_symbols_open(&live);
	size_t len = 0, offset = offset_of((const void *)(uintptr_t)a_function_of_ours);
	char *bytes = read_own(&len), path[PATH_MAX], *at;
	const char *name;

	fixture_file(dir, "/gone", bytes, len);
	at = map_file("gone", &len);
	snprintf(path, sizeof(path), "%s/gone", dir);
	unlink(path);
	CHECK(at != MAP_FAILED);
	name = own(s, at + offset);
	CHECK(strcmp(name, "a_function_of_ours") == 0 || starts(name, "[gone]+0x"));
	munmap(at, len);
	free(bytes);
	bt_symbols_close(s);
}

/* What is mapped after the first question, and another file in the place of one that has been read. */
static void test_later(void)
{
	struct bt_symbols *s = bt_symbols_open(&live);
	size_t len = 0, offset = offset_of((const void *)(uintptr_t)a_function_of_ours);
	char *bytes = read_own(&len), *at;
	uint32_t pid = (uint32_t)getpid();

	CHECK_STR(own(s, (const char *)(uintptr_t)test_later + 1), "test_later");
	fixture_file(dir, "/later", bytes, len);
	at = map_file("later", &len);
	CHECK(at != MAP_FAILED);
	CHECK_STR(own(s, at + offset), "a_function_of_ours");
	memset(bytes, 'x', len);
	fixture_file(dir, "/later", bytes, len - 1); /* the same inode */
	bt_symbols_forget(s, pid);
	CHECK(starts(own(s, at + offset), "[later]+0x"));
	munmap(at, len);
	bt_symbols_forget(s, pid);
	CHECK(starts(own(s, at + offset), "[unknown]+0x"));
	bt_symbols_forget(s, 1 << 30);
	free(bytes);
	bt_symbols_close(s);
}

static void test_exited(void)
{
	struct bt_symbols *s = bt_symbols_open(&live);
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK_STR(user(s, (uint32_t)pid, (uintptr_t)a_function_of_ours), "a_function_of_ours");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_STR(user(s, (uint32_t)pid, 16), "[unknown]+0x10"); /* this has the maps read again */
	CHECK_STR(user(s, (uint32_t)pid, (uintptr_t)a_function_of_ours), "a_function_of_ours");
	bt_symbols_forget(s, (uint32_t)pid);
	CHECK(starts(user(s, (uint32_t)pid, (uintptr_t)a_function_of_ours), "[unknown]+0x"));
	bt_symbols_close(s);
}

/* More processes and files than are kept. */
static void test_many(void)
{
	struct bt_src made = { dir };
	struct bt_symbols *s = bt_symbols_open(&made);
	char path[64], text[2048];
	uint32_t pid, round;
	int len, i;

	for (pid = 1; pid <= 600; pid++) {
		for (i = 0, len = 0; i < 10; i++)
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%x000-%x000 r-xp 00001000 08:01 %u /bin/p%u.%d\n", 16 + i,
				17 + i, pid * 10 + (uint32_t)i, pid, i);
		snprintf(path, sizeof(path), "/proc/%u/maps", pid);
		fixture_file(dir, path, text, (size_t)len);
	}
	for (round = 0; round < 2; round++)
		for (pid = 1; pid <= 600; pid++) {
			snprintf(text, sizeof(text), "[p%u.3]+0x1010", pid);
			CHECK_STR(user(s, pid, 0x13010), text);
		}
	CHECK_STR(user(s, 601, 0x13010), "[unknown]+0x13010");
	bt_symbols_close(s);
}

static void test_fixture(void)
{
	struct bt_src made = { dir };
	struct bt_symbols *s;
	size_t len = 0, offset = offset_of((const void *)(uintptr_t)a_function_of_ours);
	char *bytes = read_own(&len), path[PATH_MAX], text[512];
	struct stat st;

	fixture_file(dir, "/proc/900/root/bin/us", bytes, len);
	fixture_file(dir, "/proc/900/root/bin/other", bytes, len);
	snprintf(path, sizeof(path), "%s/proc/900/root/bin/us", dir);
	CHECK_EQ(stat(path, &st), 0);
	snprintf(text, sizeof(text), "10000000-20000000 r-xp 00000000 08:01 %llu /bin/us\n"
		"30000000-40000000 r-xp 00001000 08:01 1 /bin/other (deleted)\n40000000-50000000 r-xp 00001000 08:01 2 /bin/other\n"
		"60000000-70000000 r-xp 00000000 08:01 3 /\n", (unsigned long long)st.st_ino);
	fixture_text(dir, "/proc/900/maps", text);
	s = bt_symbols_open(&made);
	CHECK_STR(user(s, 900, 0x10000000 + offset), "a_function_of_ours");
	CHECK_STR(user(s, 900, 0x30000010), "[other]+0x1010");
	CHECK_STR(user(s, 900, 0x40000010), "[other]+0x1010"); /* another inode by now */
	CHECK_STR(user(s, 900, 0x60000010), "[]+0x10");
	bt_symbols_close(s);
	free(bytes);
}

static void test_kernel(void)
{
	struct bt_src made = { dir };
	struct bt_symbols *s = bt_symbols_open(&made);
	char out[64];

	fixture_text(dir, "/proc/kallsyms", "ffffffff81000000 T _text\nffffffff81000100 t vfs_read\n");
	CHECK_EQ(bt_symbols_kernel(s, 0xffffffff81000123, out, sizeof(out)), 8);
	CHECK_STR(out, "vfs_read");
	bt_symbols_kernel(s, 0xffffffff80000000, out, sizeof(out));
	CHECK_STR(out, "[kernel]+0xffffffff80000000");
	bt_symbols_close(s);
	fixture_text(dir, "/proc/kallsyms", "0000000000000000 T _text\n0000000000000000 t vfs_read\n");
	s = bt_symbols_open(&made);
	bt_symbols_kernel(s, 0xffffffff81000123, out, sizeof(out));
	CHECK_STR(out, "[kernel]+0xffffffff81000123");
	bt_symbols_close(s);
}

/* A file of ours, cut at any length or with random bytes in its headers and tables, through the whole of it. */
static void test_hostile(void)
{
	size_t len = 0, keep, i, where;
	char *bytes = read_own(&len), *copy = malloc(len);
	struct bt_elfsyms e;
	struct bt_rng rng;
	unsigned run;
	int fd, rc;

	bt_rng_seed(&rng, 1);
	for (run = 0; run < 400; run++) {
		fd = memfd_create("hostile", MFD_CLOEXEC);
		memcpy(copy, bytes, len);
		keep = run % 2 ? len : bt_rng_below(&rng, len);
		for (i = 0; run % 2 && i < 1 + run % 7; i++) {
			/* Headers are at both ends of the file. */
			where = bt_rng_below(&rng, 2) ? bt_rng_below(&rng, 1000) : len - 1 - bt_rng_below(&rng, 2500);
			copy[where] = (char)bt_rng_below(&rng, 256);
		}
		CHECK_EQ(write(fd, copy, keep), keep);
		rc = bt_elfsyms_read(&e, fd, 1 << 26);
		CHECK(rc == 0 || rc == -ENOEXEC);
		for (i = 0; i < e.syms.n; i += 100)
			CHECK(bt_symtable_find(&e.syms, e.syms.syms[i].addr) != NULL);
		bt_elfsyms_free(&e);
		close(fd);
	}
	free(copy);
	free(bytes);
}

/* Too many symbols count as none; what is no file, nor open, is an error. */
static void test_bounds(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct bt_elfsyms e;

	CHECK_EQ(bt_elfsyms_read(&e, fd, 1000), 0);
	CHECK(e.syms.n == 0 && e.n_segments > 0);
	bt_elfsyms_free(&e);
	close(fd);
	CHECK_EQ(bt_elfsyms_read(&e, -1, 1 << 26), -ENOEXEC);
	fd = open("/", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(bt_elfsyms_read(&e, fd, 1 << 26), -ENOEXEC);
	close(fd);
}

static const struct unit_test tests[] = {
	{ "names functions of its own program", test_own },
	{ "names functions of the C library", test_libc },
	{ "cuts names to fit", test_cut },
	{ "names what is no file", test_special },
	{ "reads whole, stripped, cut and random files", test_copies },
	{ "reads a deleted file", test_deleted },
	{ "notices what changes", test_later },
	{ "keeps what it knows of a process that has exited", test_exited },
	{ "stays within its bounds", test_many },
	{ "reads below a root", test_fixture },
	{ "names functions of the kernel", test_kernel },
	{ "survives broken files", test_hostile },
	{ "bounds what it reads", test_bounds },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	fixture_dir(dir);
	rc = unit_main(tests, argc, argv);
	fixture_remove(dir);
	return rc;
}
