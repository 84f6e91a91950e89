/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Memory as the debugger sees it, while all threads stand still. Errors are KDP's. */
#ifndef KEXTHOST_KDP_MEMORY_H
#define KEXTHOST_KDP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kdp_error {
	KDP_NO_ERROR = 0,
	KDP_ALREADY_CONNECTED = 1,
	KDP_BAD_BYTE_COUNT = 2,
	KDP_BAD_FLAVOR = 3,
	KDP_BAD_ACCESS = 4,
	KDP_TOO_MANY_BREAKPOINTS = 100,
	KDP_NO_BREAKPOINT = 101,
	KDP_BREAKPOINT_EXISTS = 102,
};

#define KDP_INT3 0xcc

/* How many bytes there were to read. */
size_t kdp_memory_read(uint64_t address, void *data, size_t size);

/* A kext's code as well, which the kext itself cannot write. */
enum kdp_error kdp_memory_write(uint64_t address, const void *data, size_t size);

/* In code of kexts alone: in the host's, they would stop the debugger itself. */
enum kdp_error kdp_breakpoint_set(uint64_t address);
enum kdp_error kdp_breakpoint_remove(uint64_t address);
void kdp_breakpoints_remove(void);

#endif
