/* SPDX-License-Identifier: ISC
 *
 * sysnames_tab - the system calls of each ABI by number, for sysnames.c. Made by contrib/mksysnames; not to be edited.
 */
#ifndef BT_SYSNAMES_TAB_H
#define BT_SYSNAMES_TAB_H

#include <stdint.h>

#include "sysnames.h"

/* All names, in the order of strcmp(). */
#define SYSNAMES(X) \
	X(_llseek) X(_newselect) X(_sysctl) X(accept) X(accept4) X(access) X(acct) X(add_key) X(adjtimex) X(afs_syscall) \
	X(alarm) X(arch_prctl) X(arm_fadvise64_64) X(arm_sync_file_range) X(bdflush) X(bind) X(bpf) X(break) \
	X(breakpoint) X(brk) X(cacheflush) X(cachestat) X(capget) X(capset) X(chdir) X(chmod) X(chown) X(chown32) \
	X(chroot) X(clock_adjtime) X(clock_adjtime64) X(clock_getres) X(clock_getres_time64) X(clock_gettime) \
	X(clock_gettime64) X(clock_nanosleep) X(clock_nanosleep_time64) X(clock_settime) X(clock_settime64) X(clone) \
	X(clone3) X(close) X(close_range) X(connect) X(copy_file_range) X(creat) X(create_module) X(delete_module) X(dup) \
	X(dup2) X(dup3) X(epoll_create) X(epoll_create1) X(epoll_ctl) X(epoll_ctl_old) X(epoll_pwait) X(epoll_pwait2) \
	X(epoll_wait) X(epoll_wait_old) X(eventfd) X(eventfd2) X(execve) X(execveat) X(exit) X(exit_group) X(faccessat) \
	X(faccessat2) X(fadvise64) X(fadvise64_64) X(fallocate) X(fanotify_init) X(fanotify_mark) X(fchdir) X(fchmod) \
	X(fchmodat) X(fchmodat2) X(fchown) X(fchown32) X(fchownat) X(fcntl) X(fcntl64) X(fdatasync) X(fgetxattr) \
	X(file_getattr) X(file_setattr) X(finit_module) X(flistxattr) X(flock) X(fork) X(fremovexattr) X(fsconfig) \
	X(fsetxattr) X(fsmount) X(fsopen) X(fspick) X(fstat) X(fstat64) X(fstatat64) X(fstatfs) X(fstatfs64) X(fsync) \
	X(ftime) X(ftruncate) X(ftruncate64) X(futex) X(futex_requeue) X(futex_time64) X(futex_wait) X(futex_waitv) \
	X(futex_wake) X(futimesat) X(get_kernel_syms) X(get_mempolicy) X(get_robust_list) X(get_thread_area) X(get_tls) \
	X(getcpu) X(getcwd) X(getdents) X(getdents64) X(getegid) X(getegid32) X(geteuid) X(geteuid32) X(getgid) \
	X(getgid32) X(getgroups) X(getgroups32) X(getitimer) X(getpeername) X(getpgid) X(getpgrp) X(getpid) X(getpmsg) \
	X(getppid) X(getpriority) X(getrandom) X(getresgid) X(getresgid32) X(getresuid) X(getresuid32) X(getrlimit) \
	X(getrusage) X(getsid) X(getsockname) X(getsockopt) X(gettid) X(gettimeofday) X(getuid) X(getuid32) X(getxattr) \
	X(getxattrat) X(gtty) X(idle) X(init_module) X(inotify_add_watch) X(inotify_init) X(inotify_init1) \
	X(inotify_rm_watch) X(io_cancel) X(io_destroy) X(io_getevents) X(io_pgetevents) X(io_pgetevents_time64) \
	X(io_setup) X(io_submit) X(io_uring_enter) X(io_uring_register) X(io_uring_setup) X(ioctl) X(ioperm) X(iopl) \
	X(ioprio_get) X(ioprio_set) X(ipc) X(kcmp) X(kexec_file_load) X(kexec_load) X(keyctl) X(kill) \
	X(landlock_add_rule) X(landlock_create_ruleset) X(landlock_restrict_self) X(lchown) X(lchown32) X(lgetxattr) \
	X(link) X(linkat) X(listen) X(listmount) X(listns) X(listxattr) X(listxattrat) X(llistxattr) X(lock) \
	X(lookup_dcookie) X(lremovexattr) X(lseek) X(lsetxattr) X(lsm_get_self_attr) X(lsm_list_modules) \
	X(lsm_set_self_attr) X(lstat) X(lstat64) X(madvise) X(map_shadow_stack) X(mbind) X(membarrier) X(memfd_create) \
	X(memfd_secret) X(migrate_pages) X(mincore) X(mkdir) X(mkdirat) X(mknod) X(mknodat) X(mlock) X(mlock2) \
	X(mlockall) X(mmap) X(mmap2) X(modify_ldt) X(mount) X(mount_setattr) X(move_mount) X(move_pages) X(mprotect) \
	X(mpx) X(mq_getsetattr) X(mq_notify) X(mq_open) X(mq_timedreceive) X(mq_timedreceive_time64) X(mq_timedsend) \
	X(mq_timedsend_time64) X(mq_unlink) X(mremap) X(mseal) X(msgctl) X(msgget) X(msgrcv) X(msgsnd) X(msync) \
	X(munlock) X(munlockall) X(munmap) X(name_to_handle_at) X(nanosleep) X(newfstatat) X(nfsservctl) X(nice) \
	X(oldfstat) X(oldlstat) X(oldolduname) X(oldstat) X(olduname) X(open) X(open_by_handle_at) X(open_tree) \
	X(open_tree_attr) X(openat) X(openat2) X(pause) X(pciconfig_iobase) X(pciconfig_read) X(pciconfig_write) \
	X(perf_event_open) X(personality) X(pidfd_getfd) X(pidfd_open) X(pidfd_send_signal) X(pipe) X(pipe2) \
	X(pivot_root) X(pkey_alloc) X(pkey_free) X(pkey_mprotect) X(poll) X(ppoll) X(ppoll_time64) X(prctl) X(pread64) \
	X(preadv) X(preadv2) X(prlimit64) X(process_madvise) X(process_mrelease) X(process_vm_readv) X(process_vm_writev) \
	X(prof) X(profil) X(pselect6) X(pselect6_time64) X(ptrace) X(putpmsg) X(pwrite64) X(pwritev) X(pwritev2) \
	X(query_module) X(quotactl) X(quotactl_fd) X(read) X(readahead) X(readdir) X(readlink) X(readlinkat) X(readv) \
	X(reboot) X(recv) X(recvfrom) X(recvmmsg) X(recvmmsg_time64) X(recvmsg) X(remap_file_pages) X(removexattr) \
	X(removexattrat) X(rename) X(renameat) X(renameat2) X(request_key) X(restart_syscall) X(rmdir) X(rseq) \
	X(rseq_slice_yield) X(rt_sigaction) X(rt_sigpending) X(rt_sigprocmask) X(rt_sigqueueinfo) X(rt_sigreturn) \
	X(rt_sigsuspend) X(rt_sigtimedwait) X(rt_sigtimedwait_time64) X(rt_tgsigqueueinfo) X(sched_get_priority_max) \
	X(sched_get_priority_min) X(sched_getaffinity) X(sched_getattr) X(sched_getparam) X(sched_getscheduler) \
	X(sched_rr_get_interval) X(sched_rr_get_interval_time64) X(sched_setaffinity) X(sched_setattr) X(sched_setparam) \
	X(sched_setscheduler) X(sched_yield) X(seccomp) X(security) X(select) X(semctl) X(semget) X(semop) X(semtimedop) \
	X(semtimedop_time64) X(send) X(sendfile) X(sendfile64) X(sendmmsg) X(sendmsg) X(sendto) X(set_mempolicy) \
	X(set_mempolicy_home_node) X(set_robust_list) X(set_thread_area) X(set_tid_address) X(set_tls) X(setdomainname) \
	X(setfsgid) X(setfsgid32) X(setfsuid) X(setfsuid32) X(setgid) X(setgid32) X(setgroups) X(setgroups32) \
	X(sethostname) X(setitimer) X(setns) X(setpgid) X(setpriority) X(setregid) X(setregid32) X(setresgid) \
	X(setresgid32) X(setresuid) X(setresuid32) X(setreuid) X(setreuid32) X(setrlimit) X(setsid) X(setsockopt) \
	X(settimeofday) X(setuid) X(setuid32) X(setxattr) X(setxattrat) X(sgetmask) X(shmat) X(shmctl) X(shmdt) X(shmget) \
	X(shutdown) X(sigaction) X(sigaltstack) X(signal) X(signalfd) X(signalfd4) X(sigpending) X(sigprocmask) \
	X(sigreturn) X(sigsuspend) X(socket) X(socketcall) X(socketpair) X(splice) X(ssetmask) X(stat) X(stat64) \
	X(statfs) X(statfs64) X(statmount) X(statx) X(stime) X(stty) X(swapoff) X(swapon) X(symlink) X(symlinkat) X(sync) \
	X(sync_file_range) X(sync_file_range2) X(syncfs) X(sysfs) X(sysinfo) X(syslog) X(tee) X(tgkill) X(time) \
	X(timer_create) X(timer_delete) X(timer_getoverrun) X(timer_gettime) X(timer_gettime64) X(timer_settime) \
	X(timer_settime64) X(timerfd_create) X(timerfd_gettime) X(timerfd_gettime64) X(timerfd_settime) \
	X(timerfd_settime64) X(times) X(tkill) X(truncate) X(truncate64) X(tuxcall) X(ugetrlimit) X(ulimit) X(umask) \
	X(umount) X(umount2) X(uname) X(unlink) X(unlinkat) X(unshare) X(uprobe) X(uretprobe) X(uselib) X(userfaultfd) \
	X(usr26) X(usr32) X(ustat) X(utime) X(utimensat) X(utimensat_time64) X(utimes) X(vfork) X(vhangup) X(vm86) \
	X(vm86old) X(vmsplice) X(vserver) X(wait4) X(waitid) X(waitpid) X(write) X(writev)

