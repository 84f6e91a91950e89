// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* libc's own, under the kernel's names; what libc lacks is written out. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "darwin.h"
#include "kpi.h"

static size_t kernel_strlcpy(char *to, const char *from, size_t size)
{
	const size_t length = strlen(from);
	const size_t copied = length < size ? length : size - 1;

	if (size) {
		memcpy(to, from, copied);
		to[copied] = '\0';
	}
	return length;
}

static size_t kernel_strlcat(char *to, const char *from, size_t size)
{
	const size_t length = strnlen(to, size);

	if (length == size)
		return size + strlen(from);
	return length + kernel_strlcpy(to + length, from, size - length);
}

/* The kernel's has them the other way round than memcpy. */
static void kernel_bcopy(const void *from, void *to, size_t size)
{
	memmove(to, from, size);
}

static void kernel_bzero(void *address, size_t size)
{
	memset(address, 0, size);
}

static int kernel_strprefix(const char *string, const char *prefix)
{
	return !strncmp(string, prefix, strlen(prefix));
}

/* `done` counts the NUL. */
static int kernel_copystr(const char *from, char *to, size_t size, size_t *done)
{
	const size_t length = strnlen(from, size);
	const bool fits = length < size;

	memcpy(to, from, fits ? length + 1 : size);
	if (done)
		*done = fits ? length + 1 : size;
	return fits ? 0 : DARWIN_ENAMETOOLONG;
}

#define LIBC(name)                                                                                 \
	{                                                                                          \
		"_" #name, KPI_LIBKERN, (const void *)name                                         \
	}

const struct kpi_symbol kpi_string[] = {
    LIBC(memcpy),
    LIBC(memmove),
    LIBC(memset),
    LIBC(memcmp),
    {"_bcmp", KPI_LIBKERN, (const void *)memcmp},
    KPI_FUNCTION(KPI_LIBKERN, bcopy),
    KPI_FUNCTION(KPI_LIBKERN, bzero),
    LIBC(strlen),
    LIBC(strnlen),
    LIBC(strcmp),
    LIBC(strncmp),
    LIBC(strcasecmp),
    LIBC(strncasecmp),
    LIBC(strncpy),
    {"_strchr", KPI_LIBKERN, (const void *)(char *(*)(const char *, int))strchr},
    KPI_FUNCTION(KPI_LIBKERN, strlcpy),
    KPI_FUNCTION(KPI_LIBKERN, strlcat),
    KPI_FUNCTION(KPI_LIBKERN, strprefix),
    LIBC(snprintf),
    LIBC(vsnprintf),
    LIBC(strtol),
    LIBC(strtoul),
    {"_strtoq", KPI_LIBKERN, (const void *)strtoll},
    {"_strtouq", KPI_LIBKERN, (const void *)strtoull},
    LIBC(sprintf),
    LIBC(sscanf),
    LIBC(strcpy),
    LIBC(strcat),
    LIBC(strncat),
    LIBC(ffs),
    KPI_FUNCTION(KPI_BSD, copystr),
    {"_strsep", KPI_DSEP, (const void *)strsep},
    {0},
};
