// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A thread lets go of a mutex that another one holds. */
#include <IOKit/IOLib.h>
#include <kern/locks.h>
#include <kern/thread.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

kern_return_t kernel_thread_start(void (*body)(void *data, int unused), void *data,
                                  thread_t *thread);

static lck_grp_t *group;
static lck_mtx_t *mutex;
static volatile int done;

static void unlock(void *data, int unused)
{
	(void)data;
	(void)unused;
	lck_mtx_unlock(mutex);
	done = 1;
}

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	thread_t thread;

	(void)info;
	(void)data;
	group = lck_grp_alloc_init("bad", NULL);
	mutex = lck_mtx_alloc_init(group, NULL);
	lck_mtx_lock(mutex);
	if (kernel_thread_start(unlock, NULL, &thread))
		return 5;
	while (!done)
		IOSleep(1);
	return 0;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	lck_mtx_free(mutex, group);
	lck_grp_free(group);
	return 0;
}
