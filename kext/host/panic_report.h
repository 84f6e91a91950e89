/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The file that macOS makes of a panic. */
#ifndef KEXTHOST_PANIC_REPORT_H
#define KEXTHOST_PANIC_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* FOLDER/Kernel_DATE_HOST.panic, never over an older one. Takes no memory. False where it cannot be
 * written. */
bool panic_report_write(const char *folder, const char *text, size_t length);

#endif
