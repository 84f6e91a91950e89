/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Character devices, devfs, and IOKit's shared memory. */
#define _GNU_SOURCE /* memfd_create */
#include "xnu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../harness.h"

#define MAJOR    33
#define CHARDEV  0x2000
#define DEVICE   (MAJOR << 24)
#define DEVICES  64 /* more than are open at once; a lock for each, by minor number */
#define RW_FLAGS 3

struct device_switch {
	int (*open)(int device, int flags, int type, void *process);
	int (*close)(int device, int flags, int type, void *process);
	void *read, *write;
	int (*ioctl)(int device, unsigned long request, char *data, int flags, void *process);
	void *others[8];
	int type;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of devfs as well */
static struct device_switch slot;
static bool slot_taken, node_there;
static int (*choose_minor)(int device, int action);

/* The kernel opens and closes one device one at a time. */
static pthread_mutex_t serial[DEVICES];

__attribute__((constructor)) static void init_serial(void)
{
	size_t i;

	for (i = 0; i < DEVICES; i++)
		pthread_mutex_init(&serial[i], NULL);
}

int cdevsw_add(int index, const struct device_switch *device)
{
	EXPECT_EQUAL(index, -24);
	EXPECT_EQUAL(sizeof(*device), 112);
	if (xnu_fails(XNU_NO_MAJOR))
		return -1;
	pthread_mutex_lock(&lock);
	EXPECT(!slot_taken);
	slot = *device;
	slot_taken = true;
	pthread_mutex_unlock(&lock);
	xnu_count(1);
	return MAJOR;
}

int cdevsw_remove(int index, const struct device_switch *device)
{
	EXPECT_EQUAL(index, MAJOR);
	pthread_mutex_lock(&lock);
	EXPECT(slot_taken && !memcmp(&slot, device, sizeof(slot)));
	slot_taken = false;
	pthread_mutex_unlock(&lock);
	xnu_count(-1);
	return MAJOR;
}

static void *make_node(int device, int uid, int gid, int mode, int (*clone)(int, int))
{
	EXPECT(device == DEVICE && !uid && !gid && mode == 0600);
	if (xnu_fails(XNU_NO_NODE))
		return NULL;
	pthread_mutex_lock(&lock);
	node_there = true;
	choose_minor = clone;
	pthread_mutex_unlock(&lock);
	xnu_count(1);
	return &node_there;
}

void *devfs_make_node(int device, int kind, int uid, int gid, int mode, const char *name, ...)
{
	EXPECT(!kind && name);
	return make_node(device, uid, gid, mode, NULL);
}

void *devfs_make_node_clone(int device, int kind, int uid, int gid, int mode,
                            int (*clone)(int, int), const char *name, ...)
{
	EXPECT(!kind && name && clone);
	return make_node(device, uid, gid, mode, clone);
}

void devfs_remove(void *node)
{
	EXPECT(node == &node_there);
	pthread_mutex_lock(&lock);
	node_there = false;
	pthread_mutex_unlock(&lock);
	xnu_count(-1);
}

int enodev(void)
{
	return ENODEV;
}

void enodev_strat(void)
{
}

/* Under devfs' own lock. */
static bool look_up(int *device)
{
	bool found;

	pthread_mutex_lock(&lock);
	found = node_there;
	*device = DEVICE;
	if (found && choose_minor) {
		xnu_enter_extension();
		*device |= choose_minor(DEVICE, 1);
		xnu_leave_extension();
	}
	pthread_mutex_unlock(&lock);
	return found;
}

static bool find_switch(struct device_switch *device)
{
	bool found;

	pthread_mutex_lock(&lock);
	found = slot_taken;
	*device = slot;
	pthread_mutex_unlock(&lock);
	return found;
}

int xnu_open(int *device)
{
	struct device_switch functions;
	int error = ENXIO;

	if (!look_up(device))
		return ENOENT;
	pthread_mutex_lock(&serial[*device % DEVICES]);
	if (find_switch(&functions)) {
		xnu_pause();
		xnu_enter_extension();
		error = functions.open(*device, RW_FLAGS, CHARDEV, NULL);
		xnu_leave_extension();
	}
	pthread_mutex_unlock(&serial[*device % DEVICES]);
	return error;
}

void xnu_close(int device)
{
	struct device_switch functions;

	pthread_mutex_lock(&serial[device % DEVICES]);
	EXPECT(find_switch(&functions));
	xnu_enter_extension();
	EXPECT_EQUAL(functions.close(device, RW_FLAGS, CHARDEV, NULL), 0);
	xnu_leave_extension();
	pthread_mutex_unlock(&serial[device % DEVICES]);
}

/* The argument is copied in, and out again where the request says so and there was no error. */
int xnu_ioctl(int device, unsigned long request, void *argument)
{
	struct device_switch functions;
	size_t size = request >> 16 & 0x1FFF;
	char *data = harness_buffer(size);
	int error;

	memcpy(data, argument, size);
	EXPECT(find_switch(&functions));
	xnu_enter_extension();
	error = functions.ioctl(device, request, data, RW_FLAGS, NULL);
	xnu_leave_extension();
	EXPECT(error >= 0);
	if (!error && request & 0x40000000)
		memcpy(argument, data, size);
	free(data);
	return error;
}

/* One class for both: the buffer, and a map of it into a process. Released to the last, it ends. */
struct object {
	int references;
	struct object *of; /* of a map: the buffer */
	int file;
	size_t size;
	void *address;
};

static struct object *make_object(struct object *of, int file, size_t size, int protection)
{
	struct object *object = harness_buffer(sizeof(*object));

