/* SPDX-License-Identifier: ISC
 *
 * sysargs - what the arguments of the common system calls mean, and which calls return a number of bytes moved.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sysargs.h"

#define FD BT_ARG_FD
#define DIRFD BT_ARG_DIRFD
#define PATH BT_ARG_PATH
#define SIZE BT_ARG_SIZE
#define OFFSET BT_ARG_OFFSET
#define HIGH BT_ARG_HIGH
#define PAGES BT_ARG_PAGES
#define LEN BT_ARG_LEN
#define COUNT BT_ARG_COUNT
#define OPEN BT_ARG_OPEN
#define MODE BT_ARG_MODE
#define FLAGS BT_ARG_FLAGS
#define INT BT_ARG_INT
#define PTR BT_ARG_PTR

#define WIDE(name, moves, wide_args, ...) { #name, { __VA_ARGS__ }, BT_MOVES_##moves, wide_args }
#define MOVE(name, moves, ...) WIDE(name, moves, 0, __VA_ARGS__)
#define CALL(name, ...) WIDE(name, NONE, 0, __VA_ARGS__)

/* In the order of strcmp(). */
static const struct bt_sysargs calls[] = {
	CALL(_llseek, FD, HIGH, OFFSET, PTR, INT), CALL(_newselect, COUNT, PTR, PTR, PTR, PTR),
	CALL(accept, FD, PTR, PTR), CALL(accept4, FD, PTR, PTR, FLAGS), CALL(access, PATH, MODE),
	WIDE(arm_fadvise64_64, NONE, 1 << 2 | 1 << 3, FD, INT, OFFSET, LEN),
	WIDE(arm_sync_file_range, NONE, 1 << 2 | 1 << 3, FD, FLAGS, OFFSET, LEN), CALL(bind, FD, PTR, LEN),
	CALL(cachestat, FD, PTR, PTR, FLAGS), CALL(chdir, PATH), CALL(chmod, PATH, MODE), CALL(chown, PATH, INT, INT),
	CALL(chown32, PATH, INT, INT), CALL(chroot, PATH), CALL(close, FD), CALL(close_range, FD, FD, FLAGS),
	CALL(connect, FD, PTR, LEN), MOVE(copy_file_range, OVER, FD, PTR, FD, PTR, SIZE, FLAGS),
	CALL(creat, PATH, MODE), CALL(dup, FD), CALL(dup2, FD, FD), CALL(dup3, FD, FD, OPEN), CALL(epoll_create, INT),
	CALL(epoll_create1, FLAGS), CALL(epoll_ctl, FD, INT, FD, PTR),
	CALL(epoll_pwait, FD, PTR, COUNT, INT, PTR, LEN), CALL(epoll_pwait2, FD, PTR, COUNT, PTR, PTR, LEN),
	CALL(epoll_wait, FD, PTR, COUNT, INT), CALL(execve, PATH, PTR, PTR),
	CALL(execveat, DIRFD, PATH, PTR, PTR, FLAGS), CALL(exit, INT), CALL(exit_group, INT),
	CALL(faccessat, DIRFD, PATH, MODE), CALL(faccessat2, DIRFD, PATH, MODE, FLAGS),
	WIDE(fadvise64, NONE, 1 << 1, FD, OFFSET, LEN, INT),
	WIDE(fadvise64_64, NONE, 1 << 1 | 1 << 2, FD, OFFSET, LEN, INT),
	WIDE(fallocate, NONE, 1 << 2 | 1 << 3, FD, FLAGS, OFFSET, LEN), CALL(fchdir, FD), CALL(fchmod, FD, MODE),
	CALL(fchmodat, DIRFD, PATH, MODE), CALL(fchmodat2, DIRFD, PATH, MODE, FLAGS), CALL(fchown, FD, INT, INT),
	CALL(fchown32, FD, INT, INT), CALL(fchownat, DIRFD, PATH, INT, INT, FLAGS), CALL(fcntl, FD, INT, FLAGS),
	CALL(fcntl64, FD, INT, FLAGS), CALL(fdatasync, FD), CALL(flock, FD, INT), CALL(fstat, FD, PTR),
	CALL(fstat64, FD, PTR), CALL(fstatat64, DIRFD, PATH, PTR, FLAGS), CALL(fstatfs, FD, PTR),
	CALL(fstatfs64, FD, LEN, PTR), CALL(fsync, FD), CALL(ftruncate, FD, LEN),
	WIDE(ftruncate64, NONE, 1 << 1, FD, LEN), CALL(futex, PTR, FLAGS, INT, PTR, PTR, INT),
	CALL(futex_time64, PTR, FLAGS, INT, PTR, PTR, INT), CALL(futex_wait, PTR, INT, FLAGS, FLAGS, PTR, INT),
	CALL(futex_waitv, PTR, COUNT, FLAGS, PTR, INT), CALL(futex_wake, PTR, FLAGS, INT, FLAGS),
	MOVE(getdents, IN, FD, PTR, SIZE), MOVE(getdents64, IN, FD, PTR, SIZE), MOVE(getrandom, IN, PTR, SIZE, FLAGS),
	CALL(inotify_add_watch, FD, PATH, FLAGS), CALL(io_uring_enter, FD, COUNT, COUNT, FLAGS, PTR, LEN),
	CALL(ioctl, FD, FLAGS, PTR), CALL(kill, INT, INT), CALL(lchown, PATH, INT, INT),
	CALL(lchown32, PATH, INT, INT), CALL(link, PATH, PATH), CALL(linkat, DIRFD, PATH, DIRFD, PATH, FLAGS),
	CALL(listen, FD, INT), CALL(lseek, FD, OFFSET, INT), CALL(lstat, PATH, PTR), CALL(lstat64, PATH, PTR),
	CALL(madvise, PTR, LEN, INT), CALL(mkdir, PATH, MODE), CALL(mkdirat, DIRFD, PATH, MODE),
	CALL(mknod, PATH, MODE, FLAGS), CALL(mknodat, DIRFD, PATH, MODE, FLAGS),
	CALL(mmap, PTR, LEN, FLAGS, FLAGS, FD, OFFSET), CALL(mmap2, PTR, LEN, FLAGS, FLAGS, FD, PAGES),
	CALL(mprotect, PTR, LEN, FLAGS), MOVE(mq_timedreceive, IN, FD, PTR, SIZE, PTR, PTR),
	MOVE(mq_timedreceive_time64, IN, FD, PTR, SIZE, PTR, PTR), CALL(mq_timedsend, FD, PTR, SIZE, INT, PTR),
	CALL(mq_timedsend_time64, FD, PTR, SIZE, INT, PTR), CALL(mremap, PTR, LEN, LEN, FLAGS, PTR),
	MOVE(msgrcv, IN, INT, PTR, SIZE, INT, FLAGS), CALL(msgsnd, INT, PTR, SIZE, FLAGS),
	CALL(msync, PTR, LEN, FLAGS), CALL(munmap, PTR, LEN), CALL(newfstatat, DIRFD, PATH, PTR, FLAGS),
	CALL(open, PATH, OPEN, MODE), CALL(openat, DIRFD, PATH, OPEN, MODE), CALL(openat2, DIRFD, PATH, PTR, LEN),
	CALL(pipe, PTR), CALL(pipe2, PTR, OPEN), CALL(poll, PTR, COUNT, INT), CALL(ppoll, PTR, COUNT, PTR, PTR, LEN),
	CALL(ppoll_time64, PTR, COUNT, PTR, PTR, LEN), WIDE(pread64, IN, 1 << 3, FD, PTR, SIZE, OFFSET),
	MOVE(preadv, IN, FD, PTR, COUNT, OFFSET, HIGH), MOVE(preadv2, IN, FD, PTR, COUNT, OFFSET, HIGH, FLAGS),
	MOVE(process_vm_readv, IN, INT, PTR, COUNT, PTR, COUNT, FLAGS),
	MOVE(process_vm_writev, OUT, INT, PTR, COUNT, PTR, COUNT, FLAGS),
	CALL(pselect6, COUNT, PTR, PTR, PTR, PTR, PTR), CALL(pselect6_time64, COUNT, PTR, PTR, PTR, PTR, PTR),
	WIDE(pwrite64, OUT, 1 << 3, FD, PTR, SIZE, OFFSET), MOVE(pwritev, OUT, FD, PTR, COUNT, OFFSET, HIGH),
	MOVE(pwritev2, OUT, FD, PTR, COUNT, OFFSET, HIGH, FLAGS), MOVE(read, IN, FD, PTR, SIZE),
	WIDE(readahead, NONE, 1 << 1, FD, OFFSET, LEN), CALL(readlink, PATH, PTR, LEN),
	CALL(readlinkat, DIRFD, PATH, PTR, LEN), MOVE(readv, IN, FD, PTR, COUNT), MOVE(recv, IN, FD, PTR, SIZE, FLAGS),
	MOVE(recvfrom, IN, FD, PTR, SIZE, FLAGS, PTR, PTR), CALL(recvmmsg, FD, PTR, COUNT, FLAGS, PTR),
	CALL(recvmmsg_time64, FD, PTR, COUNT, FLAGS, PTR), MOVE(recvmsg, IN, FD, PTR, FLAGS), CALL(rename, PATH, PATH),
	CALL(renameat, DIRFD, PATH, DIRFD, PATH), CALL(renameat2, DIRFD, PATH, DIRFD, PATH, FLAGS), CALL(rmdir, PATH),
	CALL(select, COUNT, PTR, PTR, PTR, PTR), MOVE(send, OUT, FD, PTR, SIZE, FLAGS),
	MOVE(sendfile, OVER, FD, FD, PTR, SIZE), MOVE(sendfile64, OVER, FD, FD, PTR, SIZE),
	CALL(sendmmsg, FD, PTR, COUNT, FLAGS), MOVE(sendmsg, OUT, FD, PTR, FLAGS),
	MOVE(sendto, OUT, FD, PTR, SIZE, FLAGS, PTR, LEN), CALL(shutdown, FD, INT), CALL(socket, INT, FLAGS, INT),
	MOVE(splice, OVER, FD, PTR, FD, PTR, SIZE, FLAGS), CALL(stat, PATH, PTR), CALL(stat64, PATH, PTR),
	CALL(statfs, PATH, PTR), CALL(statfs64, PATH, LEN, PTR), CALL(statx, DIRFD, PATH, FLAGS, FLAGS, PTR),
	CALL(symlink, PATH, PATH), CALL(symlinkat, PATH, DIRFD, PATH),
	WIDE(sync_file_range, NONE, 1 << 1 | 1 << 2, FD, OFFSET, LEN, FLAGS),
	WIDE(sync_file_range2, NONE, 1 << 2 | 1 << 3, FD, FLAGS, OFFSET, LEN), CALL(syncfs, FD),
	MOVE(tee, OVER, FD, FD, SIZE, FLAGS), CALL(truncate, PATH, LEN), WIDE(truncate64, NONE, 1 << 1, PATH, LEN),
	CALL(umount, PATH), CALL(umount2, PATH, FLAGS), CALL(unlink, PATH), CALL(unlinkat, DIRFD, PATH, FLAGS),
	CALL(utimensat, DIRFD, PATH, PTR, FLAGS), CALL(utimensat_time64, DIRFD, PATH, PTR, FLAGS),
	MOVE(vmsplice, OVER, FD, PTR, COUNT, FLAGS), CALL(wait4, INT, PTR, FLAGS, PTR),
	CALL(waitid, INT, INT, PTR, FLAGS, PTR), MOVE(write, OUT, FD, PTR, SIZE), MOVE(writev, OUT, FD, PTR, COUNT)
};

