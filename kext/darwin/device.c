// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "device.h"

#include <stdbool.h>
#include <sys/conf.h>
#include <sys/errno.h>
#include <sys/proc.h>

#include "callbacks.h"
#include "locks.h"
#include "osq_device.h"
#include "prefixes.h"
#include "publishers.h"
#include "queue.h"
#include "testing.h"

#define FIRST_MAJOR (-24) /* the first free one from 24 on: those below are the kernel's own */

/* One for everything that requests change; events flow without it. */
static lck_mtx_t *mutex;
static unsigned int openers;
static bool closed;

static struct osq_callbacks callbacks;
static int major;
static void *node;

static void reset(void)
{
	osq_publishers_stop();
	osq_prefixes_clear();
	osq_queue_destroy();
}

/* `data` is the kernel's copy of the argument, as long as the request says. */
static int request_locked(unsigned long request, void *data)
{
	const struct osq_subscription_args *subscription = data;

	/* Revoked while this one was waiting. */
	if (!openers)
		return ENXIO;
	/* The buffer is mapped into one process; another one that asks ends what that one had. */
	if (osq_queue_is_foreign())
		reset();
	switch (request) {
	case OSQ_IOCTL_SUBSCRIPTION:
		return osq_publishers_subscribe(subscription->event, subscription->subscribe != 0);
	case OSQ_IOCTL_SYNC:
		return osq_queue_sync(data, mutex);
	case OSQ_IOCTL_ALLOCATE:
		return osq_queue_allocate(data);
	case OSQ_IOCTL_PREFIX:
		return osq_prefixes_change(data);
	}
	return ENOTTY;
}

static int handle_request(dev_t device, unsigned long request, void *data, proc_t process)
{
	int error;

	if (proc_suser(process))
		return EPERM;
	switch (request) {
	case OSQ_IOCTL_SUBSCRIPTION:
	case OSQ_IOCTL_SYNC:
	case OSQ_IOCTL_ALLOCATE:
	case OSQ_IOCTL_PREFIX:
		break;
	case OSQ_IOCTL_TEST:
		return osq_testing_produce(device, *(const int32_t *)data);
	default:
		return ENOTTY;
	}
	lck_mtx_lock(mutex);
	error = request_locked(request, data);
	lck_mtx_unlock(mutex);
	return error;
}

static int open_device(dev_t device, proc_t process)
{
	int error;

	if (proc_suser(process))
		return EPERM;
	lck_mtx_lock(mutex);
	if (closed)
		error = ENXIO;
	else if (openers && !osq_testing_many_openers())
		error = EBUSY;
	else
		error = osq_testing_open(device);
	if (!error)
		openers++;
	lck_mtx_unlock(mutex);
	return error;
}

/*
 * The last descriptor of this opening is gone. A request may still run on it where it did not go
 * but was revoked.
 */
static void close_device(dev_t device)
{
	lck_mtx_lock(mutex);
	if (--openers == 0)
		reset();
	lck_mtx_unlock(mutex);
	osq_testing_close(device);
}

static int on_open(dev_t device, int flags, int type, struct proc *process)
{
	int error;

	(void)flags;
	(void)type;
	osq_callbacks_enter(&callbacks);
	error = open_device(device, process);
	osq_callbacks_leave(&callbacks);
	return error;
}

static int on_close(dev_t device, int flags, int type, struct proc *process)
{
	(void)flags;
	(void)type;
	(void)process;
	osq_callbacks_enter(&callbacks);
	close_device(device);
	osq_callbacks_leave(&callbacks);
	return 0;
}

/* A program that gave the request as an int may have extended its sign. */
static int on_ioctl(dev_t device, u_long request, caddr_t data, int flags, struct proc *process)
{
	int error;

	(void)flags;
	osq_callbacks_enter(&callbacks);
	error = handle_request(device, (uint32_t)request, data, process);
	osq_callbacks_leave(&callbacks);
	return error;
}

/* Compared byte by byte when it is removed. */
static struct cdevsw device_switch = {
    .d_open = on_open,
    .d_close = on_close,
    .d_read = eno_rdwrt,
    .d_write = eno_rdwrt,
    .d_ioctl = on_ioctl,
    .d_stop = eno_stop,
    .d_reset = eno_reset,
    .d_select = eno_select,
    .d_mmap = eno_mmap,
    .d_strategy = eno_strat,
};

int osq_device_init(void)
{
	int error;

	mutex = lck_mtx_alloc_init(osq_lock_group, NULL);
	if (!mutex)
		return ENOMEM;
	error = ENXIO;
	closed = false;
	major = cdevsw_add(FIRST_MAJOR, &device_switch);
	if (major < 0)
		goto no_major;
	node = osq_testing_make_node(major, 0600, "osquery");
	if (!node)
		goto no_node;
	return 0;

no_node:
	(void)osq_device_close();
	osq_device_remove();
	osq_callbacks_settle();
no_major:
	osq_device_exit();
	return error;
}

int osq_device_close(void)
{
	int error = 0;

	lck_mtx_lock(mutex);
	if (openers)
		error = EBUSY;
	else
		closed = true;
	lck_mtx_unlock(mutex);
	return error;
}

void osq_device_reopen(void)
{
	lck_mtx_lock(mutex);
	closed = false;
	lck_mtx_unlock(mutex);
}

void osq_device_remove(void)
{
	(void)cdevsw_remove(major, &device_switch);
	if (node)
		devfs_remove(node);
	osq_callbacks_drain(&callbacks);
}

void osq_device_exit(void)
{
	lck_mtx_free(mutex, osq_lock_group);
}
