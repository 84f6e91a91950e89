// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "allocations.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#include "kext.h"
#include "leftovers.h"
#include "panic.h"

#define PAGE       4096u
#define BUCKETS    4096u
#define FREED_KEPT 8192u /* of which a double free is still known as one */
#define FRESH      0xdeadbeefu
#define FILLING    0xa5 /* between the end of a piece and its guard page */

struct allocation {
	struct allocation *next; /* in its bucket */
	uint8_t *address;
	size_t size;
	enum allocation_family family;
	const void *tag;
	uintptr_t site;
	const struct kext *kext;
	uint8_t *pages; /* checking mode, with the guard page at the end */
	size_t pages_size;
	bool freed;
};

static const char *const families[] = {"IOMalloc",         "IOMallocAligned", "IOMallocContiguous",
                                       "IOMallocPageable", "kalloc",          "_MALLOC",
                                       "OSMalloc",         "an object",       "an mbuf"};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct allocation *buckets[BUCKETS];
static struct allocation *freed[FREED_KEPT];
static size_t freed_at;
static bool checking;

void allocations_check(void)
{
	checking = true;
}

/* The zone that XNU would take it from. */
static size_t class_of(size_t size)
{
	static const uint16_t classes[] = {16,   32,   48,   64,   80,   96,   128, 160, 192,
	                                   224,  256,  288,  368,  400,  512,  576, 768, 1024,
	                                   1152, 1280, 1664, 2048, 4096, 6144, 8192};
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (size <= classes[i])
			return classes[i];
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static struct allocation **bucket_of(const void *address)
{
	return &buckets[((uintptr_t)address >> 4 ^ (uintptr_t)address >> 16) % BUCKETS];
}

static struct allocation **find(const void *address)
{
	struct allocation **link = bucket_of(address);

	while (*link && (*link)->address != address)
		link = &(*link)->next;
	return link;
}

/* Puts the piece before a guard page, as near to it as its alignment lets it. */
static uint8_t *make_guarded(struct allocation *allocation, size_t alignment)
{
	const size_t size = (allocation->size + alignment - 1) & ~(alignment - 1);
	const size_t room = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
	uint8_t *pages;

	if (alignment > PAGE)
		return NULL;
	pages = mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return NULL;
	mprotect(pages + room, PAGE, PROT_NONE);
	allocation->pages = pages;
	allocation->pages_size = room + PAGE;
	memset(pages, FILLING, room);
	return pages + room - size;
}

static uint8_t *make_plain(const struct allocation *allocation, size_t alignment)
{
	void *memory;

	return posix_memalign(&memory, alignment, allocation->size ? allocation->size : 1) ? NULL
	                                                                                   : memory;
}

static void fill(uint8_t *address, size_t size)
{
	static const wchar_t pattern = (wchar_t)FRESH;

	wmemset((wchar_t *)address, pattern, size / sizeof(pattern));
	memcpy(address + size / sizeof(pattern) * sizeof(pattern), &pattern,
	       size % sizeof(pattern));
}

void *allocation_make(size_t size, size_t alignment, enum allocation_family family, const void *tag,
                      uintptr_t site)
{
	struct allocation *allocation, **same;

	if (size > SIZE_MAX / 2 || alignment & (alignment - 1))
		return NULL;
	if (alignment < 16)
		alignment = 16;
	allocation = calloc(1, sizeof(*allocation));
	if (!allocation)
		return NULL;
	allocation->size = size;
	allocation->family = family;
	allocation->tag = tag;
	allocation->site = site;
	allocation->kext = kext_at(site);
	allocation->address =
	    checking ? make_guarded(allocation, alignment) : make_plain(allocation, alignment);
	if (!allocation->address) {
		free(allocation);
		return NULL;
	}
	fill(allocation->address, size);
	pthread_mutex_lock(&mutex);
	same = find(allocation->address);
	if (*same) {
		/* Freed, and given out again. It is in `freed` still. */
		(*same)->address = NULL;
		*same = (*same)->next;
	}
	same = bucket_of(allocation->address);
	allocation->next = *same;
	*same = allocation;
	pthread_mutex_unlock(&mutex);
	return allocation->address;
}

static void check_filling(const struct allocation *allocation)
{
	const uint8_t *at = allocation->address + allocation->size;
	const uint8_t *end = allocation->pages + allocation->pages_size - PAGE;

	for (; at < end; at++)
		if (*at != FILLING)
			panic(
			    "a zone element has been modified behind its end: %p of %zu bytes, at "
			    "offset %zu",
			    (void *)allocation->address, allocation->size,
			    (size_t)(at - allocation->address));
	for (at = allocation->pages; at < allocation->address; at++)
		if (*at != FILLING)
			panic("a zone element has been modified before its start: %p of %zu bytes, "
			      "at "
			      "offset -%zu",
			      (void *)allocation->address, allocation->size,
			      (size_t)(allocation->address - at));
}

static void check(const struct allocation *allocation, void *address, size_t size,
                  enum allocation_family family, const void *tag)
{
	if (!allocation)
		panic("Attempting to lookup/free an address not managed by kalloc! (addr: %p)\n",
		      address);
	if (allocation->freed)
		panic("zfree: double free of %p to zone kalloc.%zu\n", address,
		      class_of(allocation->size));
	if (allocation->family != family)
		panic("%p was made by %s and is freed as if made by %s", address,
		      families[allocation->family], families[family]);
	if (allocation->tag != tag)
		panic("OSFree(): %p was made with tag %p and is freed with tag %p", address,
		      allocation->tag, tag);
	if (size == ALLOCATION_SIZE_UNKNOWN || size == allocation->size)
		return;
	if (class_of(size) != class_of(allocation->size))
		panic(
		    "Element %p from zone kalloc.%zu caught being freed to wrong zone kalloc.%zu\n",
		    address, class_of(allocation->size), class_of(size));
	panic("bad %s size 0x%zx should be 0x%zx", families[family], size, allocation->size);
}

static void unlink_allocation(struct allocation *allocation)
{
	struct allocation **link;

	for (link = bucket_of(allocation->address); *link; link = &(*link)->next) {
		if (*link == allocation) {
			*link = allocation->next;
			return;
		}
	}
}

/* The oldest of the freed ones is forgotten for it. Under the mutex. */
static struct allocation *remember(struct allocation *allocation)
{
	struct allocation *oldest = freed[freed_at];

	freed[freed_at] = allocation;
	freed_at = (freed_at + 1) % FREED_KEPT;
	if (oldest && oldest->address)
		unlink_allocation(oldest);
	return oldest;
}

void allocation_free(void *address, size_t size, enum allocation_family family, const void *tag)
{
	struct allocation *allocation, *oldest;
	uint8_t *memory;

	pthread_mutex_lock(&mutex);
	allocation = *find(address);
	check(allocation, address, size, family, tag);
	if (allocation->pages) {
		check_filling(allocation);
		mprotect(allocation->pages, allocation->pages_size, PROT_NONE);
		madvise(allocation->pages, allocation->pages_size, MADV_DONTNEED);
	} else {
		fill(address, allocation->size);
	}
	allocation->freed = true;
	memory = allocation->pages ? NULL : address;
	oldest = remember(allocation);
	pthread_mutex_unlock(&mutex);
	free(memory);
	if (oldest && oldest->pages)
		munmap(oldest->pages, oldest->pages_size);
	free(oldest);
}

void allocations_tell_left(const struct kext *kext)
{
	const struct allocation *allocation;
	size_t i;

	pthread_mutex_lock(&mutex);
	for (i = 0; i < BUCKETS; i++)
		for (allocation = buckets[i]; allocation; allocation = allocation->next)
			if (allocation->kext == kext && !allocation->freed)
				leftovers_tell(allocation->site, "%zu bytes of %s at %p",
				               allocation->size, families[allocation->family],
				               (void *)allocation->address);
	pthread_mutex_unlock(&mutex);
}
