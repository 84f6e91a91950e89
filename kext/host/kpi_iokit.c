// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Memory that a kext shares with the calling process: IOBufferMemoryDescriptor and IOMemoryMap, as
 * C sees them. A buffer is a file without a name; the client maps it, at the host's request.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocations.h"
#include "connection.h"
#include "kpi.h"
#include "panic.h"
#include "thread.h"
#include "wait.h"

#define PAGE      4096u
#define READ_ONLY 0x1000u /* kIOMapReadOnly */
#define CALLER    (uintptr_t) __builtin_return_address(0)

enum kind { BUFFER = 0x62756666, MAP = 0x6d617070 };

/* Of either kind; a dead one's memory is freed, and in the checking mode not to be touched. */
struct object {
	enum kind kind;
	int references;
	/* of a buffer */
	int descriptor;
	void *memory;
	size_t size;   /* of whole pages */
	size_t length; /* as asked for */
	/* of a map */
	struct object *buffer;
	struct process *process;
	uint64_t address;
	bool mapped;
};

static struct object *make(enum kind kind, uintptr_t site)
{
	struct object *object = allocation_make(sizeof(*object), 1, ALLOCATION_OBJECT, NULL, site);

	if (object)
		*object = (struct object){.kind = kind, .references = 1, .descriptor = -1};
	return object;
}

static void discard(struct object *object)
{
	allocation_free(object, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_OBJECT, NULL);
}

static struct object *buffer_make(struct process *task, uint32_t options, size_t capacity,
                                  size_t alignment)
{
	struct object *buffer;

	(void)task;
	(void)options;
	(void)alignment; /* to pages in any case */
	wait_check_may_sleep();
	if (!capacity || capacity > SIZE_MAX / 2)
		return NULL;
	buffer = make(BUFFER, CALLER);
	if (!buffer)
		return NULL;
	buffer->length = capacity;
	buffer->size = (capacity + PAGE - 1) & ~(size_t)(PAGE - 1);
	buffer->descriptor = memfd_create("IOBufferMemoryDescriptor", MFD_CLOEXEC);
	buffer->memory = MAP_FAILED;
	if (buffer->descriptor >= 0 && !ftruncate(buffer->descriptor, (off_t)buffer->size))
		buffer->memory = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE,
		                      MAP_SHARED | MAP_POPULATE, buffer->descriptor, 0);
	if (buffer->memory == MAP_FAILED) {
		if (buffer->descriptor >= 0)
			close(buffer->descriptor);
		discard(buffer);
		return NULL;
	}
	return buffer;
}

static void check(const struct object *object, enum kind kind)
{
	if (object->kind != kind)
		panic("%p is no %s", (const void *)object,
		      kind == BUFFER ? "IOBufferMemoryDescriptor" : "IOMemoryMap");
}

static void *buffer_bytes(struct object *buffer)
{
	check(buffer, BUFFER);
	return buffer->memory;
}

static uint64_t buffer_length(const struct object *buffer)
{
	check(buffer, BUFFER);
	return buffer->length;
}

/* Another descriptor, so that who has it cannot map it for writing. */
static int reopen(int descriptor, bool read_only)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
}

static bool map_into_client(struct object *map, uint32_t options)
{
	struct connection *connection = thread_current()->connection;
	const struct kexthost_header question = {.operation = KEXTHOST_MAP,
	                                         .value = map->buffer->size,
	                                         .argument = !(options & READ_ONLY)};
	int descriptor;
	bool answered;

	if (!connection || connection->process != map->process)
		return false;
	descriptor = reopen(map->buffer->descriptor, options & READ_ONLY);
	if (descriptor < 0)
		return false;
	answered = connection_ask(connection, &question, NULL, 0, descriptor);
	close(descriptor);
	if (!answered || connection->header.error)
		return false;
	map->address = connection->header.value;
	return true;
}

