// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_memory.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kext.h"

#define BREAKPOINTS_MAX 100
#define PAGE            ((uintptr_t)4096)

static struct breakpoint {
	uint64_t address; /* 0: none */
	uint8_t instruction;
} breakpoints[BREAKPOINTS_MAX];

/* By a call of the system's: a bad address is an answer then, not a fault. */
size_t kdp_memory_read(uint64_t address, void *data, size_t size)
{
	const struct iovec to = {.iov_base = data, .iov_len = size};
	struct iovec from[2];
	size_t first = PAGE - address % PAGE;
	ssize_t done;

	/* What is there of the first page comes although the second is not there. */
	if (first > size)
		first = size;
	from[0] = (struct iovec){.iov_base = (void *)(uintptr_t)address, .iov_len = first};
	from[1] = (struct iovec){.iov_base = (void *)(uintptr_t)(address + first),
	                         .iov_len = size - first};
	done = process_vm_readv(getpid(), &to, 1, from, size > first ? 2 : 1, 0);
	return done < 0 ? 0 : (size_t)done;
}

static bool is_code(uint64_t address)
{
	const struct kext *kext = kext_at((uintptr_t)address);

	return kext && !kext->gone && image_is_code(&kext->image, (uintptr_t)address);
}

static bool write_code(uint64_t address, const void *data, size_t size)
{
	const uintptr_t start = (uintptr_t)address & ~(PAGE - 1);
	const size_t length = ((uintptr_t)address + size + PAGE - 1 - start) & ~(PAGE - 1);

	if (!is_code(address) || !is_code(address + size - 1) ||
	    kext_at((uintptr_t)address) != kext_at((uintptr_t)(address + size - 1)))
		return false;
	if (mprotect((void *)start, length, PROT_READ | PROT_WRITE | PROT_EXEC))
		return false;
	memcpy((void *)(uintptr_t)address, data, size);
	return !mprotect((void *)start, length, PROT_READ | PROT_EXEC);
}

enum kdp_error kdp_memory_write(uint64_t address, const void *data, size_t size)
{
	const struct iovec from = {.iov_base = (void *)data, .iov_len = size};
	const struct iovec to = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};

	if (!size || write_code(address, data, size))
		return KDP_NO_ERROR;
	return process_vm_writev(getpid(), &from, 1, &to, 1, 0) == (ssize_t)size ? KDP_NO_ERROR
	                                                                         : KDP_BAD_ACCESS;
}

static struct breakpoint *find(uint64_t address)
{
	size_t i;

	for (i = 0; i < BREAKPOINTS_MAX; i++)
		if (breakpoints[i].address == address)
			return &breakpoints[i];
	return NULL;
}

enum kdp_error kdp_breakpoint_set(uint64_t address)
{
	const uint8_t int3 = KDP_INT3;
	struct breakpoint *breakpoint = find(0);
	uint8_t instruction;

	if (!breakpoint)
		return KDP_TOO_MANY_BREAKPOINTS;
	if (!is_code(address) || !kdp_memory_read(address, &instruction, 1))
		return KDP_BAD_ACCESS;
	if (instruction == KDP_INT3)
		return KDP_BREAKPOINT_EXISTS;
	if (!write_code(address, &int3, 1))
		return KDP_BAD_ACCESS;
	*breakpoint = (struct breakpoint){address, instruction};
	return KDP_NO_ERROR;
}

enum kdp_error kdp_breakpoint_remove(uint64_t address)
{
	struct breakpoint *breakpoint = address ? find(address) : NULL;

	if (!breakpoint)
		return KDP_NO_BREAKPOINT;
	breakpoint->address = 0;
	return write_code(address, &breakpoint->instruction, 1) ? KDP_NO_ERROR : KDP_BAD_ACCESS;
}

void kdp_breakpoints_remove(void)
{
	size_t i;

	for (i = 0; i < BREAKPOINTS_MAX; i++)
		if (breakpoints[i].address)
			kdp_breakpoint_remove(breakpoints[i].address);
}
