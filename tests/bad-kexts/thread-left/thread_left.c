// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Leaves a thread behind that sleeps in its code. */
#include <kern/thread.h>
#include <mach/mach_types.h>
#include <sys/param.h>
#include <sys/proc.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

kern_return_t kernel_thread_start(void (*body)(void *data, int unused), void *data,
                                  thread_t *thread);

static void run(void *data, int unused)
{
	(void)data;
	(void)unused;
	/* Never woken: what it would return to will be gone. */
	msleep((void *)run, NULL, PZERO, "left", NULL);
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
