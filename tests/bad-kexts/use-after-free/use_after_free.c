// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Writes to memory that it has freed. */
#include <IOKit/IOLib.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	volatile char *memory = IOMalloc(96);

	(void)info;
	(void)data;
	if (!memory)
		return 5;
	IOFree((void *)memory, 96);
	memory[0] = 'x';
	return 0;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return 0;
}
