/*
 * The launch program's layout in memory: a header, the operations, and the data their pointers lead to.
 *
 * src/kernel/launch/encoder.ts writes it, launch.h runs it. A pointer is an offset from the header's first byte, so a
 * program does not depend on where it is loaded.
 */
#pragma once
#include "kernel.h"

enum { PROGRAM_MAGIC = 0x314d444d /* "MDM1" */, PROGRAM_FD = 3, REGISTERS = 256, NO_REGISTER = 0xffff, ANY_ERRNO = 0xffff };

enum operation_kind {
	KIND_SYSCALL = 0, /* a system call, its result kept in a register */
	KIND_CHECK = 1,   /* fails with errno args[3] unless (args[0] & args[1]) == args[2] */
	KIND_STORE = 2,   /* *(u32 *)args[1] = args[0] */
	KIND_INIT = 3,    /* forks: the caller stays as a small init, the program goes on in the child */
};

enum argument_mode {
	MODE_VALUE = 0,
	MODE_POINTER = 1, /* an offset from the header */
	MODE_REGISTER = 2,
	MODE_LOAD32 = 3, /* the u32 at this offset */
	MODE_LOAD64 = 4,
};

struct operation {
	u16 kind;
	u16 destination; /* register, or NO_REGISTER */
	u32 number;      /* of the system call */
	u8 mode[6];
	u16 tolerate[2]; /* errnos that do not end the program: 0 none, ANY_ERRNO any */
	u8 report;       /* whether a tolerated failure is reported */
	u8 skip;         /* operations to pass over after a tolerated failure */
	u8 pad[4];
	u64 args[6];
};

enum program_flags {
	FLAG_TTY = 1,        /* the child sends a pty's master over pty_fd */
	FLAG_STDIN_ONCE = 2, /* stdin ends with the first client's input */
	FLAG_NO_CHILD = 4,   /* run the operations and end: nothing is started or watched */
};

struct header {
	u32 magic, size;
	u32 operations;   /* offset */
	u32 before_count; /* operations the shim runs in itself, before the clone */
	u32 child_count;  /* operations that follow, run by the child */
	u32 flags;
	u32 relocations;  /* offset of u32 offsets: each names a u64 in the data that is an offset and becomes a pointer */
	u32 relocation_count;
	u64 clone_flags;
	i32 cgroup_fd;  /* for CLONE_INTO_CGROUP, or -1 */
	i32 report_fd;  /* struct report records go here */
	i32 stdin_fd;   /* the shim's ends of the child's stdio; -1 for none */
	i32 stdout_fd, stderr_fd;
	i32 pty_fd;     /* a socket on which the child sends its pty's master */
	i32 listen_fd;  /* attach clients connect here */
	i32 client_fd;  /* the client that is attached from the start, or -1 */
	i32 log_dir_fd; /* container.log is kept here, or -1 */
	i32 run_dir_fd; /* the files monitor and exit are kept here, or -1 */
	i32 child_fds;  /* descriptors from this number on are the child's alone */
	u32 log_files;
	u64 log_bytes;    /* a log file's size at most */
	u32 exit_step;    /* offset of the exit step's argv as NUL-terminated strings, ended by an empty one; 0 for none */
	u32 exit_step_size;
};

enum report_type { REPORT_STARTED = 1, REPORT_TOLERATED = 2, REPORT_FAILED = 3 };
enum { INDEX_CLONE = 0xffffffff, INDEX_PTY = 0xfffffffe };

struct report {
	u32 type;
	u32 index; /* of the operation */
	i64 value; /* the pid, or the errno */
};

_Static_assert(sizeof(struct operation) == 72, "encoder.ts: operation");
_Static_assert(sizeof(struct header) == 104, "encoder.ts: header");
