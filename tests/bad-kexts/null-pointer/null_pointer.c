// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Writes to no memory at all. */
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

static volatile char *volatile nowhere;

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	nowhere[0] = 'x';
	return 0;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return 0;
}
