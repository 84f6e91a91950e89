/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Memory of kexts, every piece with its size, its family and who asked for it. Fresh memory is
 * never zero. Freeing it wrongly is a panic in the words of kalloc and zalloc.
 */
#ifndef KEXTHOST_ALLOCATIONS_H
#define KEXTHOST_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each is freed by its own function. */
enum allocation_family {
	ALLOCATION_IO,
	ALLOCATION_IO_ALIGNED,
	ALLOCATION_IO_CONTIGUOUS,
	ALLOCATION_IO_PAGEABLE,
	ALLOCATION_KALLOC,
	ALLOCATION_BSD,
	ALLOCATION_OS,
	ALLOCATION_OBJECT,
	ALLOCATION_MBUF,
};

#define ALLOCATION_SIZE_UNKNOWN SIZE_MAX

/*
 * The checking mode: each piece ends at a page that nobody may touch, and is not used again soon
 * after it was freed, but may not be touched either.
 */
void allocations_check(void);

/* NULL for want of memory. `tag` of OSMalloc, else NULL. `site` is where the kext calls. */
void *allocation_make(size_t size, size_t alignment, enum allocation_family family, const void *tag,
                      uintptr_t site);
void allocation_free(void *address, size_t size, enum allocation_family family, const void *tag);

#endif
