// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRANSCRIPT_MAX (48u << 10)
#define LOG_MAX        (16u << 20)

static int output = STDERR_FILENO, console = -1, times = -1;
static uint64_t total; /* bytes in the log */
static _Thread_local struct transcript *transcript;

int log_open(const char *path)
{
	int descriptor;

	if (!path)
		return 0;
	descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (descriptor < 0)
		return errno;
	output = descriptor;
	total = (uint64_t)lseek(descriptor, 0, SEEK_END);
	return 0;
}

int log_open_times(const char *path)
{
	times = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return times < 0 ? errno : 0;
}

void log_discard(void)
{
	output = -1;
}

int log_open_console(const char *path)
{
	console = open(path, O_WRONLY | O_NOCTTY | O_APPEND | O_CLOEXEC);
	return console < 0 ? errno : 0;
}

void log_transcript_begin(struct transcript *kept)
{
	kept->text = NULL;
	kept->length = 0;
	transcript = kept;
}

void log_transcript_end(void)
{
	transcript = NULL;
}

static void keep(const char *bytes, size_t length)
{
	char *text;

	if (transcript->length + length > TRANSCRIPT_MAX)
		return;
	text = realloc(transcript->text, transcript->length + length + 1);
	if (!text)
		return;
	memcpy(text + transcript->length, bytes, length);
	transcript->length += length;
	text[transcript->length] = '\0';
	transcript->text = text;
}

static void write_all(int descriptor, const char *bytes, size_t length)
{
	while (length) {
		ssize_t done = write(descriptor, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		bytes += done;
		length -= (size_t)done;
	}
}

static void note_time(uint64_t offset)
{
	struct timespec now;
	struct log_time entry = {.offset = offset};

	clock_gettime(CLOCK_REALTIME, &now);
	entry.time = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	write_all(times, (const char *)&entry, sizeof(entry));
}

/* A kernel keeps but the last of it: what has grown too long starts again. */
static void start_again(void)
{
	if (ftruncate(output, 0) || (times >= 0 && ftruncate(times, 0)))
		return;
	__atomic_store_n(&total, 0, __ATOMIC_SEQ_CST);
}

/* One write, so that the lines of many threads stay whole. */
void log_bare(const char *bytes, size_t length)
{
	if (output >= 0) {
		const uint64_t offset = __atomic_fetch_add(&total, length, __ATOMIC_SEQ_CST);

		if (times >= 0)
			note_time(offset);
		write_all(output, bytes, length);
		if (offset > LOG_MAX && output != STDERR_FILENO)
			start_again();
	}
	if (console >= 0)
		write_all(console, bytes, length);
}

void log_bytes(const char *bytes, size_t length)
{
	if (transcript)
		keep(bytes, length);
	log_bare(bytes, length);
}

static void write_formatted(const char *format, va_list arguments, const char *end)
{
	char line[1024], *longer = NULL;
	va_list again;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(line, sizeof(line) - 1, format, arguments);
	if (length < 0) {
		va_end(again);
		return;
	}
	if ((size_t)length + 1 >= sizeof(line)) {
		length = vasprintf(&longer, format, again);
		if (length >= 0) {
			log_bytes(longer, (size_t)length);
			log_bytes(end, strlen(end));
			free(longer);
		}
	} else {
		strcpy(line + length, end);
		log_bytes(line, (size_t)length + strlen(end));
	}
	va_end(again);
}

void log_text(const char *format, va_list arguments)
{
	write_formatted(format, arguments, "");
}

void log_line(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_formatted(format, arguments, "\n");
	va_end(arguments);
}
