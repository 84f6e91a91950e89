/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* kextlogd as a process, in a folder of its own that goes with it. */
#ifndef DAEMON_H
#define DAEMON_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "stream.h"

/* What is waited for has to come by then; generous, for it only decides between two failures. */
#define DEADLINE_SECONDS 90

struct folder {
	char path[256];
};
struct folder folder_make(void);
void folder_remove(struct folder *folder);
/* A path in it; good until the eighth next one. */
const char *folder_path(const struct folder *folder, const char *name);
void folder_write(const struct folder *folder, const char *name, const char *text);

struct daemon {
	pid_t pid;
	int input;             /* its standard input; -1: ended */
	char output[PATH_MAX]; /* its standard output and standard error, files in the folder */
	char errors[PATH_MAX];
};

/* What is not the usual. */
struct circumstances {
	const char *output_device; /* standard output is this instead */
	size_t file_limit;         /* RLIMIT_FSIZE */
};

/* NULL ends the arguments. */
struct daemon daemon_start(const struct folder *folder, const char *const *arguments);
struct daemon daemon_start_in(const struct folder *folder, const char *const *arguments,
                              const struct circumstances *circumstances);
#define START(folder, ...) daemon_start(folder, (const char *const[]){__VA_ARGS__, NULL})

void daemon_send(struct daemon *daemon, const struct stream *stream);
void daemon_end_input(struct daemon *daemon);
void daemon_signal(const struct daemon *daemon, int signal);
/* Its exit status, or 128 and the signal's number. Input that is open is ended. */
int daemon_wait(struct daemon *daemon);

/* All of a file, NUL behind it; to be freed. Empty where there is none. */
char *file_text(const char *path);
/* How often this stands in the file. */
unsigned file_count(const char *path, const char *text);
bool file_has(const char *path, const char *text);
/* Waits for it; the test has failed where it does not come. */
bool file_wait(const char *path, const char *text);
long long file_size(const char *path);

/* Waits until it is so. False: it never was. */
bool wait_until(bool (*is_so)(const void *context), const void *context);

#endif
