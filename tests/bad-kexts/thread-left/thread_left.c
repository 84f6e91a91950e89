// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Leaves a thread behind that runs its code. */
#include <IOKit/IOLib.h>
#include <kern/thread.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

kern_return_t kernel_thread_start(void (*body)(void *data, int unused), void *data,
                                  thread_t *thread);

static void run(void *data, int unused)
{
	(void)data;
	(void)unused;
	for (;;)
		IOSleep(1000);
}

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	thread_t thread;

	(void)info;
	(void)data;
	return kernel_thread_start(run, NULL, &thread);
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return 0;
}
