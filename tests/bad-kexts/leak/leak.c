// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Two of three pieces of memory are freed. */
#include <IOKit/IOLib.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

static void *memory[3];

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	size_t i;

	(void)info;
	(void)data;
	for (i = 0; i < 3; i++) {
		memory[i] = IOMalloc(96 + i);
		if (!memory[i])
			return 5;
	}
	return 0;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	IOFree(memory[0], 96);
	IOFree(memory[2], 98);
	return 0;
}
