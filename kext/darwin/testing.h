/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What only a test build has: the TEST request, and many open descriptors at once. XNU tells a
 * driver's descriptors apart by minor number only, so there each opening gets its own.
 */
#ifndef OSQ_TESTING_H
#define OSQ_TESTING_H

#include <miscfs/devfs/devfs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/errno.h>
#include <sys/types.h>

#include "osq_device.h"

#ifdef OSQ_TEST_BUILD

int osq_testing_init(void);
void osq_testing_exit(void);

static inline bool osq_testing_many_openers(void)
{
	return true;
}

/* The device's node; a handle or NULL. */
void *osq_testing_make_node(int major, int mode, const char *name);

/* The state of one open descriptor. 0, ENOMEM, or EBUSY where the minor is open. */
int osq_testing_open(dev_t device);
void osq_testing_close(dev_t device);

/* Test events need no subscription, but are known. */
static inline bool osq_testing_is_event(int32_t event)
{
	return event == OSQ_EVENT_TEST_0 || event == OSQ_EVENT_TEST_1;
}

/* TEST */
int osq_testing_produce(dev_t device, int32_t event);

#else

static inline int osq_testing_init(void)
{
	return 0;
}

static inline void osq_testing_exit(void)
{
}

static inline bool osq_testing_many_openers(void)
{
	return false;
}

static inline void *osq_testing_make_node(int major, int mode, const char *name)
{
	return devfs_make_node(makedev(major, 0), DEVFS_CHAR, UID_ROOT, GID_WHEEL, mode, "%s",
	                       name);
}

static inline int osq_testing_open(dev_t device)
{
	(void)device;
	return 0;
}

static inline void osq_testing_close(dev_t device)
{
	(void)device;
}

static inline bool osq_testing_is_event(int32_t event)
{
	(void)event;
	return false;
}

static inline int osq_testing_produce(dev_t device, int32_t event)
{
	(void)device;
	(void)event;
	return ENOTTY;
}

#endif
#endif
