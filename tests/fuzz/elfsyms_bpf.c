/* SPDX-License-Identifier: ISC
 *
 * elfsyms - fuzz target: any bytes as an executable, of which all symbols and some addresses between them are looked up.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elfsyms.h"
#include "fuzz.h"

static void must(int condition)
{
	if (!condition)
		abort();
}

static void check(const struct bt_elfsyms *e, size_t size)
{
	const struct bt_symtable *t = &e->syms;
	uint64_t addr = 0;
	const char *name;
	size_t i;

	must(e->n_segments <= BT_ELFSYMS_SEGMENTS);
	must(t->strings_len <= size + 1 && t->n <= size / sizeof(Elf32_Sym));
	must(!t->strings || t->strings[t->strings_len - 1] == '\0');
	for (i = 0; i < t->n; i++) {
		must(t->syms[i].name < t->strings_len);
		must(i == 0 || t->syms[i].addr > t->syms[i - 1].addr);
		name = bt_symtable_find(t, t->syms[i].addr);
		must(name && name < t->strings + t->strings_len && *name);
		bt_symtable_find(t, t->syms[i].addr - 1);
		bt_symtable_find(t, t->syms[i].addr + t->syms[i].size);
	}
	for (i = 0; i < e->n_segments; i++) {
		bt_elfsyms_addr(e, e->segments[i].offset, &addr);
		bt_elfsyms_addr(e, e->segments[i].offset + e->segments[i].size, &addr);
	}
	bt_elfsyms_addr(e, UINT64_MAX, &addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC), rc;
	struct bt_elfsyms e;

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	rc = bt_elfsyms_read(&e, fd, 1 << 20);
	must(rc == 0 || rc == -ENOEXEC);
	must(rc == 0 || (e.n_segments == 0 && e.syms.n == 0 && !e.syms.strings));
	check(&e, size);
	bt_elfsyms_free(&e);
	close(fd);
	return 0;
}

/* The least that has symbols: a header, a segment of all of it, two functions and their names. */
#define FILE_OF(bits) \
	struct file##bits { \
		Elf##bits##_Ehdr header; \
		Elf##bits##_Phdr segments[2]; \
		Elf##bits##_Shdr sections[3]; \
		Elf##bits##_Sym symbols[4]; \
		char strings[16]; \
	}
#define AT(bits, field) offsetof(struct file##bits, field)
#define SIZE(bits, field) sizeof(((struct file##bits *)0)->field)
#define SYMBOLS(bits) \
	{ { 0 }, { .st_name = 1, .st_info = 0x12, .st_shndx = 1, .st_value = 0x1000, .st_size = 16 }, \
	  { .st_name = 5, .st_info = 2, .st_shndx = 1, .st_value = 0x1010 }, \
	  { .st_name = 6, .st_info = 0x1a, .st_shndx = 1, .st_value = 0x1000, .st_size = 16 } }
#define CONTENT(bits, machine, table) { \
	.header = { { 0x7f, 'E', 'L', 'F', ELFCLASS##bits, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_DYN, .e_machine = machine, \
		.e_version = EV_CURRENT, .e_phoff = AT(bits, segments), .e_shoff = AT(bits, sections), \
		.e_ehsize = sizeof(Elf##bits##_Ehdr), .e_phentsize = sizeof(Elf##bits##_Phdr), .e_phnum = 2, \
		.e_shentsize = sizeof(Elf##bits##_Shdr), .e_shnum = 3 }, \
	.segments = { { .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 64 }, \
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = 64, .p_vaddr = 0x1000, .p_filesz = 256 } }, \
	.sections = { { 0 }, { .sh_type = table, .sh_link = 2, .sh_offset = AT(bits, symbols), .sh_size = SIZE(bits, symbols), \
		.sh_entsize = sizeof(Elf##bits##_Sym), .sh_addralign = 4 }, \
		{ .sh_type = SHT_STRTAB, .sh_offset = AT(bits, strings), .sh_size = SIZE(bits, strings), .sh_addralign = 1 } }, \
	.symbols = SYMBOLS(bits), .strings = "\0one\0_two\0three" }

static const FILE_OF(64) large = CONTENT(64, EM_X86_64, SHT_SYMTAB);
static const FILE_OF(32) small = CONTENT(32, EM_ARM, SHT_DYNSYM);

static const struct fuzz_seed seeds[] = {
	{ &large, sizeof(large) }, { &small, sizeof(small) }, FUZZ_TEXT("\177ELF"), { NULL, 0 }
};
FUZZ_MAIN(seeds)
