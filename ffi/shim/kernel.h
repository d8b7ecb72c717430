/*
 * What the shim needs of the kernel's interface, without a libc: one inline function a system call, returning the
 * result or -errno, and the few constants and structs they take (include/uapi/linux). The same on x86-64 and aarch64.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int i32;
typedef long i64;

#if defined(__x86_64__)
#include "arch/x86-64.h"
#elif defined(__aarch64__)
#include "arch/aarch64.h"
#else
#error "the shim knows x86-64 and aarch64"
#endif

enum { EINTR = 4, EAGAIN = 11 };
enum { O_WRONLY = 1, O_RDWR = 2, O_NOCTTY = 0400, O_CREAT = 0100, O_TRUNC = 01000, O_APPEND = 02000, O_NONBLOCK = 04000, O_CLOEXEC = 02000000 };
enum { AT_FDCWD = -100, SEEK_END = 2 };
enum { POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16 };
enum { PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20, MADV_DONTNEED = 4 };
enum { F_GETFL = 3, F_SETFL = 4 };
enum { PR_SET_DUMPABLE = 4, PR_SET_NAME = 15, PR_SET_CHILD_SUBREAPER = 36 };
enum { SIGCHLD = 17, SIG_BLOCK = 0, SIG_SETMASK = 2 };
enum { P_ALL = 0, WNOHANG = 1, WEXITED = 4, CLD_EXITED = 1 };
enum { MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000, MSG_CMSG_CLOEXEC = 0x40000000 };
enum { SOL_SOCKET = 1, SO_PEERCRED = 17, SOCK_NONBLOCK = 04000, SOCK_CLOEXEC = 02000000 };
enum { CLOCK_REALTIME = 0, TIOCSWINSZ = 0x5414, TIOCGPTPEER = 0x5441 };
#define CLONE_INTO_CGROUP 0x200000000UL

struct timespec { i64 seconds, nanoseconds; };
struct pollfd { i32 fd; short events, revents; };
struct iovec { void *base; u64 length; };
struct msghdr { void *name; u32 name_length; struct iovec *iov; u64 iov_count; void *control; u64 control_length; i32 flags; };
struct clone_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
struct siginfo { i32 signo, error, code, pad, pid, uid, status; u8 rest[128 - 28]; };
struct ucred { i32 pid; u32 uid, gid; };
struct winsize { u16 rows, columns, x, y; };

#define L(x) ((long)(x))
#define sys_read(fd, p, n) syscall6(NR_read, fd, L(p), L(n), 0, 0, 0)
#define sys_write(fd, p, n) syscall6(NR_write, fd, L(p), L(n), 0, 0, 0)
#define sys_close(fd) syscall6(NR_close, fd, 0, 0, 0, 0, 0)
#define sys_close_range(first) syscall6(NR_close_range, first, 0xffffffffL, 0, 0, 0, 0)
#define sys_openat(dir, path, flags, mode) syscall6(NR_openat, dir, L(path), flags, mode, 0, 0)
#define sys_renameat(dir, from, to) syscall6(NR_renameat, dir, L(from), dir, L(to), 0, 0)
#define sys_lseek(fd, offset, whence) syscall6(NR_lseek, fd, offset, whence, 0, 0, 0)
#define sys_mmap(length, flags, fd) syscall6(NR_mmap, 0, L(length), PROT_READ | PROT_WRITE, flags, fd, 0)
#define sys_munmap(p, n) syscall6(NR_munmap, L(p), L(n), 0, 0, 0, 0)
#define sys_madvise(p, n, advice) syscall6(NR_madvise, L(p), L(n), advice, 0, 0, 0)
#define sys_prctl(option, a) syscall6(NR_prctl, option, L(a), 0, 0, 0, 0)
#define sys_sigprocmask(how, set) syscall6(NR_rt_sigprocmask, how, L(set), 0, 8, 0, 0)
#define sys_sigwait(set) syscall6(NR_rt_sigtimedwait, L(set), 0, 0, 8, 0, 0)
#define sys_kill(pid, signal) syscall6(NR_kill, pid, signal, 0, 0, 0, 0)
#define sys_signalfd(set, flags) syscall6(NR_signalfd4, -1, L(set), 8, flags, 0, 0)
#define sys_setsid() syscall6(NR_setsid, 0, 0, 0, 0, 0, 0)
#define sys_ppoll(fds, n, timeout) syscall6(NR_ppoll, L(fds), n, L(timeout), 0, 0, 0)
#define sys_accept4(fd, flags) syscall6(NR_accept4, fd, 0, 0, flags, 0, 0)
#define sys_getsockopt(fd, level, name, p, n) syscall6(NR_getsockopt, fd, level, name, L(p), L(n), 0)
#define sys_send(fd, p, n, flags) syscall6(NR_sendto, fd, L(p), L(n), flags, 0, 0)
#define sys_recv(fd, p, n, flags) syscall6(NR_recvfrom, fd, L(p), L(n), flags, 0, 0)
#define sys_recvmsg(fd, message, flags) syscall6(NR_recvmsg, fd, L(message), flags, 0, 0, 0)
#define sys_waitid(info, options) syscall6(NR_waitid, P_ALL, 0, L(info), options, 0, 0)
#define sys_fork() syscall6(NR_clone, SIGCHLD, 0, 0, 0, 0, 0)
#define sys_clone3(args) syscall6(NR_clone3, L(args), sizeof(*(args)), 0, 0, 0, 0)
#define sys_execve(path, argv, envp) syscall6(NR_execve, L(path), L(argv), L(envp), 0, 0, 0)
#define sys_ioctl(fd, request, p) syscall6(NR_ioctl, fd, request, (long)(p), 0, 0, 0)
#define sys_fcntl(fd, command, value) syscall6(NR_fcntl, fd, command, value, 0, 0, 0)
#define sys_clock_gettime(clock, p) syscall6(NR_clock_gettime, clock, L(p), 0, 0, 0, 0)
#define sys_exit_group(status) syscall6(NR_exit_group, status, 0, 0, 0, 0, 0)
