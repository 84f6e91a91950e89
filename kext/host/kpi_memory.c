// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Behaviours: not zeroed, sizes must match, and none may be called where sleeping is forbidden. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "kpi.h"
#include "panic.h"
#include "wait.h"

#define PAGE     4096u
#define M_NOWAIT 1
#define M_ZERO   4
#define M_LAST   160
#define CALLER   (uintptr_t) __builtin_return_address(0)

static void *kernel_IOMalloc(size_t size)
{
	wait_check_may_sleep();
	return allocation_make(size, 1, ALLOCATION_IO, NULL, CALLER);
}

static void *kernel_IOMallocZero(size_t size)
{
	void *memory;

	wait_check_may_sleep();
	memory = allocation_make(size, 1, ALLOCATION_IO, NULL, CALLER);
	return memory ? memset(memory, 0, size) : NULL;
}

static void kernel_IOFree(void *address, size_t size)
{
	if (address)
		allocation_free(address, size, ALLOCATION_IO, NULL);
}

static size_t power_of_two(size_t alignment)
{
	size_t power = 1;

	while (power < alignment && power <= SIZE_MAX / 2)
		power *= 2;
	return power;
}

static void *kernel_IOMallocAligned(size_t size, size_t alignment)
{
	wait_check_may_sleep();
	if (!size)
		return NULL;
	return allocation_make(size, power_of_two(alignment), ALLOCATION_IO_ALIGNED, NULL, CALLER);
}

static void kernel_IOFreeAligned(void *address, size_t size)
{
	if (address)
		allocation_free(address, size, ALLOCATION_IO_ALIGNED, NULL);
}

static void *kernel_IOMallocContiguous(size_t size, size_t alignment, uint64_t *physical)
{
	void *memory;

	wait_check_may_sleep();
	memory = size ? allocation_make(size, power_of_two(alignment), ALLOCATION_IO_CONTIGUOUS,
	                                NULL, CALLER)
	              : NULL;
	if (memory && physical)
		*physical = (uintptr_t)memory;
	return memory;
}

static void kernel_IOFreeContiguous(void *address, size_t size)
{
	if (address)
		allocation_free(address, size, ALLOCATION_IO_CONTIGUOUS, NULL);
}

static void *kernel_IOMallocPageable(size_t size, size_t alignment)
{
	void *memory;

	wait_check_may_sleep();
	memory = allocation_make(size, power_of_two(alignment < PAGE ? PAGE : alignment),
	                         ALLOCATION_IO_PAGEABLE, NULL, CALLER);
	return memory ? memset(memory, 0, size) : NULL;
}

static void kernel_IOFreePageable(void *address, size_t size)
{
	if (address)
		allocation_free(address, size, ALLOCATION_IO_PAGEABLE, NULL);
}

static void *kernel_kalloc(size_t size)
{
	wait_check_may_sleep();
	return allocation_make(size, 1, ALLOCATION_KALLOC, NULL, CALLER);
}

static void kernel_kfree(void *address, size_t size)
{
	allocation_free(address, size, ALLOCATION_KALLOC, NULL);
}

static void *kernel__MALLOC(size_t size, int type, int flags)
{
	void *memory;

	if (type < 0 || type >= M_LAST)
		panic("_malloc TYPE");
	if (!size)
		return NULL;
	if (!(flags & M_NOWAIT))
		wait_check_may_sleep();
	else if (size > 8192)
		return NULL;
	memory = allocation_make(size, 1, ALLOCATION_BSD, NULL, CALLER);
	if (!memory && !(flags & M_NOWAIT))
		panic("_MALLOC: kalloc returned NULL (potential leak), size %zu", size);
	if (memory && flags & M_ZERO)
		memset(memory, 0, size);
	return memory;
}

static void kernel__FREE(void *address, int type)
{
	if (type < 0 || type >= M_LAST)
		panic("_free TYPE");
	if (address)
		allocation_free(address, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_BSD, NULL);
}

/* Freed when the last piece of memory is, too. */
struct tag {
	char name[64];
	uint32_t references;
	uint32_t state;
};

