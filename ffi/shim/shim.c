/*
 * The shim: runs a launch program, then stays as the container's monitor.
 *
 * Freestanding C: no libc, no allocator, no threads. All policy (which calls, in which order, what a status means) is
 * TypeScript's; this is the loop that runs the list and the loop that waits. docs/architecture.md tells the story.
 */
#include "launch.h"
#include "supervise.h"

void *memcpy(void *to, const void *from, u64 count)
{
	u8 *t = to;
	const u8 *f = from;
#if defined(__x86_64__)
	__asm__ volatile("rep movsb" : "+D"(t), "+S"(f), "+c"(count) : : "memory");
#else
	while (count--) *t++ = *f++;
#endif
	return to;
}

void *memset(void *to, int byte, u64 count)
{
	u8 *t = to;
	while (count--) {
		*t++ = byte;
		__asm__ volatile("" : : : "memory"); /* keeps the compiler from making this a call of memset */
	}
	return to;
}

/* Eight bytes at a time: a word that holds the byte has a zero byte after xor, which the subtraction shows. */
void *memchr(const void *from, int byte, u64 count)
{
	const u8 *f = from;
	const u64 ones = 0x0101010101010101UL, highs = 0x8080808080808080UL, pattern = ones * (u8)byte;
	for (; count >= 8; f += 8, count -= 8) {
		u64 word;
		__builtin_memcpy(&word, f, 8);
		word ^= pattern;
		if ((word - ones) & ~word & highs) break;
	}
	for (; count; f++, count--)
		if (*f == (u8)byte) return (void *)f;
	return 0;
}

enum { RECORD = 1536, EXIT_STEP = 3072, EXIT_ARGUMENTS = 16, DRAIN_CHUNKS = 64, BUFFERS = CHUNK + 4096 + LOG_BUFFER + INPUT };
static struct shim shim;
static u8 exit_step[EXIT_STEP];
static u32 exit_step_size;

static u32 copy_file(const char *path, u8 *to, u32 room)
{
	i32 fd = sys_openat(AT_FDCWD, path, O_CLOEXEC, 0);
	long count = fd < 0 ? 0 : sys_read(fd, to, room);
	if (fd >= 0) sys_close(fd);
	return count > 0 ? count : 0;
}

/* Written under another name and renamed, so that a reader sees a whole record or none. */
static void write_record(const char *temporary, const char *name, const u8 *bytes, u32 count)
{
	i32 fd = sys_openat(shim.run_dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) return;
	sys_write(fd, bytes, count);
	sys_close(fd);
	sys_renameat(shim.run_dir_fd, temporary, name);
}

static u32 decimal(u8 *at, u64 value)
{
	u8 digits[20];
	u32 count = 0;
	do {
		digits[count++] = '0' + value % 10;
		value /= 10;
	} while (value);
	for (u32 i = 0; i < count; i++) at[i] = digits[count - 1 - i];
	return count;
}

/* The file monitor: proc(5)'s stat line of this process, then that of the init. They tell pid and start time. */
static void record_monitor(void)
{
	u8 record[RECORD], path[32] = "/proc/";
	u32 used = copy_file("/proc/self/stat", record, RECORD / 2);
	u32 end = 6 + decimal(path + 6, shim.init);
	__builtin_memcpy(path + end, "/stat", 6);
	used += copy_file((char *)path, record + used, RECORD - used);
	write_record("monitor.new", "monitor", record, used);
}

/* The file exit: "si_code si_status seconds.nanoseconds\n" of the init's end, waitid(2). */
static void record_exit(void)
{
	u8 record[64];
	struct timespec now;
	if (shim.run_dir_fd < 0) return;
	sys_clock_gettime(CLOCK_REALTIME, &now);
	u32 used = decimal(record, shim.exit_code);
	record[used++] = ' ';
	used += decimal(record + used, shim.exit_status);
	record[used++] = ' ';
	used += decimal(record + used, now.seconds);
	record[used++] = '.';
	u32 fraction = now.nanoseconds;
	for (int i = 8; i >= 0; i--, fraction /= 10) record[used + i] = '0' + fraction % 10;
	used += 9;
	record[used++] = '\n';
	write_record("exit.new", "exit", record, used);
}

