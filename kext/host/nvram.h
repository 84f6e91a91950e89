/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A machine's nvram, in a file: a line for each variable, its name, a tab and its value, with %xx
 * for what is not printable. Of two lines of one name the last holds.
 */
#ifndef KEXTHOST_NVRAM_H
#define KEXTHOST_NVRAM_H

#include <stddef.h>

#define NVRAM_NAME_MAX   63
#define NVRAM_SIZE_MAX   (64u << 10) /* of the file */
#define NVRAM_PANIC_INFO "aapl,panic-info"

/* Its length, and the value with a NUL after it, which the caller frees; NULL where there is none.
 */
char *nvram_get(const char *file, const char *name, size_t *length);

/* NULL removes it. 0 or an errno: ENOENT when there is none to remove, ENOSPC, EINVAL for a name
 * that none can have. */
int nvram_set(const char *file, const char *name, const char *value, size_t length);

void nvram_each(const char *file, void (*tell)(const char *name, const char *value, size_t length));

/* 0 or an errno. */
int nvram_copy(const char *file, const char *copy);

/* As nvram_set, in the midst of a panic: takes no lock and no memory. */
void nvram_append(const char *file, const char *name, const char *value, size_t length);

/* Of the boot-args: the value of NAME=VALUE, or "" for the bare word, in `value`; 0 where absent.
 */
int nvram_boot_argument(const char *arguments, const char *name, char *value, size_t size);

#endif
