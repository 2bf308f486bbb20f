/* SPDX-License-Identifier: ISC
 *
 * symbols - names of the functions in stack traces, of the kernel and of any process. Only where BPF=1.
 *
 * What has been read of processes and files is kept, within fixed bounds. Not for several threads at once. Files are hostile:
 * names can be any bytes but NUL.
 */
#ifndef BT_SYMBOLS_H
#define BT_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "src.h"

struct bt_symbols;

/* bt_symbols_open - below a root, which is borrowed, as is what it points to. Reads nothing yet. Returns NULL without memory. */
struct bt_symbols *bt_symbols_open(const struct bt_src *src);

/* bt_symbols_user - into out (cap bytes, at least 1, NUL-terminated, cut to fit) the name of the function of process pid that
 * addr lies in: "write"; "[libc.so.6]+0x1234" where the file has no symbol there or cannot be read, with the address that
 * addr2line wants, or the offset in the file if that is not known; "[vdso]", "[heap]", "[anon]" outside of files;
 * "[unknown]+0x7f0012345678" when pid has no such memory, or has gone. Returns the length. */
size_t bt_symbols_user(struct bt_symbols *s, uint32_t pid, uint64_t addr, char *out, size_t cap);

/* bt_symbols_kernel - the same for the kernel; "[kernel]+0xffffffff81000000" where there is no function or the kernel hides
 * its addresses. Modules and BPF programs loaded after the first call are not known. */
size_t bt_symbols_kernel(struct bt_symbols *s, uint64_t addr, char *out, size_t cap);

/* bt_symbols_forget - read about pid anew when it is next asked for: to be called when it execs or exits, since numbers of
 * processes come again. New mappings are found without, soon after the first address in them. */
void bt_symbols_forget(struct bt_symbols *s, uint32_t pid);

/* bt_symbols_close - takes NULL. */
void bt_symbols_close(struct bt_symbols *s);

#endif
