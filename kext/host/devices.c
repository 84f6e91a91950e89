// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "devices.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "cdevsw.h"
#include "darwin.h"
#include "kext.h"
#include "open_files.h"
#include "selections.h"
#include "thread.h"
#include "uios.h"

#define READ      1 /* FREAD, FWRITE */
#define WRITE     2

#define IO_NDELAY 0x10

/* All openings of one device number. */
struct special {
	struct special *next;
	int32_t device;
	unsigned int files; /* that refer to it, under `mutex` */
	unsigned int opens;
	pthread_mutex_t turn; /* held across the driver's open and close */
};

/* One opening. */
struct device {
	struct special *special;
	int flags;
	int64_t offset; /* where the next read or write is; its copies have it in common */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct special *specials;

static struct special *get_special(int32_t device)
{
	struct special *special;

	pthread_mutex_lock(&mutex);
	for (special = specials; special && special->device != device; special = special->next)
		;
	if (!special) {
		special = calloc(1, sizeof(*special));
		if (special) {
			special->device = device;
			pthread_mutex_init(&special->turn, NULL);
			special->next = specials;
			specials = special;
		}
	}
	if (special)
		special->files++;
	pthread_mutex_unlock(&mutex);
	return special;
}

static void put_special(struct special *special)
{
	struct special **link;

	pthread_mutex_lock(&mutex);
	if (--special->files == 0) {
		for (link = &specials; *link != special; link = &(*link)->next)
			;
		*link = special->next;
		pthread_mutex_destroy(&special->turn);
		free(special);
	}
	pthread_mutex_unlock(&mutex);
}

static int open_special(struct special *special, int flags)
{
	struct kext_call call;
	struct cdevsw functions;
	int error;

	pthread_mutex_lock(&special->turn);
	functions = cdevsw_get(special->device);
	KEXT_CALL_BEGIN(&call, functions.open);
	error = functions.open(special->device, flags, DARWIN_S_IFCHR, thread_current()->process);
	kext_call_end(&call);
	if (!error)
		special->opens++;
	pthread_mutex_unlock(&special->turn);
	return error;
}

static void close_special(struct special *special, int flags)
{
	struct kext_call call;
	struct cdevsw functions;

	pthread_mutex_lock(&special->turn);
	if (--special->opens == 0) {
		functions = cdevsw_get(special->device);
		KEXT_CALL_BEGIN(&call, functions.close);
		functions.close(special->device, flags, DARWIN_S_IFCHR, thread_current()->process);
		kext_call_end(&call);
	}
	pthread_mutex_unlock(&special->turn);
}

static void close_device(void *object)
{
	struct device *device = object;

	close_special(device->special, device->flags);
	put_special(device->special);
	free(device);
}

static bool is_ready(const struct device *device, uint32_t which, struct selection *selection)
{
	const struct cdevsw functions = cdevsw_get(device->special->device);
	struct kext_call call;
	int ready;

	KEXT_CALL_BEGIN(&call, functions.select);
	ready = functions.select(device->special->device, (int)which, selection,
	                         thread_current()->process);
	kext_call_end(&call);
	return ready;
}

static uint32_t poll_device(void *object, uint32_t events, struct selection *selection)
{
	uint32_t ready = 0;

	if (events & KEXTHOST_READABLE && is_ready(object, READ, selection))
		ready |= KEXTHOST_READABLE;
	if (events & KEXTHOST_WRITABLE && is_ready(object, WRITE, selection))
		ready |= KEXTHOST_WRITABLE;
	return ready;
}

static const struct open_file_kind kind = {.poll = poll_device, .close = close_device};

int device_open(const char *name, int flags, uint64_t *handle, int *descriptor)
{
	struct open_file *file;
	struct device *device;
	int32_t number;
	int error;

	flags &= READ | WRITE;
	error = devfs_look_up(name, thread_current()->process,
	                      (flags & READ ? 4 : 0) | (flags & WRITE ? 2 : 0), &number);
	if (error)
		return error;
	device = calloc(1, sizeof(*device));
	if (!device)
		return DARWIN_ENOMEM;
	device->special = get_special(number);
	device->flags = flags;
	error = device->special ? open_special(device->special, flags) : DARWIN_ENOMEM;
	if (error) {
		if (device->special)
			put_special(device->special);
		free(device);
		return error;
	}
	if (!open_file_make(&kind, device, &file, handle, descriptor)) {
		close_device(device);
		return DARWIN_ENOMEM;
	}
	return 0;
}

int device_ioctl(uint64_t handle, uint32_t request, void *data)
{
	struct open_file *file = open_file_get(handle, &kind);
	const struct device *device;
	struct cdevsw functions;
	struct kext_call call;
	int error;

	if (!file)
		return DARWIN_EBADF;
	device = open_file_object(file);
	functions = cdevsw_get(device->special->device);
	KEXT_CALL_BEGIN(&call, functions.ioctl);
	error = functions.ioctl(device->special->device, request, data, device->flags,
	                        thread_current()->process);
	kext_call_end(&call);
	open_file_put(file);
	return error;
}

static int call_driver(struct device *device, struct uio *uio, int flags)
{
	const struct cdevsw functions = cdevsw_get(device->special->device);
	int (*function)(int32_t, struct uio *, int) =
	    uio->direction == UIO_WRITE ? functions.write : functions.read;
	struct kext_call call;
	int error;

	KEXT_CALL_BEGIN(&call, function);
	error = function(device->special->device, uio, flags);
	kext_call_end(&call);
	return error;
}

/* Whoever is interrupted after it has moved something has not failed. */
static bool is_no_failure(int error)
{
	return error == DARWIN_EINTR || error == DARWIN_ERESTART || error == DARWIN_EWOULDBLOCK;
}

static int transfer_all(struct device *device, const struct kexthost_transfer *transfer, bool write,
                        uint64_t *done)
{
	uint64_t room[UIO_SIZE(1) / sizeof(uint64_t)];
	struct uio *uio = (struct uio *)room;
	int error;

	if (!(device->flags & (write ? WRITE : READ)))
		return DARWIN_EBADF;
	if (transfer->length > INT_MAX)
		return DARWIN_EINVAL;
	if (!transfer->length && !write)
		return 0;
	uio_init(uio, 1, __atomic_load_n(&device->offset, __ATOMIC_RELAXED), UIO_USERSPACE64,
	         write ? UIO_WRITE : UIO_READ);
	uio_add(uio, transfer->address, transfer->length);
	error =
	    call_driver(device, uio, transfer->flags & KEXTHOST_TRANSFER_NO_WAIT ? IO_NDELAY : 0);
	*done = transfer->length - (uint64_t)uio->left;
	__atomic_fetch_add(&device->offset, (int64_t)*done, __ATOMIC_RELAXED);
	return *done && is_no_failure(error) ? 0 : error;
}

int device_transfer(uint64_t handle, const struct kexthost_transfer *transfer, bool write,
                    uint64_t *done)
{
	struct open_file *file = open_file_get(handle, &kind);
	int error;

	if (!file)
		return DARWIN_EBADF;
	error = transfer_all(open_file_object(file), transfer, write, done);
	open_file_put(file);
	return error;
}
