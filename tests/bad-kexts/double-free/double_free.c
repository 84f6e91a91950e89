// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Frees a piece of memory twice. */
#include <IOKit/IOLib.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

static void *memory;

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	memory = IOMalloc(96);
	return memory ? 0 : 5;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	IOFree(memory, 96);
	IOFree(memory, 96);
	return 0;
}