/* What the tables hold; 0 is a number that no call has. */
enum {
	N_none,
#define X(name) N_##name,
	SYSNAMES(X)
#undef X
	N_COUNT
};

static const uint16_t x86_64_calls[] = {
	[0] = N_read, N_write, N_open, N_close, N_stat, N_fstat, N_lstat, N_poll,
	[8] = N_lseek, N_mmap, N_mprotect, N_munmap, N_brk, N_rt_sigaction, N_rt_sigprocmask, N_rt_sigreturn,
	[16] = N_ioctl, N_pread64, N_pwrite64, N_readv, N_writev, N_access, N_pipe, N_select,
	[24] = N_sched_yield, N_mremap, N_msync, N_mincore, N_madvise, N_shmget, N_shmat, N_shmctl,
	[32] = N_dup, N_dup2, N_pause, N_nanosleep, N_getitimer, N_alarm, N_setitimer, N_getpid,
	[40] = N_sendfile, N_socket, N_connect, N_accept, N_sendto, N_recvfrom, N_sendmsg, N_recvmsg,
	[48] = N_shutdown, N_bind, N_listen, N_getsockname, N_getpeername, N_socketpair, N_setsockopt, N_getsockopt,
	[56] = N_clone, N_fork, N_vfork, N_execve, N_exit, N_wait4, N_kill, N_uname,
	[64] = N_semget, N_semop, N_semctl, N_shmdt, N_msgget, N_msgsnd, N_msgrcv, N_msgctl,
	[72] = N_fcntl, N_flock, N_fsync, N_fdatasync, N_truncate, N_ftruncate, N_getdents, N_getcwd,
	[80] = N_chdir, N_fchdir, N_rename, N_mkdir, N_rmdir, N_creat, N_link, N_unlink,
	[88] = N_symlink, N_readlink, N_chmod, N_fchmod, N_chown, N_fchown, N_lchown, N_umask,
	[96] = N_gettimeofday, N_getrlimit, N_getrusage, N_sysinfo, N_times, N_ptrace, N_getuid, N_syslog,
	[104] = N_getgid, N_setuid, N_setgid, N_geteuid, N_getegid, N_setpgid, N_getppid, N_getpgrp,
	[112] = N_setsid, N_setreuid, N_setregid, N_getgroups, N_setgroups, N_setresuid, N_getresuid, N_setresgid,
	[120] = N_getresgid, N_getpgid, N_setfsuid, N_setfsgid, N_getsid, N_capget, N_capset, N_rt_sigpending,
	[128] = N_rt_sigtimedwait, N_rt_sigqueueinfo, N_rt_sigsuspend, N_sigaltstack, N_utime, N_mknod, N_uselib,
	[135] = N_personality,
	[136] = N_ustat, N_statfs, N_fstatfs, N_sysfs, N_getpriority, N_setpriority, N_sched_setparam, N_sched_getparam,
	[144] = N_sched_setscheduler, N_sched_getscheduler, N_sched_get_priority_max, N_sched_get_priority_min,
	[148] = N_sched_rr_get_interval, N_mlock, N_munlock, N_mlockall,
	[152] = N_munlockall, N_vhangup, N_modify_ldt, N_pivot_root, N__sysctl, N_prctl, N_arch_prctl, N_adjtimex,
	[160] = N_setrlimit, N_chroot, N_sync, N_acct, N_settimeofday, N_mount, N_umount2, N_swapon,
	[168] = N_swapoff, N_reboot, N_sethostname, N_setdomainname, N_iopl, N_ioperm, N_create_module, N_init_module,
	[176] = N_delete_module, N_get_kernel_syms, N_query_module, N_quotactl, N_nfsservctl, N_getpmsg, N_putpmsg,
	[183] = N_afs_syscall,
	[184] = N_tuxcall, N_security, N_gettid, N_readahead, N_setxattr, N_lsetxattr, N_fsetxattr, N_getxattr,
	[192] = N_lgetxattr, N_fgetxattr, N_listxattr, N_llistxattr, N_flistxattr, N_removexattr, N_lremovexattr,
	[199] = N_fremovexattr,
	[200] = N_tkill, N_time, N_futex, N_sched_setaffinity, N_sched_getaffinity, N_set_thread_area, N_io_setup,
	[207] = N_io_destroy,
	[208] = N_io_getevents, N_io_submit, N_io_cancel, N_get_thread_area, N_lookup_dcookie, N_epoll_create,
	[214] = N_epoll_ctl_old, N_epoll_wait_old,
	[216] = N_remap_file_pages, N_getdents64, N_set_tid_address, N_restart_syscall, N_semtimedop, N_fadvise64,
	[222] = N_timer_create, N_timer_settime,
	[224] = N_timer_gettime, N_timer_getoverrun, N_timer_delete, N_clock_settime, N_clock_gettime, N_clock_getres,
	[230] = N_clock_nanosleep, N_exit_group,
	[232] = N_epoll_wait, N_epoll_ctl, N_tgkill, N_utimes, N_vserver, N_mbind, N_set_mempolicy, N_get_mempolicy,
	[240] = N_mq_open, N_mq_unlink, N_mq_timedsend, N_mq_timedreceive, N_mq_notify, N_mq_getsetattr, N_kexec_load,
	[247] = N_waitid,
	[248] = N_add_key, N_request_key, N_keyctl, N_ioprio_set, N_ioprio_get, N_inotify_init, N_inotify_add_watch,
	[255] = N_inotify_rm_watch,
	[256] = N_migrate_pages, N_openat, N_mkdirat, N_mknodat, N_fchownat, N_futimesat, N_newfstatat, N_unlinkat,
	[264] = N_renameat, N_linkat, N_symlinkat, N_readlinkat, N_fchmodat, N_faccessat, N_pselect6, N_ppoll,
	[272] = N_unshare, N_set_robust_list, N_get_robust_list, N_splice, N_tee, N_sync_file_range, N_vmsplice,
	[279] = N_move_pages,
	[280] = N_utimensat, N_epoll_pwait, N_signalfd, N_timerfd_create, N_eventfd, N_fallocate, N_timerfd_settime,
	[287] = N_timerfd_gettime,
	[288] = N_accept4, N_signalfd4, N_eventfd2, N_epoll_create1, N_dup3, N_pipe2, N_inotify_init1, N_preadv,
	[296] = N_pwritev, N_rt_tgsigqueueinfo, N_perf_event_open, N_recvmmsg, N_fanotify_init, N_fanotify_mark,
	[302] = N_prlimit64, N_name_to_handle_at,
	[304] = N_open_by_handle_at, N_clock_adjtime, N_syncfs, N_sendmmsg, N_setns, N_getcpu, N_process_vm_readv,
	[311] = N_process_vm_writev,
	[312] = N_kcmp, N_finit_module, N_sched_setattr, N_sched_getattr, N_renameat2, N_seccomp, N_getrandom,
	[319] = N_memfd_create,
	[320] = N_kexec_file_load, N_bpf, N_execveat, N_userfaultfd, N_membarrier, N_mlock2, N_copy_file_range, N_preadv2,
	[328] = N_pwritev2, N_pkey_mprotect, N_pkey_alloc, N_pkey_free, N_statx, N_io_pgetevents, N_rseq, N_uretprobe,
	[336] = N_uprobe,
	[424] = N_pidfd_send_signal, N_io_uring_setup, N_io_uring_enter, N_io_uring_register, N_open_tree, N_move_mount,
	[430] = N_fsopen, N_fsconfig,
	[432] = N_fsmount, N_fspick, N_pidfd_open, N_clone3, N_close_range, N_openat2, N_pidfd_getfd, N_faccessat2,
	[440] = N_process_madvise, N_epoll_pwait2, N_mount_setattr, N_quotactl_fd, N_landlock_create_ruleset,
	[445] = N_landlock_add_rule, N_landlock_restrict_self, N_memfd_secret,
	[448] = N_process_mrelease, N_futex_waitv, N_set_mempolicy_home_node, N_cachestat, N_fchmodat2, N_map_shadow_stack,
	[454] = N_futex_wake, N_futex_wait,
	[456] = N_futex_requeue, N_statmount, N_listmount, N_lsm_get_self_attr, N_lsm_set_self_attr, N_lsm_list_modules,
	[462] = N_mseal, N_setxattrat,
	[464] = N_getxattrat, N_listxattrat, N_removexattrat, N_open_tree_attr, N_file_getattr, N_file_setattr, N_listns,
	[471] = N_rseq_slice_yield,
};

