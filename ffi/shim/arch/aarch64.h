/* aarch64: the system-call instruction, the numbers the shim itself uses (asm-generic/unistd.h), and its entry point. */

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

enum {
	NR_fcntl = 25, NR_ioctl = 29, NR_renameat = 38, NR_openat = 56, NR_close = 57, NR_lseek = 62, NR_read = 63,
	NR_write = 64, NR_ppoll = 73, NR_signalfd4 = 74, NR_exit = 93, NR_exit_group = 94, NR_waitid = 95,
	NR_clock_gettime = 113, NR_rt_sigprocmask = 135, NR_setsid = 157, NR_prctl = 167, NR_sendto = 206,
	NR_recvfrom = 207, NR_getsockopt = 209, NR_recvmsg = 212, NR_munmap = 215, NR_execve = 221, NR_mmap = 222,
	NR_madvise = 233, NR_accept4 = 242, NR_kill = 129, NR_rt_sigtimedwait = 137, NR_clone = 220, NR_clone3 = 435, NR_close_range = 436,
};

__asm__(".globl _start\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	bl shim_main\n"
	"	brk #0\n");
