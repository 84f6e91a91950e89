/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Where lines go: a file that is locked and rotated, or standard output.
 *
 * FILE -> FILE.1 -> FILE.2 ... No line is split between two of them. What cannot be written is no
 * reason to end: the caller is told how much of it was.
 */
#ifndef KEXTLOGD_FILE_H
#define KEXTLOGD_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kextlogd_lock.h"

struct logd_file_options {
	const char *path;     /* NULL: standard output */
	uint64_t rotate_size; /* bytes; 0: at no size */
	uint64_t rotate_age;  /* seconds since the first line; 0: at no age */
	uint64_t keep;        /* how many old ones stay */
};

struct logd_file {
	struct logd_file_options options;
	char path[PATH_MAX]; /* without symbolic links at its end; for people where it is none */
	struct logd_lock lock;
	int fd;
	bool regular;
	bool half_line;   /* the last line has no end */
	bool moved;       /* the open file has another name already: a new one could not be made */
	bool told_rotate; /* that rotation fails */
	uint64_t first;   /* seconds since 1970, of the first line */
	uint64_t later;   /* not rotated before this, seconds since 1970: it failed */
	int error;        /* why something was not written, or 0 */
	char message[PATH_MAX + 512];
};

/* -1, with what is wrong in `message`. */
int logd_file_open(struct logd_file *file, const struct logd_file_options *options);
void logd_file_close(struct logd_file *file);

/* Writes whole lines, as many as can be. How many bytes: with fewer, `error` says why. */
size_t logd_file_write(struct logd_file *file, const char *lines, size_t length);

/* To the disk itself. -1 with errno. */
int logd_file_sync(struct logd_file *file);

/* Opens the path anew, for it may name another file now. -1: the old one goes on, see `message`. */
int logd_file_reopen(struct logd_file *file);

#endif
