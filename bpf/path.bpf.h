/* SPDX-License-Identifier: GPL-2.0-only
 *
 * path - the path of an open file, as the names of its directories from the file upwards: each copied with its NUL, for user
 * space to put in order. Across mounts up to the root of the mount namespace, so in a container it is the container's.
 */
#ifndef BPF_PATH_BPF_H
#define BPF_PATH_BPF_H

#include "kernel.bpf.h"

#define PATH_NAME 256  /* NAME_MAX and a NUL */
#define PATH_DEPTH 32  /* directories and mounts that are followed */

static __always_inline struct file *file_of(struct task_struct *task, uint32_t fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return file;
}

/* Whether it lies in no directory at all: a pipe, a socket, an anonymous inode, a memfd. */
static __always_inline bool path_is_pseudo(struct file *file)
{
	struct dentry *entry = BPF_CORE_READ(file, f_path.dentry);

	return entry == BPF_CORE_READ(entry, d_parent) && entry != BPF_CORE_READ(file, f_path.mnt, mnt_root);
}

/* The name that such a one has, if any. Returns the bytes in use. */
static __always_inline uint32_t pseudo_name(struct file *file, char *out)
{
	long n = bpf_probe_read_kernel_str(out, PATH_NAME, BPF_CORE_READ(file, f_path.dentry, d_name.name));

	return n > 0 ? (uint32_t)n : 0;
}

/* Copies the names to out, which has room for size bytes, more than PATH_NAME. Returns the bytes in use; *whole is whether it got
 * to the root. */
static __always_inline uint32_t path_names(struct file *file, char *out, uint32_t size, uint8_t *whole)
{
	struct vfsmount *vfs = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = (void *)vfs - bpf_core_field_offset(struct mount, mnt);
	struct dentry *entry = BPF_CORE_READ(file, f_path.dentry);
	uint32_t used = 0;

	for (int i = 0; i < PATH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(entry, d_parent);
		long n;

		if (entry == parent || entry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount) {
				*whole = 1;
				return used;
			}
			entry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (used > size - PATH_NAME)
			return used;
		n = bpf_probe_read_kernel_str(out + used, PATH_NAME, BPF_CORE_READ(entry, d_name.name));
		if (n <= 0 || n > PATH_NAME)
			return used;
		used += (uint32_t)n;
		entry = parent;
	}
	return used;
}

#endif
