/* SPDX-License-Identifier: ISC
 *
 * elfsyms - the functions of an ELF file, and where its code is mapped. The file may be anything: it is checked, and read
 * rather than mapped, so that one that shrinks meanwhile does no harm.
 */
#ifndef BT_ELFSYMS_H
#define BT_ELFSYMS_H

#include <stdbool.h>

#include "symtable.h"

#define BT_ELFSYMS_SEGMENTS 8

struct bt_elfsyms {
	struct bt_symtable syms; /* by the addresses of the file, before relocation */
	struct {
		uint64_t offset, size, addr; /* bytes from the start of the file, bytes, address */
	} segments[BT_ELFSYMS_SEGMENTS];     /* those with code */
	size_t n_segments;
};

#define BT_ELFSYMS_INIT { .n_segments = 0 }

/* bt_elfsyms_read - from .symtab or, in a stripped file, .dynsym, unless they have more than max bytes. fd is borrowed, its
 * position moves. Returns 0, also when there are no symbols; -ENOEXEC for something that is no executable or shared object or
 * is broken; -ENOMEM. Then e is empty. */
int bt_elfsyms_read(struct bt_elfsyms *e, int fd, size_t max);

/* bt_elfsyms_addr - the address of the code at an offset in the file. Returns false when there is none. */
bool bt_elfsyms_addr(const struct bt_elfsyms *e, uint64_t offset, uint64_t *addr);

void bt_elfsyms_free(struct bt_elfsyms *e);

#endif
