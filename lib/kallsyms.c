/* SPDX-License-Identifier: ISC
 *
 * kallsyms - the functions of the kernel, its modules and its BPF programs, from /proc/kallsyms.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kallsyms.h"

#define TEXT_MAX (64u << 20) /* a kernel with all symbols has 20 MB */

/* "ffffffff81f838f0 T name", after the name a tab and a module or nothing. Returns the name's length with *name set, 0 if this
 * is no function or its address is hidden. */
static size_t split(const char *line, uint64_t *addr, const char **name)
{
	char *end;

	if (!isxdigit((unsigned char)*line)) /* strtoull would go on to the next line */
		return 0;
	*addr = strtoull(line, &end, 16);
	if (*addr == 0 || end[0] != ' ' || !end[1] || !strchr("tTwW", end[1]) || end[2] != ' ')
		return 0;
	*name = end + 3;
	return strcspn(*name, "\t\n");
}

/* The names move to the start of the text itself: each is shorter than its line, so they never overtake. */
static int take_lines(struct bt_symtable *t)
{
	const char *line = t->strings, *next, *name;
	size_t len, used = 0;
	uint64_t addr;
	int rc;

	for (; *line; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		len = split(line, &addr, &name);
		if (len == 0)
			continue;
		memmove(t->strings + used, name, len);
		t->strings[used + len] = '\0';
		rc = bt_symtable_add(t, addr, 0, used);
		if (rc < 0)
			return rc;
		used += len + 1;
	}
	t->strings_len = used;
	return t->n ? 0 : -EACCES;
}

int bt_kallsyms_read(const struct bt_src *src, struct bt_symtable *t)
{
	char *less;
	int rc;

	t->strings = bt_src_text(src, TEXT_MAX, "/proc/kallsyms");
	if (!t->strings)
		return -ENOENT;
	t->strings_len = strlen(t->strings) + 1;
	rc = take_lines(t);
	if (rc < 0) {
		bt_symtable_free(t);
		return rc;
	}
	less = realloc(t->strings, t->strings_len);
	if (less)
		t->strings = less;
	bt_symtable_sort(t);
	return 0;
}
