/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef KEXTHOST_BACKTRACE_H
#define KEXTHOST_BACKTRACE_H

#include <stddef.h>
#include <stdint.h>

#define BACKTRACE_MAX 48

struct backtrace_frame {
	uintptr_t frame, returns_to;
};

/* Along the frame pointers of the calling thread's stack. How many there are. */
size_t backtrace_walk(uintptr_t frame, struct backtrace_frame *frames, size_t limit);

/* "bundle : _symbol + 0x1f" of a kext, "mach_kernel" of the host. */
void backtrace_describe(uintptr_t address, char *text, size_t size);

#endif
