/* SPDX-License-Identifier: ISC
 *
 * kallsyms - the functions of the kernel, its modules and its BPF programs, from /proc/kallsyms.
 */
#ifndef BT_KALLSYMS_H
#define BT_KALLSYMS_H

#include "src.h"
#include "symtable.h"

/* bt_kallsyms_read - into an empty table, sorted. Those that come later are not in it. Returns 0, -ENOENT when it cannot be
 * read, -EACCES when the kernel hides the addresses (kptr_restrict, no CAP_SYSLOG), -ENOMEM. The caller frees the table. */
int bt_kallsyms_read(const struct bt_src *src, struct bt_symtable *t);

#endif