static void set_nonblocking(i32 fd)
{
	if (fd >= 0) sys_fcntl(fd, F_SETFL, sys_fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
}

/* The child sends its pty's master with SCM_RIGHTS; the end of the stream means that it failed before it could. */
static i32 receive_pty(i32 socket)
{
	struct { u64 length; i32 level, type, fd, pad; } control = { 0 };
	u8 byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { 0, 0, &iov, 1, &control, sizeof control, 0 };
	long count;
	do {
		count = sys_recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (count == -EINTR);
	if (count != 1 || control.length < 20) return -1;
	/* A slave kept open: without one, a master polls as hung up whenever the container has none open itself. */
	sys_ioctl(control.fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return control.fd;
}

enum { POLL_SIGNAL, POLL_LISTEN, POLL_STDOUT, POLL_STDERR, POLL_STDIN, POLL_CLIENTS };

static u32 fill_poll(struct pollfd *fds, int lagging)
{
	int waiting = shim.input_have > 0;
	fds[POLL_SIGNAL] = (struct pollfd){ shim.signal_fd, POLLIN, 0 };
	fds[POLL_LISTEN] = (struct pollfd){ shim.exited ? -1 : shim.listen_fd, POLLIN, 0 };
	fds[POLL_STDOUT] = (struct pollfd){ lagging ? -1 : shim.stdout_fd, POLLIN, 0 };
	fds[POLL_STDERR] = (struct pollfd){ lagging ? -1 : shim.stderr_fd, POLLIN, 0 };
	fds[POLL_STDIN] = (struct pollfd){ waiting ? shim.stdin_fd : -1, POLLOUT, 0 };
	for (u32 n = 0; n < shim.client_count; n++) {
		struct client *client = &shim.clients[n];
		short events = (waiting ? 0 : POLLIN) | (client->sent < shim.chunk_length ? POLLOUT : 0);
		fds[POLL_CLIENTS + n] = (struct pollfd){ client->fd, events, 0 };
	}
	return POLL_CLIENTS + shim.client_count;
}

/* Waits for events. Before it sleeps, the pages of the buffers go back to the kernel: an idle shim costs a few KiB. */
static long wait_events(struct pollfd *fds, u32 count, const struct timespec *limit)
{
	static const struct timespec now = { 0, 0 };
	long ready = sys_ppoll(fds, count, &now);
	if (ready != 0) return ready;
	if (shim.dirty && shim.input_have == 0 && shim.chunk_length == 0) {
		sys_madvise(shim.chunk, BUFFERS, MADV_DONTNEED);
		shim.dirty = 0;
	}
	return sys_ppoll(fds, count, limit);
}

static void serve_clients(const struct pollfd *fds, u32 count)
{
	/* Backwards, because dropping one moves the last into its place. */
	for (u32 n = count - POLL_CLIENTS; n-- > 0;) {
		short events = fds[POLL_CLIENTS + n].revents;
		if (n >= shim.client_count || shim.clients[n].fd != fds[POLL_CLIENTS + n].fd) continue;
		if (((events & POLLIN) && read_client(&shim, &shim.clients[n]) < 0) ||
		    (!(events & POLLIN) && (events & (POLLHUP | POLLERR))))
			drop_client(&shim, n);
	}
}

static void drop_laggards(void)
{
	for (u32 n = shim.client_count; n-- > 0;)
		if (shim.clients[n].sent < shim.chunk_length) drop_client(&shim, n);
}

static void step(struct pollfd *fds)
{
	static const struct timespec patience = { LAGGARD_SECONDS, 0 };
	int lagging = send_chunk(&shim);
	if (!lagging) shim.chunk_length = 0;
	u32 count = fill_poll(fds, lagging);
	long ready = wait_events(fds, count, shim.exited && lagging ? &patience : 0);
	if (ready == 0) drop_laggards();
	if (ready <= 0) return;
	if (fds[POLL_SIGNAL].revents) reap(&shim);
	if (fds[POLL_STDIN].revents) write_input(&shim);
	serve_clients(fds, count);
	if (fds[POLL_LISTEN].revents) accept_client(&shim);
	if (lagging) return;
	if (fds[POLL_STDOUT].revents && read_output(&shim, &shim.stdout_fd, FRAME_STDOUT) && send_chunk(&shim)) return;
	if (fds[POLL_STDERR].revents) read_output(&shim, &shim.stderr_fd, FRAME_STDERR);
}

/* The init has gone: what it left in its pipes (1 MiB each at most) is still delivered, but nothing is waited for. */
static void drain(struct pollfd *fds)
{
	for (u32 n = 0; n < DRAIN_CHUNKS; n++) {
		while (send_chunk(&shim)) step(fds);
		shim.chunk_length = 0;
		if (!read_output(&shim, &shim.stdout_fd, FRAME_STDOUT) && !read_output(&shim, &shim.stderr_fd, FRAME_STDERR)) return;
	}
}

static void send_exit(struct pollfd *fds)
{
	i32 status[2] = { shim.exit_code, shim.exit_status };
	shim.stdout_fd = shim.stderr_fd = -1;
	start_chunk(&shim, FRAME_EXIT, sizeof status);
	__builtin_memcpy(shim.chunk + FRAME_HEADER, status, sizeof status);
	while (send_chunk(&shim)) step(fds);
	shim.chunk_length = 0;
	/* The first client may do the exit step in this shim's place; its silence until it goes means that it does not. */
	while (exit_step_size && shim.owner_fd >= 0 && !shim.acknowledged) step(fds);
}

static void run_exit_step(void)
{
	char *argv[EXIT_ARGUMENTS + 1], *environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0 };
	u32 count = 0, at = 0;
	u64 none = 0;
	sys_close_range(PROGRAM_FD);
	while (count < EXIT_ARGUMENTS && at < exit_step_size && exit_step[at]) {
		argv[count++] = (char *)exit_step + at;
		while (at < exit_step_size && exit_step[at]) at++;
		at++;
	}
	argv[count] = 0;
	if (!count) return;
	sys_sigprocmask(SIG_SETMASK, &none);
	sys_execve(argv[0], argv, environment);
}

static void adopt(struct header *program, i32 init)
{
	shim.init = init;
	shim.stdin_fd = program->stdin_fd;
	shim.stdout_fd = program->stdout_fd;
	shim.stderr_fd = program->stderr_fd;
	shim.listen_fd = program->listen_fd;
	shim.run_dir_fd = program->run_dir_fd;
	shim.flags = program->flags;
	shim.log.dir_fd = program->log_dir_fd;
	shim.log.files = program->log_files;
	shim.log.limit = program->log_bytes;
	shim.owner_fd = program->client_fd;
	if (shim.run_dir_fd >= 0) record_monitor();
	if (program->client_fd >= 0) add_client(&shim, program->client_fd);
	if (program->exit_step && program->exit_step_size <= EXIT_STEP) {
		exit_step_size = program->exit_step_size;
		__builtin_memcpy(exit_step, (u8 *)program + program->exit_step, exit_step_size);
	}
}

static void watch(void)
{
	struct pollfd fds[POLL_CLIENTS + CLIENTS];
	u8 *buffers = (u8 *)sys_mmap(BUFFERS, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	shim.chunk = buffers;
	shim.log.buffer = buffers + CHUNK + 4096;
	shim.input = shim.log.buffer + LOG_BUFFER;
	if (shim.log.dir_fd >= 0) log_open(&shim.log);
	set_nonblocking(shim.stdin_fd);
	set_nonblocking(shim.stdout_fd);
	set_nonblocking(shim.stderr_fd);
	while (!shim.exited) step(fds);
	drain(fds);
	record_exit(); /* last: whoever sees it finds all output in the log */
	send_exit(fds);
	if (!shim.acknowledged) run_exit_step();
}

static void child(struct header *program, u64 *registers)
{
	run_operations(program, registers, program->before_count, program->child_count);
	sys_exit_group(127);
}

void shim_main(void)
{
	u64 registers[REGISTERS], all = ~0UL, child_signal = 1UL << (SIGCHLD - 1);
	i64 size = sys_lseek(PROGRAM_FD, 0, SEEK_END);
	struct header *program = (struct header *)sys_mmap(size, MAP_PRIVATE, PROGRAM_FD);
	if (size < (i64)sizeof *program || (u64)program > -4096UL || program->magic != PROGRAM_MAGIC) sys_exit_group(125);
	sys_close(PROGRAM_FD);
	relocate(program);
	sys_setsid();
	sys_sigprocmask(SIG_SETMASK, &all);
	sys_prctl(PR_SET_NAME, "md-shim");
	sys_prctl(PR_SET_DUMPABLE, 0);
	if (run_operations(program, registers, 0, program->before_count) < 0) sys_exit_group(125);
	if (program->flags & FLAG_NO_CHILD) sys_exit_group(0);

	sys_prctl(PR_SET_CHILD_SUBREAPER, 1);
	shim.signal_fd = sys_signalfd(&child_signal, O_NONBLOCK | O_CLOEXEC);
	struct clone_args clone = { .flags = program->clone_flags, .exit_signal = SIGCHLD };
	if (program->cgroup_fd >= 0) {
		clone.flags |= CLONE_INTO_CGROUP;
		clone.cgroup = program->cgroup_fd;
	}
	i64 pid = sys_clone3(&clone);
	if (pid < 0) {
		report(program->report_fd, REPORT_FAILED, INDEX_CLONE, -pid);
		sys_exit_group(125);
	}
	if (pid == 0) child(program, registers);

	/* The signalfd is not among them: it took the number of the program's own descriptor. */
	sys_close_range(program->child_fds);
	adopt(program, pid);
	report(program->report_fd, REPORT_STARTED, 0, pid);
	sys_close(program->report_fd);
	if (program->pty_fd >= 0) {
		i32 master = receive_pty(program->pty_fd);
		sys_close(program->pty_fd);
		shim.stdout_fd = master;
		shim.stdin_fd = program->stdin_fd == -2 ? master : -1;
	}
	sys_munmap(program, size);
	watch();
	sys_exit_group(0);
}
