/* The interpreter of launch programs: a loop over system calls, with no allocation and no state but the registers. */
#pragma once
#include "program.h"

static void report(i32 fd, u32 type, u32 index, i64 value)
{
	struct report record = { type, index, value };
	sys_write(fd, &record, sizeof record);
}

static u64 argument(u8 *base, const u64 *registers, const struct operation *op, int n)
{
	u64 value = op->args[n];
	switch (op->mode[n]) {
	case MODE_POINTER: return (u64)(base + value);
	case MODE_REGISTER: return registers[value % REGISTERS];
	case MODE_LOAD32: return *(u32 *)(base + value);
	case MODE_LOAD64: return *(u64 *)(base + value);
	default: return value;
	}
}

static int tolerates(const struct operation *op, long error)
{
	for (int i = 0; i < 2; i++)
		if (op->tolerate[i] && (op->tolerate[i] == ANY_ERRNO || op->tolerate[i] == error)) return 1;
	return 0;
}

static void relocate(struct header *program)
{
	u8 *base = (u8 *)program;
	u32 *relocations = (u32 *)(base + program->relocations);
	for (u32 i = 0; i < program->relocation_count; i++) *(u64 *)(base + relocations[i]) += (u64)base;
}

/*
 * The init of --init: waits for everything that ends in its pid namespace, hands signals on to its one child, and ends
 * as that child ends. All signals are blocked, so waiting for the next one is the whole loop. Never returns.
 */
static void be_init(i32 child, const u64 *all)
{
	sys_prctl(PR_SET_NAME, "init");
	sys_close_range(0);
	for (;;) {
		struct siginfo info;
		for (;;) {
			info.pid = 0;
			if (sys_waitid(&info, WEXITED | WNOHANG) < 0 || info.pid == 0) break;
			if (info.pid == child) sys_exit_group(info.code == CLD_EXITED ? info.status : 128 + info.status);
		}
		i32 signal = sys_sigwait(all);
		if (signal > 0 && signal != SIGCHLD) sys_kill(child, signal);
	}
}

static long start_init(void)
{
	u64 all = ~0UL;
	sys_sigprocmask(SIG_SETMASK, &all); /* from here on none is lost that the child's end or others send */
	i32 pid = sys_fork(); /* not clone3, which the container's filter denies */
	if (pid > 0) be_init(pid, &all);
	return pid;
}

static long execute(u8 *base, const u64 *registers, const struct operation *op)
{
	u64 a[6];
	for (int n = 0; n < 6; n++) a[n] = argument(base, registers, op, n);
	if (op->kind == KIND_CHECK) return (a[0] & a[1]) == a[2] ? 0 : -(long)a[3];
	if (op->kind == KIND_STORE) {
		*(u32 *)a[1] = (u32)a[0];
		return 0;
	}
	if (op->kind == KIND_INIT) return start_init();
	long result;
	do {
		result = syscall6(op->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	} while (result == -EINTR);
	return result;
}

/* Runs operations first … first + count - 1. Returns 0, or -errno after having reported the one that failed. */
static long run_operations(struct header *program, u64 *registers, u32 first, u32 count)
{
	u8 *base = (u8 *)program;
	struct operation *operations = (struct operation *)(base + program->operations);
	for (u32 i = first; i < first + count; i++) {
		struct operation *op = &operations[i];
		long result = execute(base, registers, op);
		if (op->destination < REGISTERS) registers[op->destination] = result;
		if (result >= 0 || result < -4095) continue;
		if (!tolerates(op, -result)) {
			report(program->report_fd, REPORT_FAILED, i, -result);
			return result;
		}
		if (op->report) report(program->report_fd, REPORT_TOLERATED, i, -result);
		i += op->skip;
	}
	return 0;
}
