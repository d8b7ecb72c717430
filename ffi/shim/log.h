/*
 * The container's log: CRI text lines, "2016-10-06T00:17:09.669794202Z stdout F the line", rotated by size.
 *
 * A line whose end has not been seen is written at once with the tag P; what follows it carries F. So nothing is held
 * back and nothing has to be remembered but the buffer of the write under way.
 */
#pragma once
#include "kernel.h"

/* The buffer takes the longest record, a whole chunk of output without a newline, so that no record spans a rotation. */
enum { CHUNK = 64 * 1024, LOG_BUFFER = CHUNK + 4096, LOG_PREFIX = 40 };

struct log {
	i32 dir_fd, fd;
	u32 files;
	u64 limit, size;
	u8 *buffer;
	u32 used;
};

static void two_digits(u8 *at, u32 value)
{
	at[0] = '0' + value / 10;
	at[1] = '0' + value % 10;
}

/* Writes "YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ" (30 bytes): the proleptic Gregorian date by counting years from 1 March. */
static void format_time(u8 *at, const struct timespec *now)
{
	u64 days = (u64)now->seconds / 86400 + 719468;
	u32 second = (u64)now->seconds % 86400;
	u64 era = days / 146097;
	u32 day_of_era = days % 146097;
	u32 year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	u32 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	u32 shifted_month = (5 * day_of_year + 2) / 153;
	u32 month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
	u32 year = year_of_era + era * 400 + (month <= 2);
	two_digits(at, year / 100);
	two_digits(at + 2, year % 100);
	at[4] = at[7] = '-';
	two_digits(at + 5, month);
	two_digits(at + 8, day_of_year - (153 * shifted_month + 2) / 5 + 1);
	at[10] = 'T';
	two_digits(at + 11, second / 3600);
	two_digits(at + 14, second / 60 % 60);
	two_digits(at + 17, second % 60);
	at[13] = at[16] = ':';
	at[19] = '.';
	u32 nanoseconds = now->nanoseconds;
	for (int i = 28; i >= 20; i--, nanoseconds /= 10) at[i] = '0' + nanoseconds % 10;
	at[29] = 'Z';
}

static void log_open(struct log *log)
{
	u8 last = '\n';
	log->fd = sys_openat(log->dir_fd, "container.log", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	i64 end = log->fd < 0 ? 0 : sys_lseek(log->fd, 0, SEEK_END);
	log->size = end > 0 ? end : 0;
	if (end <= 0 || sys_lseek(log->fd, -1, SEEK_END) < 0) return;
	/* A record that a crash cut short ends here: the next one begins on a line of its own. */
	if (sys_read(log->fd, &last, 1) == 1 && last != '\n') sys_write(log->fd, "\n", 1);
}

/* container.log becomes container.log.1, that one .2, and the oldest is replaced. */
static void log_rotate(struct log *log)
{
	char from[] = "container.log.0", to[] = "container.log.0";
	for (u32 n = log->files - 1; n >= 1; n--) {
		from[14] = '0' + n - 1;
		to[14] = '0' + n;
		sys_renameat(log->dir_fd, n == 1 ? "container.log" : from, to);
	}
	if (log->fd >= 0) sys_close(log->fd);
	i32 truncate = log->files == 1 ? O_TRUNC : 0;
	log->fd = sys_openat(log->dir_fd, "container.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | truncate, 0640);
	log->size = 0;
}

/* What a full disk refuses is lost: a container must not stop because its log cannot be written. */
static void log_flush(struct log *log)
{
	if (log->used && log->size && log->size + log->used > log->limit) log_rotate(log);
	for (u32 done = 0; done < log->used;) {
		long written = sys_write(log->fd, log->buffer + done, log->used - done);
		if (written <= 0) break;
		done += written;
		log->size += written;
	}
	log->used = 0;
}

static void log_append(struct log *log, const u8 *bytes, u32 count)
{
	__builtin_memcpy(log->buffer + log->used, bytes, count);
	log->used += count;
}

/* Logs what one read returned. stream: 1 stdout, 2 stderr. */
static void log_chunk(struct log *log, u8 stream, const u8 *data, u32 count)
{
	u8 prefix[LOG_PREFIX];
	struct timespec now;
	if (log->dir_fd < 0) return;
	sys_clock_gettime(CLOCK_REALTIME, &now);
	format_time(prefix, &now);
	__builtin_memcpy(prefix + 30, stream == 1 ? " stdout F " : " stderr F ", 10);
	while (count) {
		u8 *newline = __builtin_memchr(data, '\n', count);
		u32 line = newline ? (u32)(newline - data) : count;
		prefix[38] = newline ? 'F' : 'P';
		if (log->used + LOG_PREFIX + line + 1 > LOG_BUFFER) log_flush(log);
		log_append(log, prefix, LOG_PREFIX);
		log_append(log, data, line);
		log_append(log, (const u8 *)"\n", 1);
		if (newline) line++;
		data += line;
		count -= line;
	}
	log_flush(log);
}