static const uint16_t i386_calls[] = {
	[0] = N_restart_syscall, N_exit, N_fork, N_read, N_write, N_open, N_close, N_waitpid,
	[8] = N_creat, N_link, N_unlink, N_execve, N_chdir, N_time, N_mknod, N_chmod,
	[16] = N_lchown, N_break, N_oldstat, N_lseek, N_getpid, N_mount, N_umount, N_setuid,
	[24] = N_getuid, N_stime, N_ptrace, N_alarm, N_oldfstat, N_pause, N_utime, N_stty,
	[32] = N_gtty, N_access, N_nice, N_ftime, N_sync, N_kill, N_rename, N_mkdir,
	[40] = N_rmdir, N_dup, N_pipe, N_times, N_prof, N_brk, N_setgid, N_getgid,
	[48] = N_signal, N_geteuid, N_getegid, N_acct, N_umount2, N_lock, N_ioctl, N_fcntl,
	[56] = N_mpx, N_setpgid, N_ulimit, N_oldolduname, N_umask, N_chroot, N_ustat, N_dup2,
	[64] = N_getppid, N_getpgrp, N_setsid, N_sigaction, N_sgetmask, N_ssetmask, N_setreuid, N_setregid,
	[72] = N_sigsuspend, N_sigpending, N_sethostname, N_setrlimit, N_getrlimit, N_getrusage, N_gettimeofday,
	[79] = N_settimeofday,
	[80] = N_getgroups, N_setgroups, N_select, N_symlink, N_oldlstat, N_readlink, N_uselib, N_swapon,
	[88] = N_reboot, N_readdir, N_mmap, N_munmap, N_truncate, N_ftruncate, N_fchmod, N_fchown,
	[96] = N_getpriority, N_setpriority, N_profil, N_statfs, N_fstatfs, N_ioperm, N_socketcall, N_syslog,
	[104] = N_setitimer, N_getitimer, N_stat, N_lstat, N_fstat, N_olduname, N_iopl, N_vhangup,
	[112] = N_idle, N_vm86old, N_wait4, N_swapoff, N_sysinfo, N_ipc, N_fsync, N_sigreturn,
	[120] = N_clone, N_setdomainname, N_uname, N_modify_ldt, N_adjtimex, N_mprotect, N_sigprocmask, N_create_module,
	[128] = N_init_module, N_delete_module, N_get_kernel_syms, N_quotactl, N_getpgid, N_fchdir, N_bdflush, N_sysfs,
	[136] = N_personality, N_afs_syscall, N_setfsuid, N_setfsgid, N__llseek, N_getdents, N__newselect, N_flock,
	[144] = N_msync, N_readv, N_writev, N_getsid, N_fdatasync, N__sysctl, N_mlock, N_munlock,
	[152] = N_mlockall, N_munlockall, N_sched_setparam, N_sched_getparam, N_sched_setscheduler, N_sched_getscheduler,
	[158] = N_sched_yield, N_sched_get_priority_max,
	[160] = N_sched_get_priority_min, N_sched_rr_get_interval, N_nanosleep, N_mremap, N_setresuid, N_getresuid, N_vm86,
	[167] = N_query_module,
	[168] = N_poll, N_nfsservctl, N_setresgid, N_getresgid, N_prctl, N_rt_sigreturn, N_rt_sigaction, N_rt_sigprocmask,
	[176] = N_rt_sigpending, N_rt_sigtimedwait, N_rt_sigqueueinfo, N_rt_sigsuspend, N_pread64, N_pwrite64, N_chown,
	[183] = N_getcwd,
	[184] = N_capget, N_capset, N_sigaltstack, N_sendfile, N_getpmsg, N_putpmsg, N_vfork, N_ugetrlimit,
	[192] = N_mmap2, N_truncate64, N_ftruncate64, N_stat64, N_lstat64, N_fstat64, N_lchown32, N_getuid32,
	[200] = N_getgid32, N_geteuid32, N_getegid32, N_setreuid32, N_setregid32, N_getgroups32, N_setgroups32, N_fchown32,
	[208] = N_setresuid32, N_getresuid32, N_setresgid32, N_getresgid32, N_chown32, N_setuid32, N_setgid32, N_setfsuid32,
	[216] = N_setfsgid32, N_pivot_root, N_mincore, N_madvise, N_getdents64, N_fcntl64,
	[224] = N_gettid, N_readahead, N_setxattr, N_lsetxattr, N_fsetxattr, N_getxattr, N_lgetxattr, N_fgetxattr,
	[232] = N_listxattr, N_llistxattr, N_flistxattr, N_removexattr, N_lremovexattr, N_fremovexattr, N_tkill,
	[239] = N_sendfile64,
	[240] = N_futex, N_sched_setaffinity, N_sched_getaffinity, N_set_thread_area, N_get_thread_area, N_io_setup,
	[246] = N_io_destroy, N_io_getevents,
	[248] = N_io_submit, N_io_cancel, N_fadvise64,
	[252] = N_exit_group, N_lookup_dcookie, N_epoll_create, N_epoll_ctl,
	[256] = N_epoll_wait, N_remap_file_pages, N_set_tid_address, N_timer_create, N_timer_settime, N_timer_gettime,
	[262] = N_timer_getoverrun, N_timer_delete,
	[264] = N_clock_settime, N_clock_gettime, N_clock_getres, N_clock_nanosleep, N_statfs64, N_fstatfs64, N_tgkill,
	[271] = N_utimes,
	[272] = N_fadvise64_64, N_vserver, N_mbind, N_get_mempolicy, N_set_mempolicy, N_mq_open, N_mq_unlink,
	[279] = N_mq_timedsend,
	[280] = N_mq_timedreceive, N_mq_notify, N_mq_getsetattr, N_kexec_load, N_waitid,
	[286] = N_add_key, N_request_key,
	[288] = N_keyctl, N_ioprio_set, N_ioprio_get, N_inotify_init, N_inotify_add_watch, N_inotify_rm_watch,
	[294] = N_migrate_pages, N_openat,
	[296] = N_mkdirat, N_mknodat, N_fchownat, N_futimesat, N_fstatat64, N_unlinkat, N_renameat, N_linkat,
	[304] = N_symlinkat, N_readlinkat, N_fchmodat, N_faccessat, N_pselect6, N_ppoll, N_unshare, N_set_robust_list,
	[312] = N_get_robust_list, N_splice, N_sync_file_range, N_tee, N_vmsplice, N_move_pages, N_getcpu, N_epoll_pwait,
	[320] = N_utimensat, N_signalfd, N_timerfd_create, N_eventfd, N_fallocate, N_timerfd_settime, N_timerfd_gettime,
	[327] = N_signalfd4,
	[328] = N_eventfd2, N_epoll_create1, N_dup3, N_pipe2, N_inotify_init1, N_preadv, N_pwritev, N_rt_tgsigqueueinfo,
	[336] = N_perf_event_open, N_recvmmsg, N_fanotify_init, N_fanotify_mark, N_prlimit64, N_name_to_handle_at,
	[342] = N_open_by_handle_at, N_clock_adjtime,
	[344] = N_syncfs, N_sendmmsg, N_setns, N_process_vm_readv, N_process_vm_writev, N_kcmp, N_finit_module,
	[351] = N_sched_setattr,
	[352] = N_sched_getattr, N_renameat2, N_seccomp, N_getrandom, N_memfd_create, N_bpf, N_execveat, N_socket,
	[360] = N_socketpair, N_bind, N_connect, N_listen, N_accept4, N_getsockopt, N_setsockopt, N_getsockname,
	[368] = N_getpeername, N_sendto, N_sendmsg, N_recvfrom, N_recvmsg, N_shutdown, N_userfaultfd, N_membarrier,
	[376] = N_mlock2, N_copy_file_range, N_preadv2, N_pwritev2, N_pkey_mprotect, N_pkey_alloc, N_pkey_free, N_statx,
	[384] = N_arch_prctl, N_io_pgetevents, N_rseq,
	[393] = N_semget, N_semctl, N_shmget, N_shmctl, N_shmat, N_shmdt, N_msgget,
	[400] = N_msgsnd, N_msgrcv, N_msgctl, N_clock_gettime64, N_clock_settime64, N_clock_adjtime64,
	[406] = N_clock_getres_time64, N_clock_nanosleep_time64,
	[408] = N_timer_gettime64, N_timer_settime64, N_timerfd_gettime64, N_timerfd_settime64, N_utimensat_time64,
	[413] = N_pselect6_time64, N_ppoll_time64,
	[416] = N_io_pgetevents_time64, N_recvmmsg_time64, N_mq_timedsend_time64, N_mq_timedreceive_time64,
	[420] = N_semtimedop_time64, N_rt_sigtimedwait_time64, N_futex_time64, N_sched_rr_get_interval_time64,
	[424] = N_pidfd_send_signal, N_io_uring_setup, N_io_uring_enter, N_io_uring_register, N_open_tree, N_move_mount,
	[430] = N_fsopen, N_fsconfig,
	[432] = N_fsmount, N_fspick, N_pidfd_open, N_clone3, N_close_range, N_openat2, N_pidfd_getfd, N_faccessat2,
	[440] = N_process_madvise, N_epoll_pwait2, N_mount_setattr, N_quotactl_fd, N_landlock_create_ruleset,
	[445] = N_landlock_add_rule, N_landlock_restrict_self, N_memfd_secret,
	[448] = N_process_mrelease, N_futex_waitv, N_set_mempolicy_home_node, N_cachestat, N_fchmodat2, N_map_shadow_stack,
	[454] = N_futex_wake, N_futex_wait,
	[456] = N_futex_requeue, N_statmount, N_listmount, N_lsm_get_self_attr, N_lsm_set_self_attr, N_lsm_list_modules,
	[462] = N_mseal, N_setxattrat,
	[464] = N_getxattrat, N_listxattrat, N_removexattrat, N_open_tree_attr, N_file_getattr, N_file_setattr, N_listns,
	[471] = N_rseq_slice_yield,
};

