/*
 * After the birth: one loop over ppoll that carries output to the log and to attached clients, input to the container,
 * and waits for its end. Everything is bounded: one chunk of output is under way at a time, and the container's next
 * output is read when every client has taken it.
 *
 * A frame on an attach connection is {type, 0, 0, 0, length (u32, little-endian)} and the payload.
 */
#pragma once
#include "log.h"
#include "program.h"

enum { FRAME_HEADER = 8, INPUT = 4096, CLIENTS = 16, LAGGARD_SECONDS = 10 };
enum frame { FRAME_STDIN = 0, FRAME_STDOUT = 1, FRAME_STDERR = 2, FRAME_EXIT = 3, FRAME_STDIN_END = 4, FRAME_RESIZE = 5,
	FRAME_EXIT_STEP = 6, FRAME_DETACH = 7 };

struct client {
	i32 fd;
	u32 sent;               /* bytes of the chunk under way that it has taken */
	u32 remaining;          /* payload bytes still to come */
	u8 header[FRAME_HEADER];
	u8 have;                /* header bytes received */
	u8 payload_have;
	u8 detached;
	u8 payload[8];
};

struct shim {
	struct log log;
	i32 stdin_fd, stdout_fd, stderr_fd, listen_fd, signal_fd, run_dir_fd, owner_fd;
	u32 flags;
	i32 init;                /* the container's first process */
	u8 exited, acknowledged, stdin_ending, dirty;
	i32 exit_code, exit_status;
	u8 *chunk;               /* a frame: header and data */
	u32 chunk_length;
	u8 *input;               /* bytes for stdin that the pipe has not taken */
	u32 input_have, input_done;
	struct client clients[CLIENTS];
	u32 client_count;
};

/* Ends the container's stdin, once the bytes already taken have been written. A terminal has no such end. */
static void end_stdin(struct shim *shim)
{
	if (shim->stdin_fd < 0 || (shim->flags & FLAG_TTY)) return;
	shim->stdin_ending = 1;
	if (shim->input_have) return;
	sys_close(shim->stdin_fd);
	shim->stdin_fd = -1;
}

static void drop_client(struct shim *shim, u32 n)
{
	struct client *client = &shim->clients[n];
	if ((shim->flags & FLAG_STDIN_ONCE) && !client->detached) end_stdin(shim);
	if (client->fd == shim->owner_fd) shim->owner_fd = -1;
	sys_close(client->fd);
	*client = shim->clients[--shim->client_count];
}

static void add_client(struct shim *shim, i32 fd)
{
	if (shim->client_count == CLIENTS) {
		sys_close(fd);
		return;
	}
	struct client *client = &shim->clients[shim->client_count++];
	__builtin_memset(client, 0, sizeof *client);
	client->fd = fd;
	client->sent = shim->chunk_length; /* a chunk already under way is not for it */
}

/* Only root, or whoever this shim runs as, may attach; the socket's mode says so too. */
static void accept_client(struct shim *shim)
{
	struct ucred peer = { 0, 1, 1 };
	u32 size = sizeof peer;
	i32 fd = sys_accept4(shim->listen_fd, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) return;
	if (sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != 0) sys_close(fd);
	else add_client(shim, fd);
}

/* Sends what it can of the chunk. Returns whether any client has yet to take the rest. */
static int send_chunk(struct shim *shim)
{
	int lagging = 0;
	for (u32 n = shim->client_count; n-- > 0;) {
		struct client *client = &shim->clients[n];
		if (client->sent >= shim->chunk_length) continue;
		long sent = sys_send(client->fd, shim->chunk + client->sent, shim->chunk_length - client->sent,
				     MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) client->sent += sent;
		else if (sent != -EAGAIN && sent != -EINTR) {
			drop_client(shim, n);
			continue;
		}
		if (client->sent < shim->chunk_length) lagging = 1;
	}
	return lagging;
}

static void start_chunk(struct shim *shim, u8 type, u32 length)
{
	__builtin_memset(shim->chunk, 0, FRAME_HEADER);
	shim->chunk[0] = type;
	*(u32 *)(shim->chunk + 4) = length;
	shim->chunk_length = FRAME_HEADER + length;
	for (u32 n = 0; n < shim->client_count; n++) shim->clients[n].sent = 0;
}

