// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Returns from a callback with a mutex held. */
#include <kern/locks.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

static lck_grp_t *group;
static lck_mtx_t *mutex;

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	group = lck_grp_alloc_init("bad", NULL);
	mutex = lck_mtx_alloc_init(group, NULL);
	lck_mtx_lock(mutex);
	return 0;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	lck_mtx_unlock(mutex);
	lck_mtx_free(mutex, group);
	lck_grp_free(group);
	return 0;
}