static void retain(struct object *object)
{
	__atomic_fetch_add(&object->references, 1, __ATOMIC_RELAXED);
}

static struct object *map_make(struct object *buffer, struct process *task, uint64_t address,
                               uint32_t options, uint64_t offset, uint64_t length)
{
	struct object *map;

	wait_check_may_sleep();
	check(buffer, BUFFER);
	if (address || offset || (length && length != buffer->length))
		return NULL; /* parts of a buffer are not offered */
	map = make(MAP, CALLER);
	if (!map)
		return NULL;
	map->buffer = buffer;
	map->process = task;
	if (task == &process_kernel) {
		map->address = (uintptr_t)buffer->memory;
	} else if (!map_into_client(map, options)) {
		discard(map);
		return NULL;
	}
	map->mapped = true;
	retain(buffer);
	process_retain(task);
	return map;
}

static uint64_t map_address(const struct object *map)
{
	check(map, MAP);
	return map->address;
}

static uint64_t map_length(const struct object *map)
{
	check(map, MAP);
	return map->buffer->length;
}

static int map_unmap(struct object *map)
{
	struct connection *connection = thread_current()->connection;
	const struct kexthost_header question = {
	    .operation = KEXTHOST_UNMAP, .value = map->address, .argument = map->buffer->size};

	wait_check_may_sleep();
	check(map, MAP);
	if (map->mapped && connection && connection->process == map->process)
		connection_ask(connection, &question, NULL, 0, -1);
	else if (map->mapped && map->process != &process_kernel)
		process_unmap_later(map->process, map->address, map->buffer->size);
	map->mapped = false;
	return 0;
}

static void release(struct object *object);

static void destroy(struct object *object)
{
	if (object->kind == MAP) {
		map_unmap(object);
		release(object->buffer);
		process_release(object->process);
	} else {
		/* Whoever has it mapped still gets a bus error. */
		munmap(object->memory, object->size);
		if (ftruncate(object->descriptor, 0))
			abort();
		close(object->descriptor);
	}
	discard(object);
}

static void release(struct object *object)
{
	if (object->kind != BUFFER && object->kind != MAP)
		panic("%p is no object that lives", (void *)object);
	if (__atomic_fetch_sub(&object->references, 1, __ATOMIC_ACQ_REL) == 1)
		destroy(object);
}

static void object_release(struct object *object)
{
	wait_check_may_sleep();
	release(object);
}

static void object_retain(struct object *object)
{
	retain(object);
}

static int object_references(const struct object *object)
{
	return __atomic_load_n(&object->references, __ATOMIC_RELAXED);
}

const struct kpi_symbol kpi_iokit[] = {
    {"__ZN24IOBufferMemoryDescriptor17inTaskWithOptionsEP4taskjmm", KPI_IOKIT,
     (const void *)buffer_make},
    {"__ZN24IOBufferMemoryDescriptor14getBytesNoCopyEv", KPI_IOKIT, (const void *)buffer_bytes},
    {"__ZNK18IOMemoryDescriptor9getLengthEv", KPI_IOKIT, (const void *)buffer_length},
    {"__ZN18IOMemoryDescriptor19createMappingInTaskEP4taskyjyy", KPI_IOKIT, (const void *)map_make},
    {"__ZN11IOMemoryMap17getVirtualAddressEv", KPI_IOKIT, (const void *)map_address},
    {"__ZN11IOMemoryMap9getLengthEv", KPI_IOKIT, (const void *)map_length},
    {"__ZN11IOMemoryMap5unmapEv", KPI_IOKIT, (const void *)map_unmap},
    {"__ZNK8OSObject6retainEv", KPI_LIBKERN, (const void *)object_retain},
    {"__ZNK8OSObject7releaseEv", KPI_LIBKERN, (const void *)object_release},
    {"__ZNK8OSObject14getRetainCountEv", KPI_LIBKERN, (const void *)object_references},
    {0},
};