/* Reads one chunk of the container's output. Returns 0 when there is none now, or none any more. */
static int read_output(struct shim *shim, i32 *fd, u8 stream)
{
	if (*fd < 0) return 0;
	shim->dirty = 1;
	long count = sys_read(*fd, shim->chunk + FRAME_HEADER, CHUNK);
	if (count == -EAGAIN || count == -EINTR) return 0;
	if (count <= 0) { /* the end; a pty says EIO */
		if (shim->stdin_fd == *fd) shim->stdin_fd = -1;
		sys_close(*fd);
		*fd = -1;
		return 0;
	}
	log_chunk(&shim->log, stream, shim->chunk + FRAME_HEADER, count);
	start_chunk(shim, stream, count);
	return 1;
}

static void write_input(struct shim *shim)
{
	while (shim->input_done < shim->input_have) {
		long written = shim->stdin_fd < 0 ? (long)(shim->input_have - shim->input_done)
						  : sys_write(shim->stdin_fd, shim->input + shim->input_done,
							      shim->input_have - shim->input_done);
		if (written == -EAGAIN || written == -EINTR) return;
		if (written < 0) { /* nobody reads it any more */
			shim->stdin_ending = 1;
			break;
		}
		shim->input_done += written;
	}
	shim->input_done = shim->input_have = 0;
	if (shim->stdin_ending) end_stdin(shim);
}

static void control(struct shim *shim, struct client *client)
{
	switch (client->header[0]) {
	case FRAME_STDIN_END:
		if (shim->flags & FLAG_STDIN_ONCE) end_stdin(shim);
		break;
	case FRAME_RESIZE: {
		struct winsize size = { *(u16 *)client->payload, *(u16 *)(client->payload + 2), 0, 0 };
		if (shim->flags & FLAG_TTY) sys_ioctl(shim->stdout_fd, TIOCSWINSZ, &size);
		break;
	}
	case FRAME_EXIT_STEP:
		if (client->fd == shim->owner_fd) shim->acknowledged = 1;
		break;
	case FRAME_DETACH: client->detached = 1; break;
	}
}

/* Receives up to `want` bytes. Returns the count, 0 for "not now", -1 when the client has gone. */
static long receive(struct client *client, void *at, u32 want)
{
	long count = sys_recv(client->fd, at, want, MSG_DONTWAIT);
	if (count > 0) return count;
	return count == -EAGAIN || count == -EINTR ? 0 : -1;
}

/* Takes a client's frames until there is no more, or stdin is full. Returns -1 when the client is to be dropped. */
static int read_client(struct shim *shim, struct client *client)
{
	while (shim->input_have == 0) {
		long count;
		if (client->have < FRAME_HEADER) {
			count = receive(client, client->header + client->have, FRAME_HEADER - client->have);
			if (count <= 0) return count;
			client->have += count;
			if (client->have < FRAME_HEADER) continue;
			client->remaining = *(u32 *)(client->header + 4);
			client->payload_have = 0;
			if (client->header[0] != FRAME_STDIN && client->remaining > sizeof client->payload) return -1;
		}
		if (client->header[0] == FRAME_STDIN && client->remaining) {
			shim->dirty = 1;
			count = receive(client, shim->input, client->remaining < INPUT ? client->remaining : INPUT);
			if (count <= 0) return count;
			client->remaining -= count;
			shim->input_have = count;
			if (!client->remaining) client->have = 0;
			write_input(shim);
			continue;
		}
		if (client->remaining) {
			count = receive(client, client->payload + client->payload_have, client->remaining);
			if (count <= 0) return count;
			client->payload_have += count;
			client->remaining -= count;
			if (client->remaining) continue;
		}
		client->have = 0;
		control(shim, client);
	}
	return 0;
}

static void reap(struct shim *shim)
{
	u8 drain[128];
	struct siginfo info;
	while (sys_read(shim->signal_fd, drain, sizeof drain) > 0) {}
	for (;;) {
		info.pid = 0;
		if (sys_waitid(&info, WEXITED | WNOHANG) < 0 || info.pid == 0) return;
		if (info.pid != shim->init) continue; /* inherited: a subreaper's duty is done by waiting for it */
		shim->exited = 1;
		shim->exit_code = info.code;
		shim->exit_status = info.status;
	}
}