static int compare(const void *name, const void *call)
{
	return strcmp(name, ((const struct bt_sysargs *)call)->name);
}

const struct bt_sysargs *bt_sysargs(enum bt_abi abi, const char *name)
{
	/* The oldest calls of i386 pass one address where all their arguments are. */
	if (abi == BT_ABI_I386 && (strcmp(name, "mmap") == 0 || strcmp(name, "select") == 0))
		return NULL;
	return bsearch(name, calls, sizeof(calls) / sizeof(calls[0]), sizeof(calls[0]), compare);
}

static bool is_32(enum bt_abi abi)
{
	return abi == BT_ABI_I386 || abi == BT_ABI_ARM;
}

/* The register where arg[i] starts. ARM puts arguments of 64 bits into an even register and the next one. x32 has no halves. */
static unsigned register_of(const struct bt_sysargs *a, enum bt_abi abi, unsigned i)
{
	unsigned reg = 0, k;

	for (k = 0;; k++) {
		bool wide = is_32(abi) && (a->wide & 1 << k);

		if (wide && abi == BT_ABI_ARM)
			reg += reg & 1;
		if (k == i)
			return reg;
		reg += wide ? 2 : abi == BT_ABI_X32 && a->arg[k] == HIGH ? 0 : 1;
	}
}

