/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_IOLIB_H
#define OSQ_KPI_IOLIB_H

#include <sys/types.h>

void *IOMalloc(size_t size); /* not zeroed; NULL for want of memory */
void IOFree(void *address, size_t size);
void IOSleep(unsigned int milliseconds);
void IOLog(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