	*object = (struct object){.references = 1, .of = of, .file = file, .size = size};
	object->address = mmap(NULL, size, protection, MAP_SHARED, file, 0);
	EXPECT(object->address != MAP_FAILED);
	xnu_count(1);
	return object;
}

void *
make_buffer(const void *task, uint32_t options, size_t size,
            size_t alignment) __asm("__ZN24IOBufferMemoryDescriptor17inTaskWithOptionsEP4taskjmm");
void *make_buffer(const void *task, uint32_t options, size_t size, size_t alignment)
{
	int file = memfd_create("buffer", 0);
	struct object *buffer;

	(void)task;
	EXPECT(options == 0x10003 && alignment == 4096 && size % alignment == 0);
	EXPECT(!ftruncate(file, (off_t)size));
	buffer = make_object(NULL, file, size, PROT_READ | PROT_WRITE);
	memset(buffer->address, 0xDB, size);
	return buffer;
}

void *bytes_of(struct object *buffer) __asm("__ZN24IOBufferMemoryDescriptor14getBytesNoCopyEv");
void *bytes_of(struct object *buffer)
{
	return buffer->address;
}

void *make_map(struct object *buffer, const void *task, uint64_t address, uint32_t options,
               uint64_t offset,
               uint64_t length) __asm("__ZN18IOMemoryDescriptor19createMappingInTaskEP4taskyjyy");
void *make_map(struct object *buffer, const void *task, uint64_t address, uint32_t options,
               uint64_t offset, uint64_t length)
{
	EXPECT(task == xnu_task_current() && options == 0x1001);
	EXPECT(!address && !offset && !length);
	if (xnu_fails(XNU_NO_MAPPING))
		return NULL;
	buffer->references++;
	return make_object(buffer, buffer->file, buffer->size, PROT_READ);
}

uint64_t address_of(struct object *map) __asm("__ZN11IOMemoryMap17getVirtualAddressEv");
uint64_t address_of(struct object *map)
{
	return (uint64_t)map->address;
}

int unmap(struct object *map) __asm("__ZN11IOMemoryMap5unmapEv");
int unmap(struct object *map)
{
	if (map->address)
		munmap(map->address, map->size);
	map->address = NULL;
	return 0;
}

void release(struct object *object) __asm("__ZNK8OSObject7releaseEv");
void release(struct object *object)
{
	if (--object->references)
		return;
	unmap(object);
	if (object->of)
		release(object->of);
	else
		close(object->file);
	free(object);
	xnu_count(-1);
}
