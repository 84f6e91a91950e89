// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Sleeps where no thread may. */
#include <IOKit/IOLib.h>
#include <kern/locks.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

static lck_grp_t *group;
static lck_spin_t *spin;

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	group = lck_grp_alloc_init("bad", NULL);
	spin = lck_spin_alloc_init(group, NULL);
	lck_spin_lock(spin);
	IOSleep(1);
	lck_spin_unlock(spin);
	return 0;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	lck_spin_free(spin, group);
	lck_grp_free(group);
	return 0;
}
