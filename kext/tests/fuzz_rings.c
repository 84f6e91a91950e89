// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "fuzz_rings.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

struct ring {
	uint8_t *address;
	uint32_t pages;
};

static struct ring ring_of(uint64_t number)
{
	return (struct ring){(uint8_t *)(uintptr_t)(number >> 16 << 12), number & 0xFFFF};
}

bool fuzz_rings_make(struct fuzz_rings *rings)
{
	return !pipe(rings->pipe) && !fcntl(rings->pipe[0], F_SETFL, O_NONBLOCK) &&
	       !fcntl(rings->pipe[1], F_SETFL, O_NONBLOCK);
}

bool fuzz_rings_remember(struct fuzz_rings *rings, struct fuzz_random *random,
                         const struct osq_allocate_args *args)
{
	const uint64_t address = (uintptr_t)args->buffer, pages = (args->size + PAGE - 1) / PAGE;
	struct ring old;

	if (address % PAGE || !address || pages > OSQ_BUFFER_MAX / PAGE)
		return false;
	old = ring_of(
	    atomic_exchange(&rings->rings[fuzz_below(random, FUZZ_RINGS)], address << 4 | pages));
	if (old.pages)
		munmap(old.address, (size_t)old.pages * PAGE);
	return true;
}

/* By way of the kernel, which would stumble over what a program may not touch. */
static const char *write_to(const struct fuzz_rings *rings, uint8_t *at)
{
	const char *wrong = NULL;

	if (write(rings->pipe[1], "", 1) == 1 && read(rings->pipe[0], at, 1) > 0)
		wrong = "a ring was written to";
#ifdef __linux__
	{
		int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

		if (memory >= 0 && pwrite(memory, "", 1, (off_t)(uintptr_t)at) > 0)
			wrong = "a ring was written to as a debugger would";
		if (memory >= 0)
			close(memory);
	}
#endif
	return wrong;
}

const char *fuzz_rings_change(struct fuzz_rings *rings, struct fuzz_random *random)
{
	struct ring ring = ring_of(atomic_load(&rings->rings[fuzz_below(random, FUZZ_RINGS)]));
	uint32_t first = fuzz_below(random, ring.pages);
	size_t size = PAGE * (1 + (size_t)fuzz_below(random, ring.pages - first));
	uint8_t *part = ring.address + (size_t)first * PAGE;
	char sunk[PAGE];

	if (!ring.pages)
		return NULL;
	switch (fuzz_below(random, 8)) {
	case 0:
		munmap(part, size);
		break;
	case 1:
		if (!mprotect(part, size, PROT_READ | PROT_WRITE))
			return "a ring can be written to";
		break;
	case 2:
		mprotect(part, size, PROT_NONE);
		break;
	case 3:
		madvise(part, size, MADV_DONTNEED);
		break;
	case 4:
		return write_to(rings, part);
	default: /* as a program would; it may be gone, and what is in the pipe another's */
		if (write(rings->pipe[1], part, sizeof(sunk)) > 0)
			(void)!read(rings->pipe[0], sunk, sizeof(sunk));
	}
	return NULL;
}
