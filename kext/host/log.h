/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel's log: what dmesg of a Mac would show. */
#ifndef KEXTHOST_LOG_H
#define KEXTHOST_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Appends to `path`, or goes to standard error where NULL. 0 or an errno. */
int log_open(const char *path);

/* When each piece of the log was written goes there: a struct log_time each. 0 or an errno. */
int log_open_times(const char *path);

struct log_time {
	uint64_t offset; /* of the piece, in the log */
	uint64_t time;   /* microseconds since 1970 */
};

/* Nothing goes anywhere but into transcripts. */
void log_discard(void);

/* Everything goes there as well: the serial console of a machine. 0 or an errno. */
int log_open_console(const char *path);

/* What a thread logs between begin and end is kept for it as well. */
struct transcript {
	char *text; /* NUL-terminated, or NULL where nothing was logged; the caller frees it */
	size_t length;
};
void log_transcript_begin(struct transcript *transcript);
void log_transcript_end(void);

/* A line of the host's, without its end. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Text as an extension prints it. */
void log_text(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

void log_bytes(const char *bytes, size_t length);

/* The same, into no transcript: takes no lock and no memory. */
void log_bare(const char *bytes, size_t length);

#endif
