/* SPDX-License-Identifier: ISC
 *
 * symtable - names by address: functions of one ELF file or of the kernel.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "symtable.h"

#define REACH (256 * 1024u) /* no function without a size is larger: what lies farther is something else, without a name */
#define LOOK_BACK 16        /* symbols within another one that may lie between it and the address */

int bt_symtable_add(struct bt_symtable *t, uint64_t addr, uint64_t size, uint64_t name)
{
	size_t cap = t->cap ? t->cap * 2 : 256;
	struct bt_sym *more;

	if (name >= t->strings_len || name > UINT32_MAX || !t->strings[name])
		return 0;
	if (t->n == t->cap) {
		more = reallocarray(t->syms, cap, sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->syms = more;
		t->cap = cap;
	}
	t->syms[t->n++] = (struct bt_sym){ addr, size < UINT32_MAX ? (uint32_t)size : UINT32_MAX, (uint32_t)name };
	return 0;
}

/* By address; of equal ones the best name first. */
static int compare(const void *pa, const void *pb, void *strings)
{
	const struct bt_sym *a = pa, *b = pb;
	size_t under_a, under_b;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	under_a = strspn((const char *)strings + a->name, "_");
	under_b = strspn((const char *)strings + b->name, "_");
	if (under_a != under_b)
		return under_a < under_b ? -1 : 1;
	if (!a->size != !b->size)
		return a->size ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

void bt_symtable_sort(struct bt_symtable *t)
{
	struct bt_sym *less;
	size_t i, n = 0;

	if (!t->n)
		return;
	qsort_r(t->syms, t->n, sizeof(*t->syms), compare, t->strings);
	for (i = 0; i < t->n; i++)
		if (n == 0 || t->syms[i].addr != t->syms[n - 1].addr)
			t->syms[n++] = t->syms[i];
	t->n = n;
	less = reallocarray(t->syms, n, sizeof(*less));
	if (less) {
		t->syms = less;
		t->cap = n;
	}
}

/* How many symbols start at addr or before. */
static size_t count_before(const struct bt_symtable *t, uint64_t addr)
{
	size_t low = 0, high = t->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (t->syms[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const char *bt_symtable_find(const struct bt_symtable *t, uint64_t addr)
{
	size_t end = count_before(t, addr), i;

	for (i = end; i > 0 && end - i < LOOK_BACK; i--) {
		const struct bt_sym *s = &t->syms[i - 1];
		bool open_ended = s->size == 0 && i == end;

		if (addr - s->addr < (open_ended ? REACH : s->size))
			return t->strings + s->name;
	}
	return NULL;
}

size_t bt_symtable_bytes(const struct bt_symtable *t)
{
	return t->cap * sizeof(*t->syms) + t->strings_len;
}

void bt_symtable_free(struct bt_symtable *t)
{
	free(t->syms);
	free(t->strings);
	*t = (struct bt_symtable)BT_SYMTABLE_INIT;
}