#define TAG_VALID    0xDEAB0000u
#define TAG_RELEASED 0x00000001u

static pthread_mutex_t tags = PTHREAD_MUTEX_INITIALIZER;

static struct tag *kernel_OSMalloc_Tagalloc(const char *name, uint32_t flags)
{
	struct tag *tag;

	(void)flags;
	wait_check_may_sleep();
	tag = allocation_make(sizeof(*tag), 1, ALLOCATION_OBJECT, NULL, CALLER);
	if (!tag)
		return NULL;
	*tag = (struct tag){.references = 1, .state = TAG_VALID};
	strncpy(tag->name, name, sizeof(tag->name) - 1);
	return tag;
}

static void release_tag(struct tag *tag)
{
	bool last;

	pthread_mutex_lock(&tags);
	if (!tag->references)
		panic("OSMalloc_Tagrele():'%s' has refcnt 0\n", tag->name);
	last = --tag->references == 0;
	pthread_mutex_unlock(&tags);
	if (last)
		allocation_free(tag, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_OBJECT, NULL);
}

static void kernel_OSMalloc_Tagfree(struct tag *tag)
{
	pthread_mutex_lock(&tags);
	if (tag->state != TAG_VALID)
		panic("OSMalloc_Tagfree():'%s' has bad state 0x%08X \n", tag->name, tag->state);
	tag->state |= TAG_RELEASED;
	pthread_mutex_unlock(&tags);
	release_tag(tag);
}

static void *allocate_tagged(uint32_t size, struct tag *tag, uintptr_t site)
{
	void *memory;

	pthread_mutex_lock(&tags);
	if (tag->state != TAG_VALID)
		panic("OSMalloc_Tagref():'%s' has bad state 0x%08X\n", tag->name, tag->state);
	tag->references++;
	pthread_mutex_unlock(&tags);
	memory = allocation_make(size, 1, ALLOCATION_OS, tag, site);
	if (!memory)
		release_tag(tag);
	return memory;
}

static void *kernel_OSMalloc(uint32_t size, struct tag *tag)
{
	wait_check_may_sleep();
	return allocate_tagged(size, tag, CALLER);
}

static void *kernel_OSMalloc_noblock(uint32_t size, struct tag *tag)
{
	return allocate_tagged(size, tag, CALLER);
}

static void kernel_OSFree(void *address, uint32_t size, struct tag *tag)
{
	allocation_free(address, size, ALLOCATION_OS, tag);
	release_tag(tag);
}

#define kernel_OSMalloc_nowait kernel_OSMalloc_noblock

const struct kpi_symbol kpi_memory[] = {
    KPI_FUNCTION(KPI_IOKIT, IOMalloc),
    KPI_FUNCTION(KPI_IOKIT, IOMallocZero),
    KPI_FUNCTION(KPI_IOKIT, IOFree),
    KPI_FUNCTION(KPI_IOKIT, IOMallocAligned),
    KPI_FUNCTION(KPI_IOKIT, IOFreeAligned),
    KPI_FUNCTION(KPI_IOKIT, IOMallocContiguous),
    KPI_FUNCTION(KPI_IOKIT, IOFreeContiguous),
    KPI_FUNCTION(KPI_IOKIT, IOMallocPageable),
    KPI_FUNCTION(KPI_IOKIT, IOFreePageable),
    KPI_FUNCTION(KPI_UNSUPPORTED, kalloc),
    KPI_FUNCTION(KPI_UNSUPPORTED, kfree),
    KPI_FUNCTION(KPI_BSD, _MALLOC),
    KPI_FUNCTION(KPI_BSD, _FREE),
    KPI_FUNCTION(KPI_LIBKERN, OSMalloc_Tagalloc),
    KPI_FUNCTION(KPI_LIBKERN, OSMalloc_Tagfree),
    KPI_FUNCTION(KPI_LIBKERN, OSMalloc),
    KPI_FUNCTION(KPI_LIBKERN, OSMalloc_noblock),
    KPI_FUNCTION(KPI_LIBKERN, OSMalloc_nowait),
    KPI_FUNCTION(KPI_LIBKERN, OSFree),
    {0},
};