static const uint16_t x32_calls[] = {
	[0] = N_read, N_write, N_open, N_close, N_stat, N_fstat, N_lstat, N_poll,
	[8] = N_lseek, N_mmap, N_mprotect, N_munmap, N_brk,
	[14] = N_rt_sigprocmask,
	[17] = N_pread64, N_pwrite64,
	[21] = N_access, N_pipe, N_select,
	[24] = N_sched_yield, N_mremap, N_msync, N_mincore, N_madvise, N_shmget, N_shmat, N_shmctl,
	[32] = N_dup, N_dup2, N_pause, N_nanosleep, N_getitimer, N_alarm, N_setitimer, N_getpid,
	[40] = N_sendfile, N_socket, N_connect, N_accept, N_sendto,
	[48] = N_shutdown, N_bind, N_listen, N_getsockname, N_getpeername, N_socketpair,
	[56] = N_clone, N_fork, N_vfork,
	[60] = N_exit, N_wait4, N_kill, N_uname,
	[64] = N_semget, N_semop, N_semctl, N_shmdt, N_msgget, N_msgsnd, N_msgrcv, N_msgctl,
	[72] = N_fcntl, N_flock, N_fsync, N_fdatasync, N_truncate, N_ftruncate, N_getdents, N_getcwd,
	[80] = N_chdir, N_fchdir, N_rename, N_mkdir, N_rmdir, N_creat, N_link, N_unlink,
	[88] = N_symlink, N_readlink, N_chmod, N_fchmod, N_chown, N_fchown, N_lchown, N_umask,
	[96] = N_gettimeofday, N_getrlimit, N_getrusage, N_sysinfo, N_times,
	[102] = N_getuid, N_syslog,
	[104] = N_getgid, N_setuid, N_setgid, N_geteuid, N_getegid, N_setpgid, N_getppid, N_getpgrp,
	[112] = N_setsid, N_setreuid, N_setregid, N_getgroups, N_setgroups, N_setresuid, N_getresuid, N_setresgid,
	[120] = N_getresgid, N_getpgid, N_setfsuid, N_setfsgid, N_getsid, N_capget, N_capset,
	[130] = N_rt_sigsuspend,
	[132] = N_utime, N_mknod,
	[135] = N_personality,
	[136] = N_ustat, N_statfs, N_fstatfs, N_sysfs, N_getpriority, N_setpriority, N_sched_setparam, N_sched_getparam,
	[144] = N_sched_setscheduler, N_sched_getscheduler, N_sched_get_priority_max, N_sched_get_priority_min,
	[148] = N_sched_rr_get_interval, N_mlock, N_munlock, N_mlockall,
	[152] = N_munlockall, N_vhangup, N_modify_ldt, N_pivot_root,
	[157] = N_prctl, N_arch_prctl, N_adjtimex,
	[160] = N_setrlimit, N_chroot, N_sync, N_acct, N_settimeofday, N_mount, N_umount2, N_swapon,
	[168] = N_swapoff, N_reboot, N_sethostname, N_setdomainname, N_iopl, N_ioperm,
	[175] = N_init_module,
	[176] = N_delete_module,
	[179] = N_quotactl,
	[181] = N_getpmsg, N_putpmsg, N_afs_syscall,
	[184] = N_tuxcall, N_security, N_gettid, N_readahead, N_setxattr, N_lsetxattr, N_fsetxattr, N_getxattr,
	[192] = N_lgetxattr, N_fgetxattr, N_listxattr, N_llistxattr, N_flistxattr, N_removexattr, N_lremovexattr,
	[199] = N_fremovexattr,
	[200] = N_tkill, N_time, N_futex, N_sched_setaffinity, N_sched_getaffinity,
	[207] = N_io_destroy,
	[208] = N_io_getevents,
	[210] = N_io_cancel,
	[212] = N_lookup_dcookie, N_epoll_create,
	[216] = N_remap_file_pages, N_getdents64, N_set_tid_address, N_restart_syscall, N_semtimedop, N_fadvise64,
	[223] = N_timer_settime,
	[224] = N_timer_gettime, N_timer_getoverrun, N_timer_delete, N_clock_settime, N_clock_gettime, N_clock_getres,
	[230] = N_clock_nanosleep, N_exit_group,
	[232] = N_epoll_wait, N_epoll_ctl, N_tgkill, N_utimes,
	[237] = N_mbind, N_set_mempolicy, N_get_mempolicy,
	[240] = N_mq_open, N_mq_unlink, N_mq_timedsend, N_mq_timedreceive,
	[245] = N_mq_getsetattr,
	[248] = N_add_key, N_request_key, N_keyctl, N_ioprio_set, N_ioprio_get, N_inotify_init, N_inotify_add_watch,
	[255] = N_inotify_rm_watch,
	[256] = N_migrate_pages, N_openat, N_mkdirat, N_mknodat, N_fchownat, N_futimesat, N_newfstatat, N_unlinkat,
	[264] = N_renameat, N_linkat, N_symlinkat, N_readlinkat, N_fchmodat, N_faccessat, N_pselect6, N_ppoll,
	[272] = N_unshare,
	[275] = N_splice, N_tee, N_sync_file_range,
	[280] = N_utimensat, N_epoll_pwait, N_signalfd, N_timerfd_create, N_eventfd, N_fallocate, N_timerfd_settime,
	[287] = N_timerfd_gettime,
	[288] = N_accept4, N_signalfd4, N_eventfd2, N_epoll_create1, N_dup3, N_pipe2, N_inotify_init1,
	[298] = N_perf_event_open,
	[300] = N_fanotify_init, N_fanotify_mark, N_prlimit64, N_name_to_handle_at,
	[304] = N_open_by_handle_at, N_clock_adjtime, N_syncfs,
	[308] = N_setns, N_getcpu,
	[312] = N_kcmp, N_finit_module, N_sched_setattr, N_sched_getattr, N_renameat2, N_seccomp, N_getrandom,
	[319] = N_memfd_create,
	[320] = N_kexec_file_load, N_bpf,
	[323] = N_userfaultfd, N_membarrier, N_mlock2, N_copy_file_range,
	[329] = N_pkey_mprotect, N_pkey_alloc, N_pkey_free, N_statx, N_io_pgetevents, N_rseq,
	[424] = N_pidfd_send_signal, N_io_uring_setup, N_io_uring_enter, N_io_uring_register, N_open_tree, N_move_mount,
	[430] = N_fsopen, N_fsconfig,
	[432] = N_fsmount, N_fspick, N_pidfd_open, N_clone3, N_close_range, N_openat2, N_pidfd_getfd, N_faccessat2,
	[440] = N_process_madvise, N_epoll_pwait2, N_mount_setattr, N_quotactl_fd, N_landlock_create_ruleset,
	[445] = N_landlock_add_rule, N_landlock_restrict_self, N_memfd_secret,
	[448] = N_process_mrelease, N_futex_waitv, N_set_mempolicy_home_node, N_cachestat, N_fchmodat2, N_map_shadow_stack,
	[454] = N_futex_wake, N_futex_wait,
	[456] = N_futex_requeue, N_statmount, N_listmount, N_lsm_get_self_attr, N_lsm_set_self_attr, N_lsm_list_modules,
	[462] = N_mseal, N_setxattrat,
	[464] = N_getxattrat, N_listxattrat, N_removexattrat, N_open_tree_attr, N_file_getattr, N_file_setattr, N_listns,
	[471] = N_rseq_slice_yield,
	[512] = N_rt_sigaction, N_rt_sigreturn, N_ioctl, N_readv, N_writev, N_recvfrom, N_sendmsg, N_recvmsg,
	[520] = N_execve, N_ptrace, N_rt_sigpending, N_rt_sigtimedwait, N_rt_sigqueueinfo, N_sigaltstack, N_timer_create,
	[527] = N_mq_notify,
	[528] = N_kexec_load, N_waitid, N_set_robust_list, N_get_robust_list, N_vmsplice, N_move_pages, N_preadv, N_pwritev,
	[536] = N_rt_tgsigqueueinfo, N_recvmmsg, N_sendmmsg, N_process_vm_readv, N_process_vm_writev, N_setsockopt,
	[542] = N_getsockopt, N_io_setup,
	[544] = N_io_submit, N_execveat, N_preadv2, N_pwritev2,
};

