/* SPDX-License-Identifier: ISC
 *
 * symfiles - the symbols of the files that processes have mapped, each read once for all processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symfiles.h"

#define ALL_MAX (256u << 20)  /* bytes of symbols of all files */
#define FILE_MAX (128u << 20) /* bytes of symbols of one file; one with more counts as one without any */

int bt_symfiles_init(struct bt_symfiles *c, const struct bt_src *src)
{
	*c = (struct bt_symfiles){ .src = src };
	c->files = calloc(BT_SYMFILES_MAX, sizeof(*c->files));
	return c->files ? 0 : -ENOMEM;
}

static bool is_file(const struct bt_symfile *f, const struct bt_procmap *m)
{
	if (f->dev != m->dev || f->inode != m->inode)
		return false;
	return m->inode || (strncmp(f->path, m->path, m->path_len) == 0 && f->path[m->path_len] == '\0');
}

int64_t bt_symfiles_find(struct bt_symfiles *c, const struct bt_procmap *m)
{
	struct bt_symfile *f;
	uint32_t i;

	for (i = 0; i < c->n; i++)
		if (is_file(&c->files[i], m))
			return i;
	if (c->n == BT_SYMFILES_MAX)
		return -ENOMEM;
	f = &c->files[c->n];
	f->path = strndup(m->path, m->path_len);
	if (!f->path)
		return -ENOMEM;
	f->dev = m->dev;
	f->inode = m->inode;
	return c->n++;
}

/* A regular file for reading, or -errno. Opening anything else could have effects. */
static int open_regular(const char *path, uint64_t inode)
{
	int pin = open(path, O_PATH | O_CLOEXEC), fd = -EINVAL;
	char again[32];
	struct stat st;

	if (pin < 0)
		return -errno;
	if (fstat(pin, &st) == 0 && S_ISREG(st.st_mode) && (!inode || st.st_ino == inode)) {
		snprintf(again, sizeof(again), "/proc/self/fd/%d", pin);
		fd = open(again, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	close(pin);
	return fd;
}

/* The file that pid has mapped, or -errno. The first way finds it in other mount namespaces and when it has been deleted, but
 * needs privilege. In the second the path may meanwhile name another file; its device is not compared, since some file systems
 * tell one device in the maps and another one to stat(). */
static int open_mapped(const struct bt_symfiles *c, const struct bt_symfile *f, uint32_t pid, uint64_t start, uint64_t end)
{
	char path[PATH_MAX];
	int fd, len;

	len = snprintf(path, sizeof(path), "%s/proc/%u/map_files/%llx-%llx", c->src->root, pid, (unsigned long long)start,
		(unsigned long long)end);
	fd = len < PATH_MAX ? open_regular(path, 0) : -ENAMETOOLONG;
	if (fd >= 0)
		return fd;
	len = snprintf(path, sizeof(path), "%s/proc/%u/root%s", c->src->root, pid, f->path);
	return len < PATH_MAX ? open_regular(path, f->inode) : -ENAMETOOLONG;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void drop_symbols(struct bt_symfiles *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		bt_elfsyms_free(&c->files[i].elf);
		c->files[i].read = false;
	}
	c->bytes = 0;
}

static void take_symbols(struct bt_symfiles *c, struct bt_symfile *f, int fd, const struct stat *st)
{
	struct bt_elfsyms elf;
	size_t bytes;

	bt_elfsyms_read(&elf, fd, FILE_MAX);
	bytes = bt_symtable_bytes(&elf.syms);
	if (c->bytes + bytes > ALL_MAX)
		drop_symbols(c);
	c->bytes += bytes - bt_symtable_bytes(&f->elf.syms);
	bt_elfsyms_free(&f->elf);
	f->elf = elf;
	f->stamp = *st;
	f->read = true;
}

int bt_symfiles_read(struct bt_symfiles *c, uint32_t i, uint32_t pid, uint64_t start, uint64_t end)
{
	struct bt_symfile *f = &c->files[i];
	int fd = open_mapped(c, f, pid, start, end), rc = 0;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (!f->read || !is_same(&st, &f->stamp))
		take_symbols(c, f, fd, &st);
	close(fd);
	return rc;
}

void bt_symfiles_clear(struct bt_symfiles *c)
{
	uint32_t i;

	drop_symbols(c);
	for (i = 0; i < c->n; i++)
		free(c->files[i].path);
	memset(c->files, 0, c->n * sizeof(*c->files));
	c->n = 0;
}

void bt_symfiles_free(struct bt_symfiles *c)
{
	bt_symfiles_clear(c);
	free(c->files);
	c->files = NULL;
}
