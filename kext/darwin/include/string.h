/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_STRING_H
#define OSQ_KPI_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
int strcmp(const char *left, const char *right);
size_t strlen(const char *string);
size_t strnlen(const char *string, size_t limit);
size_t strlcpy(char *to, const char *from, size_t size);

#endif