static const uint16_t arm64_calls[] = {
	[0] = N_io_setup, N_io_destroy, N_io_submit, N_io_cancel, N_io_getevents, N_setxattr, N_lsetxattr, N_fsetxattr,
	[8] = N_getxattr, N_lgetxattr, N_fgetxattr, N_listxattr, N_llistxattr, N_flistxattr, N_removexattr, N_lremovexattr,
	[16] = N_fremovexattr, N_getcwd, N_lookup_dcookie, N_eventfd2, N_epoll_create1, N_epoll_ctl, N_epoll_pwait, N_dup,
	[24] = N_dup3, N_fcntl, N_inotify_init1, N_inotify_add_watch, N_inotify_rm_watch, N_ioctl, N_ioprio_set,
	[31] = N_ioprio_get,
	[32] = N_flock, N_mknodat, N_mkdirat, N_unlinkat, N_symlinkat, N_linkat, N_renameat, N_umount2,
	[40] = N_mount, N_pivot_root, N_nfsservctl, N_statfs, N_fstatfs, N_truncate, N_ftruncate, N_fallocate,
	[48] = N_faccessat, N_chdir, N_fchdir, N_chroot, N_fchmod, N_fchmodat, N_fchownat, N_fchown,
	[56] = N_openat, N_close, N_vhangup, N_pipe2, N_quotactl, N_getdents64, N_lseek, N_read,
	[64] = N_write, N_readv, N_writev, N_pread64, N_pwrite64, N_preadv, N_pwritev, N_sendfile,
	[72] = N_pselect6, N_ppoll, N_signalfd4, N_vmsplice, N_splice, N_tee, N_readlinkat, N_newfstatat,
	[80] = N_fstat, N_sync, N_fsync, N_fdatasync, N_sync_file_range, N_timerfd_create, N_timerfd_settime,
	[87] = N_timerfd_gettime,
	[88] = N_utimensat, N_acct, N_capget, N_capset, N_personality, N_exit, N_exit_group, N_waitid,
	[96] = N_set_tid_address, N_unshare, N_futex, N_set_robust_list, N_get_robust_list, N_nanosleep, N_getitimer,
	[103] = N_setitimer,
	[104] = N_kexec_load, N_init_module, N_delete_module, N_timer_create, N_timer_gettime, N_timer_getoverrun,
	[110] = N_timer_settime, N_timer_delete,
	[112] = N_clock_settime, N_clock_gettime, N_clock_getres, N_clock_nanosleep, N_syslog, N_ptrace, N_sched_setparam,
	[119] = N_sched_setscheduler,
	[120] = N_sched_getscheduler, N_sched_getparam, N_sched_setaffinity, N_sched_getaffinity, N_sched_yield,
	[125] = N_sched_get_priority_max, N_sched_get_priority_min, N_sched_rr_get_interval,
	[128] = N_restart_syscall, N_kill, N_tkill, N_tgkill, N_sigaltstack, N_rt_sigsuspend, N_rt_sigaction,
	[135] = N_rt_sigprocmask,
	[136] = N_rt_sigpending, N_rt_sigtimedwait, N_rt_sigqueueinfo, N_rt_sigreturn, N_setpriority, N_getpriority,
	[142] = N_reboot, N_setregid,
	[144] = N_setgid, N_setreuid, N_setuid, N_setresuid, N_getresuid, N_setresgid, N_getresgid, N_setfsuid,
	[152] = N_setfsgid, N_times, N_setpgid, N_getpgid, N_getsid, N_setsid, N_getgroups, N_setgroups,
	[160] = N_uname, N_sethostname, N_setdomainname, N_getrlimit, N_setrlimit, N_getrusage, N_umask, N_prctl,
	[168] = N_getcpu, N_gettimeofday, N_settimeofday, N_adjtimex, N_getpid, N_getppid, N_getuid, N_geteuid,
	[176] = N_getgid, N_getegid, N_gettid, N_sysinfo, N_mq_open, N_mq_unlink, N_mq_timedsend, N_mq_timedreceive,
	[184] = N_mq_notify, N_mq_getsetattr, N_msgget, N_msgctl, N_msgrcv, N_msgsnd, N_semget, N_semctl,
	[192] = N_semtimedop, N_semop, N_shmget, N_shmctl, N_shmat, N_shmdt, N_socket, N_socketpair,
	[200] = N_bind, N_listen, N_accept, N_connect, N_getsockname, N_getpeername, N_sendto, N_recvfrom,
	[208] = N_setsockopt, N_getsockopt, N_shutdown, N_sendmsg, N_recvmsg, N_readahead, N_brk, N_munmap,
	[216] = N_mremap, N_add_key, N_request_key, N_keyctl, N_clone, N_execve, N_mmap, N_fadvise64,
	[224] = N_swapon, N_swapoff, N_mprotect, N_msync, N_mlock, N_munlock, N_mlockall, N_munlockall,
	[232] = N_mincore, N_madvise, N_remap_file_pages, N_mbind, N_get_mempolicy, N_set_mempolicy, N_migrate_pages,
	[239] = N_move_pages,
	[240] = N_rt_tgsigqueueinfo, N_perf_event_open, N_accept4, N_recvmmsg,
	[260] = N_wait4, N_prlimit64, N_fanotify_init, N_fanotify_mark,
	[264] = N_name_to_handle_at, N_open_by_handle_at, N_clock_adjtime, N_syncfs, N_setns, N_sendmmsg,
	[270] = N_process_vm_readv, N_process_vm_writev,
	[272] = N_kcmp, N_finit_module, N_sched_setattr, N_sched_getattr, N_renameat2, N_seccomp, N_getrandom,
	[279] = N_memfd_create,
	[280] = N_bpf, N_execveat, N_userfaultfd, N_membarrier, N_mlock2, N_copy_file_range, N_preadv2, N_pwritev2,
	[288] = N_pkey_mprotect, N_pkey_alloc, N_pkey_free, N_statx, N_io_pgetevents, N_rseq, N_kexec_file_load,
	[424] = N_pidfd_send_signal, N_io_uring_setup, N_io_uring_enter, N_io_uring_register, N_open_tree, N_move_mount,
	[430] = N_fsopen, N_fsconfig,
	[432] = N_fsmount, N_fspick, N_pidfd_open, N_clone3, N_close_range, N_openat2, N_pidfd_getfd, N_faccessat2,
	[440] = N_process_madvise, N_epoll_pwait2, N_mount_setattr, N_quotactl_fd, N_landlock_create_ruleset,
	[445] = N_landlock_add_rule, N_landlock_restrict_self, N_memfd_secret,
	[448] = N_process_mrelease, N_futex_waitv, N_set_mempolicy_home_node, N_cachestat, N_fchmodat2, N_map_shadow_stack,
	[454] = N_futex_wake, N_futex_wait,
	[456] = N_futex_requeue, N_statmount, N_listmount, N_lsm_get_self_attr, N_lsm_set_self_attr, N_lsm_list_modules,
	[462] = N_mseal, N_setxattrat,
	[464] = N_getxattrat, N_listxattrat, N_removexattrat, N_open_tree_attr, N_file_getattr, N_file_setattr, N_listns,
	[471] = N_rseq_slice_yield,
};

