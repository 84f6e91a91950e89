// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Does not start. */
#include <IOKit/IOLib.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	IOLog("bad: there is no such hardware\n");
	return 5;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return 0;
}
