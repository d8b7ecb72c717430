/* x86-64: the system-call instruction, the numbers the shim itself uses (asm/unistd_64.h), and its entry point. */

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

enum {
	NR_read = 0, NR_write = 1, NR_close = 3, NR_mmap = 9, NR_munmap = 11, NR_rt_sigprocmask = 14, NR_ioctl = 16,
	NR_madvise = 28, NR_sendto = 44, NR_recvfrom = 45, NR_recvmsg = 47, NR_execve = 59, NR_exit = 60, NR_fcntl = 72,
	NR_setsid = 112, NR_prctl = 157, NR_clock_gettime = 228, NR_exit_group = 231, NR_waitid = 247, NR_openat = 257,
	NR_renameat = 264, NR_ppoll = 271, NR_accept4 = 288, NR_signalfd4 = 289, NR_getsockopt = 55, NR_lseek = 8,
	NR_kill = 62, NR_rt_sigtimedwait = 128, NR_clone = 56, NR_clone3 = 435, NR_close_range = 436,
};

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	and $-16, %rsp\n"
	"	call shim_main\n"
	"	ud2\n");
