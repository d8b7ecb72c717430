import { SeccompReturn } from "../../../ffi/structs/seccomp.ts";
import type { Capability } from "../capabilities.ts";
import {
  type ArgumentCondition,
  type Comparison,
  errnoAction,
  type SeccompProfile,
  type SeccompRule,
} from "./profile.ts";

const EPERM = 1;
const ENOSYS = 38;

/** Calls every container may make: docker's list, but for those whose arguments matter. */
const ALWAYS = names(`
  accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32
  clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
  clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3
  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old
  eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate
  fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr
  flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate
  ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_robust_list
  get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
  getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid
  getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday
  getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch
  io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get
  ioprio_set ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32
  lgetxattr link linkat listen listmount listxattr listxattrat llistxattr _llseek lremovexattr lseek
  lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir
  mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open
  mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl
  msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat _newselect
  open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll
  ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv
  process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink
  readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat
  rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
  rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
  sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
  sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
  sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
  semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area
  set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer
  setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32
  setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown
  sigaltstack signalfd signalfd4 sigprocmask sigreturn socketpair splice stat stat64 statfs statfs64
  statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create
  timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
  timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64
  ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice
  wait4 waitid waitpid write writev
`);

/** What a capability adds, by docker's list. */
const WITH_CAPABILITY: readonly (readonly [Capability, string])[] = [
  ["DAC_READ_SEARCH", "open_by_handle_at"],
  [
    "SYS_ADMIN",
    `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
     lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open
     quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare`,
  ],
  ["SYS_BOOT", "reboot"],
  ["SYS_CHROOT", "chroot"],
  ["SYS_MODULE", "delete_module init_module finit_module"],
  ["SYS_PACCT", "acct"],
  ["SYS_PTRACE", "kcmp pidfd_getfd process_madvise"],
  ["SYS_RAWIO", "iopl ioperm"],
  ["SYS_TIME", "settimeofday stime clock_settime clock_settime64"],
  ["SYS_TTY_CONFIG", "vhangup"],
  ["SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"],
  ["SYSLOG", "syslog"],
  ["BPF", "bpf"],
  ["PERFMON", "perf_event_open"],
];

/**
 * The address families of socket(2), linux/socket.h: docker's list. Left out on purpose are AF_ALG (38: the kernel's
 * own cryptography, a large attack surface that hardly anyone needs) and AF_VSOCK (40: reaches the hypervisor and
 * other machines past the network namespace), and those the kernel has dropped: 12, 19, 20, 23, 25, 34, 37.
 */
const SOCKET_FAMILIES = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33],
  ...[35, 36, 39, 41, 42, 43, 44, 45],
];

/** personality(2): Linux, Linux for 32 bits, both without UNAME26's tricks, and the question what it is. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** CLONE_NEW* without CLONE_NEWTIME, which is no flag of clone(2): new namespaces need CAP_SYS_ADMIN. */
const CLONE_NAMESPACES = 0x7e020000n;

/** SYS_SOCKET, linux/net.h: the call of socketcall(2) that makes a socket. */
const SOCKETCALL_SOCKET = 1;

/**
 * The filter of every container that asks for no other: what docker allows, the rest fails with EPERM.
 *
 * Three points differ. Calls newer than the list fail with ENOSYS, so that programs try an older way. Calls by the
 * x32 ABI fail with ENOSYS. And socketcall(2), by which 32-bit x86 programs may ask for a socket in memory that no
 * filter can look at, makes none: else AF_ALG were a 32-bit program away.
 */
export const DEFAULT_PROFILE: SeccompProfile = {
  defaultAction: errnoAction(EPERM),
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  flags: 0,
  rules: [
    allow(ALWAYS),
    ...SOCKET_FAMILIES.map((family) => allow(["socket"], { args: [argument(0, "EQ", family)] })),
    allow(["socketcall"], { args: [argument(0, "NE", SOCKETCALL_SOCKET)] }),
    ...PERSONALITIES.map((persona) => allow(["personality"], { args: [argument(0, "EQ", persona)] })),
    allow(names("arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"), {
      includes: { arches: ["arm", "arm64"] },
    }),
    allow(["arch_prctl"], { includes: { arches: ["amd64", "x32"] } }),
    allow(["modify_ldt"], { includes: { arches: ["amd64", "x32", "x86"] } }),
    ...WITH_CAPABILITY.map(([capability, list]) => allow(names(list), { includes: { caps: [capability] } })),
    allow(["clone"], {
      args: [{ index: 0, op: "MASKED_EQ", value: CLONE_NAMESPACES, valueTwo: 0n }],
      excludes: { caps: ["SYS_ADMIN"] },
    }),
    // Its flags are in memory, where no filter can look. ENOSYS makes libc fall back to clone(2).
    { names: ["clone3"], action: errnoAction(ENOSYS), args: [], excludes: { caps: ["SYS_ADMIN"] } },
  ],
};

/** The capabilities on which the default filter depends: with the same of these, two containers have the same filter. */
export const DECIDING_CAPABILITIES: readonly Capability[] = WITH_CAPABILITY.map(([capability]) => capability);

function allow(names: readonly string[], more: Partial<SeccompRule> = {}): SeccompRule {
  return { names, action: SeccompReturn.ALLOW, args: [], ...more };
}

function argument(index: number, op: Comparison, value: number): ArgumentCondition {
  return { index, op, value: BigInt(value), valueTwo: 0n };
}

function names(list: string): string[] {
  return list.split(/\s+/).filter(Boolean);
}