static const uint16_t arm_calls[] = {
	[0] = N_restart_syscall, N_exit, N_fork, N_read, N_write, N_open, N_close,
	[8] = N_creat, N_link, N_unlink, N_execve, N_chdir,
	[14] = N_mknod, N_chmod,
	[16] = N_lchown,
	[19] = N_lseek, N_getpid, N_mount,
	[23] = N_setuid,
	[24] = N_getuid,
	[26] = N_ptrace,
	[29] = N_pause,
	[33] = N_access, N_nice,
	[36] = N_sync, N_kill, N_rename, N_mkdir,
	[40] = N_rmdir, N_dup, N_pipe, N_times,
	[45] = N_brk, N_setgid, N_getgid,
	[49] = N_geteuid, N_getegid, N_acct, N_umount2,
	[54] = N_ioctl, N_fcntl,
	[57] = N_setpgid,
	[60] = N_umask, N_chroot, N_ustat, N_dup2,
	[64] = N_getppid, N_getpgrp, N_setsid, N_sigaction,
	[70] = N_setreuid, N_setregid,
	[72] = N_sigsuspend, N_sigpending, N_sethostname, N_setrlimit,
	[77] = N_getrusage, N_gettimeofday, N_settimeofday,
	[80] = N_getgroups, N_setgroups,
	[83] = N_symlink,
	[85] = N_readlink, N_uselib, N_swapon,
	[88] = N_reboot,
	[91] = N_munmap, N_truncate, N_ftruncate, N_fchmod, N_fchown,
	[96] = N_getpriority, N_setpriority,
	[99] = N_statfs, N_fstatfs,
	[103] = N_syslog,
	[104] = N_setitimer, N_getitimer, N_stat, N_lstat, N_fstat,
	[111] = N_vhangup,
	[114] = N_wait4, N_swapoff, N_sysinfo,
	[118] = N_fsync, N_sigreturn,
	[120] = N_clone, N_setdomainname, N_uname,
	[124] = N_adjtimex, N_mprotect, N_sigprocmask,
	[128] = N_init_module, N_delete_module,
	[131] = N_quotactl, N_getpgid, N_fchdir, N_bdflush, N_sysfs,
	[136] = N_personality,
	[138] = N_setfsuid, N_setfsgid, N__llseek, N_getdents, N__newselect, N_flock,
	[144] = N_msync, N_readv, N_writev, N_getsid, N_fdatasync, N__sysctl, N_mlock, N_munlock,
	[152] = N_mlockall, N_munlockall, N_sched_setparam, N_sched_getparam, N_sched_setscheduler, N_sched_getscheduler,
	[158] = N_sched_yield, N_sched_get_priority_max,
	[160] = N_sched_get_priority_min, N_sched_rr_get_interval, N_nanosleep, N_mremap, N_setresuid, N_getresuid,
	[168] = N_poll, N_nfsservctl, N_setresgid, N_getresgid, N_prctl, N_rt_sigreturn, N_rt_sigaction, N_rt_sigprocmask,
	[176] = N_rt_sigpending, N_rt_sigtimedwait, N_rt_sigqueueinfo, N_rt_sigsuspend, N_pread64, N_pwrite64, N_chown,
	[183] = N_getcwd,
	[184] = N_capget, N_capset, N_sigaltstack, N_sendfile,
	[190] = N_vfork, N_ugetrlimit,
	[192] = N_mmap2, N_truncate64, N_ftruncate64, N_stat64, N_lstat64, N_fstat64, N_lchown32, N_getuid32,
	[200] = N_getgid32, N_geteuid32, N_getegid32, N_setreuid32, N_setregid32, N_getgroups32, N_setgroups32, N_fchown32,
	[208] = N_setresuid32, N_getresuid32, N_setresgid32, N_getresgid32, N_chown32, N_setuid32, N_setgid32, N_setfsuid32,
	[216] = N_setfsgid32, N_getdents64, N_pivot_root, N_mincore, N_madvise, N_fcntl64,
	[224] = N_gettid, N_readahead, N_setxattr, N_lsetxattr, N_fsetxattr, N_getxattr, N_lgetxattr, N_fgetxattr,
	[232] = N_listxattr, N_llistxattr, N_flistxattr, N_removexattr, N_lremovexattr, N_fremovexattr, N_tkill,
	[239] = N_sendfile64,
	[240] = N_futex, N_sched_setaffinity, N_sched_getaffinity, N_io_setup, N_io_destroy, N_io_getevents, N_io_submit,
	[247] = N_io_cancel,
	[248] = N_exit_group, N_lookup_dcookie, N_epoll_create, N_epoll_ctl, N_epoll_wait, N_remap_file_pages,
	[256] = N_set_tid_address, N_timer_create, N_timer_settime, N_timer_gettime, N_timer_getoverrun, N_timer_delete,
	[262] = N_clock_settime, N_clock_gettime,
	[264] = N_clock_getres, N_clock_nanosleep, N_statfs64, N_fstatfs64, N_tgkill, N_utimes, N_arm_fadvise64_64,
	[271] = N_pciconfig_iobase,
	[272] = N_pciconfig_read, N_pciconfig_write, N_mq_open, N_mq_unlink, N_mq_timedsend, N_mq_timedreceive, N_mq_notify,
	[279] = N_mq_getsetattr,
	[280] = N_waitid, N_socket, N_bind, N_connect, N_listen, N_accept, N_getsockname, N_getpeername,
	[288] = N_socketpair, N_send, N_sendto, N_recv, N_recvfrom, N_shutdown, N_setsockopt, N_getsockopt,
	[296] = N_sendmsg, N_recvmsg, N_semop, N_semget, N_semctl, N_msgsnd, N_msgrcv, N_msgget,
	[304] = N_msgctl, N_shmat, N_shmdt, N_shmget, N_shmctl, N_add_key, N_request_key, N_keyctl,
	[312] = N_semtimedop, N_vserver, N_ioprio_set, N_ioprio_get, N_inotify_init, N_inotify_add_watch,
	[318] = N_inotify_rm_watch, N_mbind,
	[320] = N_get_mempolicy, N_set_mempolicy, N_openat, N_mkdirat, N_mknodat, N_fchownat, N_futimesat, N_fstatat64,
	[328] = N_unlinkat, N_renameat, N_linkat, N_symlinkat, N_readlinkat, N_fchmodat, N_faccessat, N_pselect6,
	[336] = N_ppoll, N_unshare, N_set_robust_list, N_get_robust_list, N_splice, N_arm_sync_file_range, N_tee,
	[343] = N_vmsplice,
	[344] = N_move_pages, N_getcpu, N_epoll_pwait, N_kexec_load, N_utimensat, N_signalfd, N_timerfd_create, N_eventfd,
	[352] = N_fallocate, N_timerfd_settime, N_timerfd_gettime, N_signalfd4, N_eventfd2, N_epoll_create1, N_dup3,
	[359] = N_pipe2,
	[360] = N_inotify_init1, N_preadv, N_pwritev, N_rt_tgsigqueueinfo, N_perf_event_open, N_recvmmsg, N_accept4,
	[367] = N_fanotify_init,
	[368] = N_fanotify_mark, N_prlimit64, N_name_to_handle_at, N_open_by_handle_at, N_clock_adjtime, N_syncfs,
	[374] = N_sendmmsg, N_setns,
	[376] = N_process_vm_readv, N_process_vm_writev, N_kcmp, N_finit_module, N_sched_setattr, N_sched_getattr,
	[382] = N_renameat2, N_seccomp,
	[384] = N_getrandom, N_memfd_create, N_bpf, N_execveat, N_userfaultfd, N_membarrier, N_mlock2, N_copy_file_range,
	[392] = N_preadv2, N_pwritev2, N_pkey_mprotect, N_pkey_alloc, N_pkey_free, N_statx, N_rseq, N_io_pgetevents,
	[400] = N_migrate_pages, N_kexec_file_load,
	[403] = N_clock_gettime64, N_clock_settime64, N_clock_adjtime64, N_clock_getres_time64, N_clock_nanosleep_time64,
	[408] = N_timer_gettime64, N_timer_settime64, N_timerfd_gettime64, N_timerfd_settime64, N_utimensat_time64,
	[413] = N_pselect6_time64, N_ppoll_time64,
	[416] = N_io_pgetevents_time64, N_recvmmsg_time64, N_mq_timedsend_time64, N_mq_timedreceive_time64,
	[420] = N_semtimedop_time64, N_rt_sigtimedwait_time64, N_futex_time64, N_sched_rr_get_interval_time64,
	[424] = N_pidfd_send_signal, N_io_uring_setup, N_io_uring_enter, N_io_uring_register, N_open_tree, N_move_mount,
	[430] = N_fsopen, N_fsconfig,
	[432] = N_fsmount, N_fspick, N_pidfd_open, N_clone3, N_close_range, N_openat2, N_pidfd_getfd, N_faccessat2,
	[440] = N_process_madvise, N_epoll_pwait2, N_mount_setattr, N_quotactl_fd, N_landlock_create_ruleset,
	[445] = N_landlock_add_rule, N_landlock_restrict_self,
	[448] = N_process_mrelease, N_futex_waitv, N_set_mempolicy_home_node, N_cachestat, N_fchmodat2, N_map_shadow_stack,
	[454] = N_futex_wake, N_futex_wait,
	[456] = N_futex_requeue, N_statmount, N_listmount, N_lsm_get_self_attr, N_lsm_set_self_attr, N_lsm_list_modules,
	[462] = N_mseal, N_setxattrat,
	[464] = N_getxattrat, N_listxattrat, N_removexattrat, N_open_tree_attr, N_file_getattr, N_file_setattr, N_listns,
	[471] = N_rseq_slice_yield,
};

/* Numbers above 0xf0000. */
static const uint16_t arm_private_calls[] = {
	[1] = N_breakpoint, N_cacheflush, N_usr26, N_usr32, N_set_tls, N_get_tls,
};

/* Second names of the same number. */
static const struct { enum bt_abi abi; uint16_t other, name; } aliases[] = {
	{ BT_ABI_ARM, N_sync_file_range2, N_arm_sync_file_range },
};

#endif