static uint64_t halves(uint64_t low, uint64_t high)
{
	return (uint32_t)low | high << 32;
}

/* On 32-bit ABIs. */
static int64_t narrow_value(const struct bt_sysargs *a, unsigned i, const uint64_t regs[BT_SYSARGS_MAX], unsigned reg)
{
	if (a->wide & 1 << i)
		return (int64_t)halves(regs[reg], reg + 1 < BT_SYSARGS_MAX ? regs[reg + 1] : 0);
	if (a->arg[i] == OFFSET && i + 1 < BT_SYSARGS_MAX && a->arg[i + 1] == HIGH)
		return (int64_t)halves(regs[reg], regs[reg + 1]);
	if (a->arg[i] == OFFSET && i > 0 && a->arg[i - 1] == HIGH)
		return (int64_t)halves(regs[reg], regs[reg - 1]);
	return a->arg[i] == OFFSET ? (int32_t)regs[reg] : (int64_t)(uint32_t)regs[reg];
}

int64_t bt_sysarg(const struct bt_sysargs *a, enum bt_abi abi, unsigned i, const uint64_t regs[BT_SYSARGS_MAX])
{
	unsigned reg = register_of(a, abi, i);

	if (reg >= BT_SYSARGS_MAX)
		return 0;
	switch (a->arg[i]) {
	case FD:
	case DIRFD:
	case INT:
		return (int32_t)regs[reg];
	case COUNT:
	case OPEN:
	case MODE:
		return (uint32_t)regs[reg];
	default:
		return is_32(abi) ? narrow_value(a, i, regs, reg) : (int64_t)regs[reg];
	}
}
