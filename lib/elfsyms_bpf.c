/* SPDX-License-Identifier: ISC
 *
 * elfsyms - the functions of an ELF file, and where its code is mapped.
 */
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elfsyms.h"

/* libelf makes room for all sections that the header promises. Only object files have so many that their number does not fit
 * into the header; such a file gets no further. */
static bool is_plausible(int fd)
{
	Elf64_Ehdr h64;
	Elf32_Ehdr h32;

	if (pread(fd, &h64, sizeof(h64), 0) != sizeof(h64) || memcmp(h64.e_ident, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(&h32, &h64, sizeof(h32));
	return h64.e_ident[EI_CLASS] == ELFCLASS64 ? h64.e_shnum != 0 : h32.e_shnum != 0;
}

static int take_segments(struct bt_elfsyms *e, Elf *elf)
{
	size_t n, i;
	GElf_Phdr p;

	if (elf_getphdrnum(elf, &n) < 0)
		return -ENOEXEC;
	for (i = 0; i < n && e->n_segments < BT_ELFSYMS_SEGMENTS; i++) {
		if (!gelf_getphdr(elf, (int)i, &p))
			return -ENOEXEC;
		if (p.p_type != PT_LOAD || !(p.p_flags & PF_X))
			continue;
		e->segments[e->n_segments].offset = p.p_offset;
		e->segments[e->n_segments].size = p.p_filesz;
		e->segments[e->n_segments++].addr = p.p_vaddr;
	}
	return 0;
}

/* The first section of a type, or NULL. */
static Elf_Scn *find_section(Elf *elf, GElf_Word type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	return NULL;
}

static int take_strings(struct bt_symtable *t, const Elf_Data *data)
{
	t->strings = malloc(data->d_size + 1);
	if (!t->strings)
		return -ENOMEM;
	memcpy(t->strings, data->d_buf, data->d_size);
	t->strings[data->d_size] = '\0';
	t->strings_len = data->d_size + 1;
	return 0;
}

static int take_symbols(struct bt_symtable *t, Elf_Data *data, bool thumb)
{
	unsigned type;
	GElf_Sym s;
	int i, rc;

	for (i = 0; gelf_getsym(data, i, &s); i++) {
		type = GELF_ST_TYPE(s.st_info);
		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || s.st_shndx == SHN_UNDEF)
			continue;
		rc = bt_symtable_add(t, thumb ? s.st_value & ~(GElf_Addr)1 : s.st_value, s.st_size, s.st_name);
		if (rc < 0)
			return rc;
	}
	bt_symtable_sort(t);
	return 0;
}

/* Symbols of 32-bit files grow to twice their size in our table. */
static int take_table(struct bt_elfsyms *e, Elf *elf, bool thumb, size_t max)
{
	GElf_Shdr header, strings_header;
	Elf_Scn *section = find_section(elf, SHT_SYMTAB, &header), *strings;
	Elf_Data *data, *strings_data;
	int rc;

	if (!section)
		section = find_section(elf, SHT_DYNSYM, &header);
	strings = section ? elf_getscn(elf, header.sh_link) : NULL;
	if (!strings || !gelf_getshdr(strings, &strings_header) || strings_header.sh_type != SHT_STRTAB)
		return 0;
	if (header.sh_size > max / 2 || strings_header.sh_size > max / 2)
		return 0;
	data = elf_getdata(section, NULL);
	strings_data = elf_getdata(strings, NULL);
	if (!data || !strings_data || !data->d_buf || !strings_data->d_buf)
		return 0;
	rc = take_strings(&e->syms, strings_data);
	return rc < 0 ? rc : take_symbols(&e->syms, data, thumb);
}

static int read_elf(struct bt_elfsyms *e, Elf *elf, size_t max)
{
	GElf_Ehdr header;
	int rc;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) || (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return -ENOEXEC;
	rc = take_segments(e, elf);
	return rc < 0 ? rc : take_table(e, elf, header.e_machine == EM_ARM, max);
}

int bt_elfsyms_read(struct bt_elfsyms *e, int fd, size_t max)
{
	Elf *elf;
	int rc;

	*e = (struct bt_elfsyms)BT_ELFSYMS_INIT;
	elf_version(EV_CURRENT);
	if (!is_plausible(fd))
		return -ENOEXEC;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -ENOEXEC;
	rc = read_elf(e, elf, max);
	elf_end(elf);
	if (rc < 0)
		bt_elfsyms_free(e);
	return rc;
}

bool bt_elfsyms_addr(const struct bt_elfsyms *e, uint64_t offset, uint64_t *addr)
{
	size_t i;

	for (i = 0; i < e->n_segments; i++)
		if (offset >= e->segments[i].offset && offset - e->segments[i].offset < e->segments[i].size) {
			*addr = offset - e->segments[i].offset + e->segments[i].addr;
			return true;
		}
	return false;
}

void bt_elfsyms_free(struct bt_elfsyms *e)
{
	bt_symtable_free(&e->syms);
	e->n_segments = 0;
}
