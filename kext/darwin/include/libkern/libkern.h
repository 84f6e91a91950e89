/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_LIBKERN_H
#define OSQ_KPI_LIBKERN_H

#include <stdarg.h>
#include <stddef.h>

/* What would have been written, were there room. */
int vsnprintf(char *to, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
