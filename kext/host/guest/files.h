/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef GUEST_FILES_H
#define GUEST_FILES_H

#include <stddef.h>

/* A regular file's content with a NUL after it, which the caller frees; NULL with errno. EFBIG for
 * more than `limit` bytes. */
char *file_read(const char *path, size_t limit, size_t *size);

#endif
