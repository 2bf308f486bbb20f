/* SPDX-License-Identifier: ISC
 *
 * symtable - names by address: functions of one ELF file or of the kernel.
 */
#ifndef BT_SYMTABLE_H
#define BT_SYMTABLE_H

#include <stddef.h>
#include <stdint.h>

struct bt_sym {
	uint64_t addr;
	uint32_t size; /* bytes; 0: not known, up to the next symbol */
	uint32_t name; /* where it starts in strings */
};

struct bt_symtable {
	struct bt_sym *syms;
	size_t n, cap;
	char *strings; /* owned; the last of its bytes is NUL */
	size_t strings_len;
};

#define BT_SYMTABLE_INIT { .n = 0 }

/* bt_symtable_add - one more symbol. Those without a name in strings, which must be there already, are left out. Returns 0 or
 * -ENOMEM. */
int bt_symtable_add(struct bt_symtable *t, uint64_t addr, uint64_t size, uint64_t name);

/* bt_symtable_sort - after the last addition, before the first look-up. Of several names for one address the one with the
 * fewest leading underscores stays, of those the one with a size, of those the first in strings. */
void bt_symtable_sort(struct bt_symtable *t);

/* bt_symtable_find - the name of the symbol that addr lies in, or NULL. Valid as long as the table. */
const char *bt_symtable_find(const struct bt_symtable *t, uint64_t addr);

/* bt_symtable_bytes - memory in use. */
size_t bt_symtable_bytes(const struct bt_symtable *t);

void bt_symtable_free(struct bt_symtable *t);

#endif
