/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Opening what a superuser's daemon is told to write to, in folders that others may write to. */
#ifndef KEXTLOGD_OUTPUT_H
#define KEXTLOGD_OUTPUT_H

#include <limits.h>
#include <stddef.h>

/*
 * Follows a symbolic link at the end of `path`, if it is the superuser's or our own: then `path` is
 * where it leads to. -1 with what is wrong in `message`.
 */
int logd_output_resolve(char path[PATH_MAX], char *message, size_t size);

/*
 * Opens a file to append to, and makes it (0600) where there is none; or a FIFO or a terminal that
 * has this name. Nothing else, and nothing of somebody else's. -1 with errno, and what is wrong in
 * `message`.
 */
int logd_output_open(const char *path, char *message, size_t size);

#endif
